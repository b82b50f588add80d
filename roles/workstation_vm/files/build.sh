#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the guest's disk: build-root.sh, then make-disk.sh. Of the environment it reads SSH_PUBLIC_KEY, the file with the key
# that may log in as root, and what build-root.sh says except FILES.
#
# usage: build.sh DIRECTORY SIZE_MIB SWAP_MIB
#
# Leaves DIRECTORY/disk.raw and DIRECTORY/host_key.pub, the guest's SSH host key. Both appear whole or not at all.
set -eu

directory=$1
size=$2
swap=$3
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

# As an ordinary user, in a user namespace with that user's subordinate ids: there, files of any owner can be laid out.
with_any_owner() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        unshare --user --map-root-user --map-auto "$@"
    fi
}

# As root, with mounts of its own: those of a build that is killed end with it.
with_own_mounts() {
    if [ "$(id -u)" -eq 0 ] && unshare --mount true 2>/dev/null; then
        unshare --mount "$@"
    else
        "$@"
    fi
}

for tool in mmdebstrap sfdisk mke2fs mkswap grub-mkimage qemu-img; do
    command -v "$tool" >/dev/null || { echo "build.sh: the command $tool is missing" >&2; exit 1; }
done

# A build whose playbook was killed may still be at work. This one waits for it, then clears what a killed one has left.
exec 9> "$directory/build.lock"
flock 9
with_any_owner rm -rf "$directory"/build.??????

work=$(mktemp -d "$directory/build.XXXXXX")
# In the user namespace an ordinary user's private directories are closed: what is run and read there lies in the open.
FILES=$(mktemp -d)
export FILES
trap 'with_any_owner rm -rf "$work" "$FILES"' EXIT
trap 'exit 1' HUP INT TERM

cp "$here/guest-early.sh" "$here/guest-late.sh" "$FILES"
cp "$SSH_PUBLIC_KEY" "$FILES/authorized_keys"
chmod 0755 "$FILES" "$FILES"/*.sh
chmod 0644 "$FILES/authorized_keys"

with_own_mounts "$here/build-root.sh" "$work/root.tar"
tar --extract --to-stdout --file "$work/root.tar" ./etc/ssh/ssh_host_ed25519_key.pub > "$work/host_key.pub"
TMPDIR=$work with_any_owner "$here/make-disk.sh" "$work/root.tar" "$work/disk.raw" "$size" "$swap"
mv "$work/host_key.pub" "$directory/host_key.pub"
mv "$work/disk.raw" "$directory/disk.raw"
