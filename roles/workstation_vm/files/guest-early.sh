#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Before the guest's packages are configured: what the initramfs has to hold. Called by mmdebstrap with the root directory.
set -eu

root=$1
mkdir -p "$root/etc/initramfs-tools/conf.d"
# A list instead of "most": a third of the size, and the boot loader and the kernel both have to read it.
cat > "$root/etc/initramfs-tools/conf.d/guest" <<'CONF'
MODULES=list
COMPRESS=zstd
RESUME=none
CONF
# Disk and network of VMware (ESXi, Workstation) and of QEMU, so that the same disk boots on each of them.
cat > "$root/etc/initramfs-tools/modules" <<'CONF'
mptspi
sym53c8xx
mptsas
vmw_pvscsi
ahci
ata_piix
nvme
virtio_pci
virtio_blk
virtio_scsi
sd_mod
ext4
vmxnet3
e1000
e1000e
virtio_net
CONF
