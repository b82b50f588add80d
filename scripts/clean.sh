#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make clean: removes what make lab and make test left; make down has run before.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$TOP"

# The run directory may be a link to a short path in /tmp.
if [ -L "$LABTWIN_DIR/run" ]; then
    rm -rf -- "$(readlink "$LABTWIN_DIR/run")"
fi
rm -rf -- "$LABTWIN_DIR" .venv .cache build .ansible .pytest_cache .ruff_cache
find collections tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
