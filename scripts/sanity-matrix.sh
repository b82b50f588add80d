#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-test sanity, the collection's unit tests and a playbook of its modules on every ansible-core of
# ansible-core.txt, or on those that are named, each in a virtual environment of its own in .cache/ansible-core.
# It goes on after a failure, says at the end what became of each, and exits 1 when one failed or could not be tried.
#
# usage: sanity-matrix.sh [VERSION...]
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$TOP"
LOGS=$TOP/.cache/ansible-core
COLLECTION=collections/ansible_collections/livelab/datacenter

# find_python LEAST MOST: the path of a Python between the two, on PATH or among pyenv's.
find_python() {
    local name
    for name in python3 python3.11 python3.12 python3.13 python3.14 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
        "$name" - "$@" 2>/dev/null <<-END && return
			import sys
			least, most = (tuple(map(int, version.split("."))) for version in sys.argv[1:])
			if not least <= sys.version_info[:2] <= most: sys.exit(1)
			print(sys.executable)
		END
    done
    return 1
}

# pins NAME...: the versions of these packages that the rest of the project is tested with.
pins() {
    local name
    for name in "$@"; do grep -hE "^$name==" requirements.txt requirements-test.txt; done
}

# environment VERSION LEAST MOST: makes the virtual environment, with the newest patch of that release, and prints its path.
environment() {
    local venv=$LOGS/$1 python needed pins
    python=$(find_python "$2" "$3") || {
        echo "ansible-core $1 needs a Python from $2 to $3, and there is none on PATH, nor among pyenv's" >&2
        return 1
    }
    [ -x "$venv/bin/pip" ] || "$python" -m venv "$venv" >&2 || return 1
    mapfile -t needed < <(sed -nE 's/^([a-z0-9-]+).*/\1/p' "$COLLECTION/requirements.txt")
    mapfile -t pins < <(pins "${needed[@]}" pytest jsonschema websockets)
    "$venv/bin/pip" install -q --disable-pip-version-check "ansible-core==$1.*" "${pins[@]}" >&2 || return 1
    echo "$venv"
}

# try VERSION LEAST MOST
try() {
    local venv status=0
    venv=$(environment "$@") || return 1
    "$venv/bin/ansible" --version | sed -n 1p
    "$venv/bin/python" --version
    scripts/sanity.sh "$venv" || status=1
    "$venv/bin/python" -m pytest -q "$COLLECTION/tests/unit" || status=1
    "$venv/bin/python" -m pytest -q tests/integration/test_collection.py || status=1
    return $status
}

mkdir -p "$LOGS"
summary=() failed=0
while read -r version least most; do
    case $version in '' | '#'*) continue ;; esac
    [ $# -eq 0 ] || [[ " $* " == *" $version "* ]] || continue
    say "ansible-core $version"
    verdict=passed
    try "$version" "$least" "$most" </dev/null 2>&1 | tee "$LOGS/$version.log" || verdict=FAILED
    [ $verdict = passed ] || failed=1
    summary+=("ansible-core $version: $verdict")
done <scripts/ansible-core.txt
[ ${#summary[@]} -gt 0 ] || die "ansible-core.txt has none of: $*"
say "what became of each"
printf '%s\n' "${summary[@]}"
exit $failed
