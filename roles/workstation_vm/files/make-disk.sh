#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Lays a root file system (tar) out as a disk that boots by itself: MBR partition table, GRUB, ext4, swap.
#
# usage: make-disk.sh ROOT.tar DISK.raw SIZE_MIB SWAP_MIB
#
# Needs neither root nor loop devices: mke2fs fills the file system from a directory at an offset inside the disk file,
# and GRUB is put where grub-install would put it. Has to run where it may give files to any owner: as root, or in a
# user namespace (mmdebstrap --unshare-helper make-disk.sh ...). The disk's first MiB holds GRUB, as is usual.
set -eu

archive=$1
disk=$2
size=$3
swap=$4
PATH=$PATH:/usr/sbin:/sbin
grub=${GRUB_DIRECTORY:-/usr/lib/grub/i386-pc}

work=$(mktemp -d "${TMPDIR:-/tmp}/make-disk.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

mkdir "$work/root"
tar --extract --numeric-owner --xattrs --xattrs-include='*' --exclude='./dev/*' --file "$archive" --directory "$work/root"

root_mib=$((size - 1 - swap))
truncate --size "${size}M" "$disk"
sfdisk --quiet "$disk" <<TABLE
label: dos
start=1MiB, size=${root_mib}MiB, type=83, bootable
start=$((1 + root_mib))MiB, size=${swap}MiB, type=82
TABLE

# The feature list is written out: newer ones (orphan_file, metadata_csum_seed) are unknown to the GRUB of older hosts.
mke2fs -q -t ext4 -L root -m 1 \
    -O none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum \
    -E "offset=1048576,root_owner=0:0,lazy_itable_init=1,lazy_journal_init=1" -d "$work/root" "$disk" "${root_mib}M"

truncate --size "${swap}M" "$work/swap"
mkswap --quiet --label swap "$work/swap"
dd if="$work/swap" of="$disk" bs=1M seek=$((1 + root_mib)) conv=notrunc,sparse status=none

# Boot code: the first 440 bytes of the MBR (after them come the disk's signature and the table), then the core image
# from sector 1. Its own defaults already say that it starts at sector 1.
grub-mkimage --directory "$grub" --format i386-pc --output "$work/core.img" --prefix '(hd0,msdos1)/boot/grub' \
    biosdisk part_msdos ext2 linux normal search search_label serial terminal
[ "$(stat --format %s "$work/core.img")" -le $((2047 * 512)) ]
dd if="$grub/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
dd if="$work/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
