# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the other scripts: where things are, and how to speak to the user.
# shellcheck shell=bash
set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export TOP
export VENV="$TOP/.venv"
export LABTWIN="$TOP/build/labtwin"
export LABTWIN_DIR="${LABTWIN_DIR:-$TOP/.lab}"
export ANSIBLE_CONFIG="$TOP/ansible.cfg"
# A run of QEMU or Ansible that finds no UTF-8 locale fails on the first umlaut.
export LC_ALL="${LC_ALL:-C.UTF-8}"

say() { printf '==> %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# as_root COMMAND...: runs it as root, through sudo where this user is not.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root and there is no sudo; as root, run: $*"
    fi
}
