#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Starts or ends one container: machine.sh start|stop NAME DIRECTORY [TREE]
# DIRECTORY holds the container's own copy of TREE, its log and the ids of its processes. Needs root.
set -euo pipefail
action=$1 name=molecule-$2 dir=$3 tree=${4:-}

# A recorded process is the one we started only while its start time is the recorded one.
started() { cut -d' ' -f22 "/proc/$1/stat" 2>/dev/null || true; }
record() { echo "$2 $(started "$2")" > "$dir/$1.pid"; }
end() {
    local pid time
    [ -f "$dir/$1.pid" ] || return 0
    read -r pid time < "$dir/$1.pid" || true
    if [ -n "$time" ] && [ "$(started "$pid")" = "$time" ]; then
        kill "$pid"
        for _ in $(seq 100); do [ "$(started "$pid")" = "$time" ] || break; sleep 0.1; done
        [ "$(started "$pid")" != "$time" ] || kill -9 "$pid"
    fi
    rm -f "$dir/$1.pid"
}

# Runs the container, and again when it was told to reboot: systemd-nspawn then ends with status 133.
run() {
    local status=133 machine
    trap 'kill "$machine"; wait "$machine"; exit' TERM
    while [ "$status" -eq 133 ]; do
        status=0
        # Debian 13's systemd wants the unified control group hierarchy, also where the host still mounts the old one.
        SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn "$@" &
        machine=$!
        wait "$machine" || status=$?
    done
}

# Control groups of the container's own. Where no systemd gives it one, systemd-nspawn takes that of its caller, and two containers in
# one would find each other's processes in their services, which then do not stop.
groups() { find /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd -maxdepth 1 -name cgroup.procs -printf "%h/$name\n" 2>/dev/null; }
enter_groups() {
    local group
    for group in $(groups); do
        mkdir -p "$group"
        echo "$BASHPID" > "$group/cgroup.procs"
    done
}

start() {
    mkdir -p "$dir"
    [ -d "$dir/root" ] || { cp -a --reflink=auto "$tree" "$dir/root.partial" && mv "$dir/root.partial" "$dir/root"; }
    # slirp4netns answers DNS at 10.0.2.3 and takes the container's packets out as this machine's own connections.
    echo 'nameserver 10.0.2.3' > "$dir/root/etc/resolv.conf"
    [ -e "/run/netns/$name" ] || ip netns add "$name"
    ip -n "$name" link set lo up
    slirp4netns --configure --mtu=65520 --netns-type=path "/run/netns/$name" tap0 > "$dir/network.log" 2>&1 < /dev/null &
    record network $!
    # Where systemd does not run, there is no scope to be had: --keep-unit.
    local options=(--quiet --register=no "--network-namespace-path=/run/netns/$name" --resolv-conf=off --timezone=off --console=pipe)
    [ -d /run/systemd/system ] || options+=(--keep-unit)
    export -f run
    (
        [ -d /run/systemd/system ] || enter_groups
        exec setsid bash -c 'run "$@"' run "${options[@]}" -M "$name" -D "$dir/root" -b
    ) > "$dir/console.log" 2>&1 < /dev/null &
    record machine $!
    for _ in $(seq 150); do
        nsenter --net="/run/netns/$name" nc -z 127.0.0.1 22 2>/dev/null && exit 0
        [ -e "/proc/$(cut -d' ' -f1 "$dir/machine.pid")" ] || break
        sleep 0.2
    done
    echo "the container $name did not come up; the last lines of $dir/console.log and $dir/network.log:" >&2
    tail -n 15 "$dir/console.log" "$dir/network.log" >&2
    exit 1
}

stop() {
    local group
    end machine
    end network
    [ ! -e "/run/netns/$name" ] || ip netns del "$name"
    rm -rf "$dir"
    for group in $(groups); do
        [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}

"$action"
