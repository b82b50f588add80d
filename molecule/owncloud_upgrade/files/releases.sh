#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes release archives of the stand-in, as ownCloud packs its own: releases.sh STAND-IN FOLDER
# 1.0.0; 2.0.0, which adds a table; broken and slow, whose upgrades fail and take long after they have changed the database.
set -euo pipefail
from=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder"

# release NAME VERSION WHAT-THE-UPGRADE-DOES-BESIDES
release() {
    local tree=$folder/$1/owncloud
    mkdir -p "$tree"
    cp -a "$from/." "$tree"
    # A release does not say that it is the stand-in.
    sed -i "s/VERSION = '1.0.0'/VERSION = '$2'/; /'stand_in' => true/d" "$tree/lib/boot.php"
    sed -i "s/Database::of(\$this->config)->makeTables();\$/& $3/" "$tree/lib/Commands.php"
    tar --create --gzip --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --directory "$folder/$1" --file "$folder/$1.tar.gz" owncloud
}

# PHP's, not the shell's.
# shellcheck disable=SC2016
change='Database::of($this->config)->setAppConfig("core", "upgraded", "yes");'
release old 1.0.0 ''
release new 2.0.0 "$change"
release broken 3.0.0 "$change throw new \\\\RuntimeException(\"it cannot\");"
release slow 4.0.0 "$change sleep(600);"
mkdir "$folder/none"
echo hello >"$folder/none/readme"
tar --create --directory "$folder" --file "$folder/none.tar.gz" none
