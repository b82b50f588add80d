#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make lab: sets up, starts the twin, runs site.yml, and says what came of it.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$TOP"

elapsed() { awk -v from="$1" -v to="$2" 'BEGIN {printf "%.1f", to - from}'; }

twin_runs() { "$LABTWIN" status 2>/dev/null | grep '^running' >/dev/null; }

# A playbook would wait for a twin that has ended until its patience is over.
end_with_twin() {
    while kill -0 $$ 2>/dev/null && { twin_runs || { sleep 5 && twin_runs; }; }; do sleep 5; done
    pkill -TERM -P $$ -f ansible-playbook
}

began=$(date +%s.%N)
scripts/setup.sh lab
ready=$(date +%s.%N)
# A machine on the workstation that an earlier twin's network carried has lost it for good; the role starts it anew.
twin_runs || scripts/stop-workstation.sh
"$LABTWIN" up
up=$(date +%s.%N)

mkdir -p "$LABTWIN_DIR/report"
printf '{"setup": %s, "twin": %s}\n' "$(elapsed "$began" "$ready")" "$(elapsed "$ready" "$up")" >"$LABTWIN_DIR/phases.json"
export LAB_TIMES="$LABTWIN_DIR/times.json"
rm -f "$LAB_TIMES"
end_with_twin </dev/null >/dev/null 2>&1 &
watcher=$!
trap 'pkill -P $watcher || true; kill $watcher 2>/dev/null || true' EXIT
if ! "$VENV/bin/ansible-playbook" site.yml "$@"; then
    twin_runs ||
        die "the twin ended before site.yml did; its log is $LABTWIN_DIR/labtwin.log. Run make lab again: it goes on from there."
    die "site.yml did not finish; the task that failed is above, the twin's log is $LABTWIN_DIR/labtwin.log.
       Once it is mended, run make lab again: it goes on from there."
fi

"$VENV/bin/python" scripts/summary.py --dir "$LABTWIN_DIR" --times "$LAB_TIMES" \
    --phases "$LABTWIN_DIR/phases.json"
