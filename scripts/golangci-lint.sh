#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs golangci-lint over the twin, as twin/.golangci.yml says; with arguments, that command of it in place of "run".
# It is built once for each Go: one built by an older Go does not read the newer one's standard library.
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
VERSION=v2.15.0
export GOTOOLCHAIN=local
go=$(cat "$TOP/build/go-path")
linter=$TOP/build/golangci-lint-$VERSION-$("$go" env GOVERSION)
PATH=$(dirname "$go"):$PATH

if [ ! -x "$linter" ]; then
    say "building golangci-lint $VERSION, which takes two minutes"
    made=$(mktemp -d "$TOP/build/golangci-lint.XXXXXX")
    trap 'rm -rf "$made"' EXIT
    GOBIN=$made CGO_ENABLED=0 go install -trimpath "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$VERSION" ||
        die "golangci-lint $VERSION could not be built; see above"
    mv "$made/golangci-lint" "$linter"
fi
cd "$TOP/twin"
[ $# -gt 0 ] || set -- run ./...
"$linter" "$@"
