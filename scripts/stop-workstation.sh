#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Ends what a playbook that was killed may have left on this computer: the viewer of the stream, and the machine that the
# role workstation_vm runs. Whatever ended by itself is left alone.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

# The viewer looks for this file.
if [ -d "$LABTWIN_DIR/report" ]; then
    touch "$LABTWIN_DIR/report/stream.stop"
fi

directory=$LABTWIN_DIR/workstation
machine=("python3" "$TOP/roles/workstation_vm/files/machine.py")
pid() { "${machine[@]}" status "$directory" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"] or "")'; }

[ -d "$directory" ] || exit 0

# A build of its disk goes on when only the playbook was killed. Whatever takes part in it has the lock open.
mapfile -t builders < <(find /proc/[0-9]*/fd -lname "$directory/build.lock" 2>/dev/null | cut -d / -f 3 | sort -u)
if [ ${#builders[@]} -gt 0 ]; then
    say "ending the build of the workstation's machine"
    kill "${builders[@]}" 2>/dev/null || true
fi

[ -n "$(pid)" ] || exit 0
say "shutting the workstation's machine down; an emulated one that is at work takes a minute"
if ! "${machine[@]}" stop "$directory" --timeout 180 >/dev/null; then
    say "it did not shut down in 180 s; ending it"
    kill -KILL "$(pid)"
    # What it was writing is lost. Without this file the role builds the disk anew.
    rm -f "$directory/disk.id"
fi
