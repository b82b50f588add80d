#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make test: every suite, in this order; with names as arguments, those:
#   lint unit go-test integration molecule e2e
# It goes on after a failure, says at the end what failed, and then exits 1.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
cd "$TOP"
[ $# -gt 0 ] || scripts/setup.sh test
export PATH="$VENV/bin:$PATH"
go=$(cat build/go-path)
PYTEST=("$VENV/bin/python" -m pytest)

lint() {
    local unformatted status=0
    "$VENV/bin/ruff" check . || status=1
    "$VENV/bin/ruff" format --check scripts tests benchmarks || status=1
    "$VENV/bin/yamllint" --strict . || status=1
    "$VENV/bin/ansible-lint" --strict || status=1
    # Shell scripts are told by their first line; the guest's and the roles' are among them.
    git grep -lIE '^#!.*(/| )(ba)?sh$' -- ':!*.j2' | xargs shellcheck -x || status=1
    unformatted=$(cd twin && "$("$go" env GOROOT)/bin/gofmt" -l .) || status=1
    [ -z "$unformatted" ] || { echo "gofmt would change: $unformatted"; status=1; }
    (cd twin && GOTOOLCHAIN=local "$go" vet ./...) || status=1
    return $status
}

unit() { "${PYTEST[@]}" collections/ansible_collections/livelab/datacenter/tests/unit tests/test_rule.py tests/unit; }

go-test() { (cd twin && GOTOOLCHAIN=local "$go" test ./...); }

integration() { "${PYTEST[@]}" tests/integration tests/lifecycle; }

# Each scenario is a machine of systemd-nspawn's, which needs root.
molecule() { scripts/molecule.sh; }

e2e() { "${PYTEST[@]}" tests/e2e; }

suites=("$@")
[ $# -gt 0 ] || suites=(lint unit go-test integration molecule e2e)
failed=()
for suite in "${suites[@]}"; do
    say "$suite"
    began=$SECONDS
    if "$suite"; then
        say "$suite: passed in $((SECONDS - began)) s"
    else
        say "$suite: FAILED after $((SECONDS - began)) s"
        failed+=("$suite")
    fi
done
[ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
say "all passed"
