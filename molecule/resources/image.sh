#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the tree of a Debian release that the scenarios' containers start from, once:
# image.sh CACHE-DIRECTORY SSH-PUBLIC-KEY RELEASE
# Prints the tree's path. A tree is named after this script and the key, so that a change to either makes a new one.
set -euo pipefail
cache=$1 key=$2 release=$3
tag=$(cat "$0" "$key" | sha256sum | cut -c1-12)
tree=$cache/$release-$tag
mkdir -p "$cache"
chmod 0700 "$cache"
# Scenarios that start at the same time wait here for the one that makes the tree.
exec 9> "$cache/lock"
flock 9
if [ ! -d "$tree" ]; then
    rm -rf "$tree".partial
    # What a Debian server has when Ansible first meets it, and no more: Apache, PHP and the like are the roles' business.
    # iproute2 is what the tests look at sockets with.
    # The hooks are run by a shell of mmdebstrap's, which knows $1.
    # shellcheck disable=SC2016
    mmdebstrap --quiet --mode=root --variant=minbase \
        --include=systemd,systemd-sysv,dbus,openssh-server,python3,python3-apt,ca-certificates,iproute2 \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='force-unsafe-io' \
        --customize-hook='install -d -m 0700 "$1/root/.ssh"' \
        --customize-hook="install -m 0600 '$key' \"\$1/root/.ssh/authorized_keys\"" \
        --customize-hook='echo "ListenAddress 127.0.0.1" > "$1/etc/ssh/sshd_config.d/loopback.conf"' \
        --customize-hook='ln -sf /dev/null "$1/etc/systemd/system/systemd-networkd-wait-online.service"' \
        --skip=cleanup/apt/lists \
        "$release" "$tree".partial >&2
    mv "$tree".partial "$tree"
fi
echo "$tree"
