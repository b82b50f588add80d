#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make down: ends the workstation's machine and the twin, where make lab started them.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"

"$TOP/scripts/stop-workstation.sh"
if [ -x "$LABTWIN" ]; then
    "$LABTWIN" down
elif [ -e "$LABTWIN_DIR/labtwin.pid" ]; then
    die "$LABTWIN is not there to stop what $LABTWIN_DIR/labtwin.pid names; run make setup first"
fi
