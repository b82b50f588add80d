#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the guest's disk: build-root.sh, then make-disk.sh. What they read from the environment is in build-root.sh.
#
# usage: build.sh DIRECTORY SIZE_MIB SWAP_MIB
#
# Leaves DIRECTORY/disk.raw and DIRECTORY/host_key.pub, the guest's SSH host key. Both appear whole or not at all.
set -eu

directory=$1
size=$2
swap=$3
FILES=$(cd "$(dirname "$0")" && pwd)
export FILES
PATH=$PATH:/usr/sbin:/sbin

for tool in mmdebstrap sfdisk mke2fs mkswap grub-mkimage qemu-img; do
    command -v "$tool" >/dev/null || { echo "build.sh: the command $tool is missing" >&2; exit 1; }
done

work=$(mktemp -d "$directory/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

"$FILES/build-root.sh" "$work/root.tar"
tar --extract --to-stdout --file "$work/root.tar" ./etc/ssh/ssh_host_ed25519_key.pub > "$work/host_key.pub"
if [ "$(id -u)" -eq 0 ]; then
    "$FILES/make-disk.sh" "$work/root.tar" "$work/disk.raw" "$size" "$swap"
else
    # A user namespace with the user's own subordinate ids, so that files of any owner can be laid out.
    unshare --user --map-root-user --map-auto \
        "$FILES/make-disk.sh" "$work/root.tar" "$work/disk.raw" "$size" "$swap"
fi
mv "$work/host_key.pub" "$directory/host_key.pub"
mv "$work/disk.raw" "$directory/disk.raw"
