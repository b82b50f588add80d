#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make test: every suite; with names as arguments, those, one after the other:
#   lint unit go-test integration molecule e2e
# It goes on after a failure, says at the end what became of each, and exits 1 when one failed or did not run.
# A suite that cannot run here ends with 77.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$TOP"
[ $# -gt 0 ] || scripts/setup.sh test
export PATH="$VENV/bin:$PATH"
go=$(cat build/go-path)
LOGS=$TOP/.cache/test
PYTEST=("$VENV/bin/python" -m pytest)

lint() {
    local status=0
    "$VENV/bin/ruff" check . || status=1
    "$VENV/bin/ruff" format --check scripts tests benchmarks || status=1
    "$VENV/bin/yamllint" --strict . || status=1
    "$VENV/bin/ansible-lint" --strict || status=1
    # Shell scripts are told by their first line; the guest's and the roles' are among them.
    git grep -lIE '^#!.*(/| )(ba)?sh$' -- ':!*.j2' | xargs shellcheck -x || status=1
    changelog || status=1
    scripts/sanity.sh || status=1
    scripts/golangci-lint.sh || status=1
    return $status
}

# CHANGELOG.rst is what antsibull-changelog makes of changelog.yaml, and nobody wrote into it.
changelog() (
    made=$(mktemp)
    cd collections/ansible_collections/livelab/datacenter || return 1
    antsibull-changelog generate --output "$made" && diff -u CHANGELOG.rst "$made"
)

unit() { "${PYTEST[@]}" collections/ansible_collections/livelab/datacenter/tests/unit tests/test_rule.py tests/unit; }

go-test() { (cd twin && GOTOOLCHAIN=local "$go" test -json ./...) | python3 scripts/go_tests.py; }

integration() { "${PYTEST[@]}" tests/integration tests/lifecycle; }

# Each scenario is a machine of systemd-nspawn's, which needs root.
molecule() { scripts/molecule.sh; }

e2e() { "${PYTEST[@]}" tests/e2e; }

# run SUITE: runs it and notes its end; what it prints is kept for the tally, too.
run() {
    local began=$SECONDS status=0
    # A pipe's part is a subshell: a suite that ends early ends alone.
    "$1" 2>&1 | tee "$LOGS/$1.log" || status=$?
    echo "$status $((SECONDS - began))" >"$LOGS/$1.end"
}

# lane SUITE...: one after the other. Each one's output is shown when it has ended, and not mixed with another lane's.
lane() {
    local suite
    for suite in "$@"; do
        run "$suite" >/dev/null
        (
            flock 9
            say "$suite"
            cat "$LOGS/$suite.log"
        ) 9<"$LOGS"
    done
}

rm -rf "$LOGS"
mkdir -p "$LOGS"
suites=("$@")
if [ $# -gt 0 ]; then
    for suite in "${suites[@]}"; do
        say "$suite"
        run "$suite"
    done
else
    suites=(lint unit go-test integration molecule e2e)
    # Two cores: molecule's machines wait for packages while the rest computes, and share nothing with it.
    # The machines of e2e need both cores.
    say "lint, unit, go-test, integration; beside them molecule"
    lane molecule &
    lane lint unit go-test integration
    wait
    lane e2e
fi
exec python3 scripts/tally.py "$LOGS" "${suites[@]}"
