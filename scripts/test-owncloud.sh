#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The scenario of the role owncloud with ownCloud itself: test-owncloud.sh ARCHIVE [DEBIAN-RELEASE]
# ownCloud 11 runs on Debian 13 (trixie), ownCloud 10 on Debian 11 (bullseye).
# shellcheck source=scripts/common.sh
source "$(dirname "$0")/common.sh"
[ -n "${1:-}" ] || die "name the release archive, such as make test-owncloud ARCHIVE=owncloud-complete-11.0.0.tar.bz2"
[ -f "$1" ] || die "there is no archive $1"
archive=$(realpath "$1")
cd "$TOP"
as_root env "PATH=$VENV/bin:$PATH" "OWNCLOUD_ARCHIVE=$archive" "OWNCLOUD_DEBIAN=${2:-trixie}" \
    molecule test --scenario-name owncloud --platform-name owncloud
