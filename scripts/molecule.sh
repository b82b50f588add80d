#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every molecule scenario, or those named. The machines are systemd-nspawn's, which needs root.
# Exit status 77: they could not run here. That is not "passed", and nobody is to take it for that.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$TOP"

run=(env "PATH=$VENV/bin:$PATH")
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
        say "molecule: not run, because its machines need root and sudo does not give it without a password"
        exit 77
    fi
    run=(sudo "${run[@]}")
fi

[ $# -gt 0 ] || mapfile -t scenarios < <(find molecule -mindepth 2 -maxdepth 2 -name molecule.yml -printf '%h\n' | xargs -n1 basename | sort)
[ $# -eq 0 ] || scenarios=("$@")
failed=()
for scenario in "${scenarios[@]}"; do
    say "molecule: $scenario"
    "${run[@]}" molecule test --scenario-name "$scenario" || failed+=("$scenario")
done
[ ${#failed[@]} -eq 0 ] || die "molecule scenarios that failed: ${failed[*]}"
