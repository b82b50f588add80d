#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make mutation: which changes to plans and checks no unit test notices; scripts/mutation.py says how it counts.
#
# usage: mutation.sh [FOLDER OR FILE in module_utils]...
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
"$VENV/bin/pip" install -q --disable-pip-version-check -r "$TOP/requirements-mutation.txt" ||
    die "pip could not install requirements-mutation.txt; mend what it says above and run this again"
exec "$VENV/bin/python" "$TOP/scripts/mutation.py" "$@"
