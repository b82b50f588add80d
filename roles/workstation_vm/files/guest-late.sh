#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# After the guest's packages are installed: name, network, SSH, console. Called by mmdebstrap with the root directory.
set -eu

root=$1

echo "$GUEST_NAME" > "$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n::1\tlocalhost ip6-localhost ip6-loopback\n' "$GUEST_NAME" > "$root/etc/hosts"
cat > "$root/etc/fstab" <<'CONF'
LABEL=root / ext4 errors=remount-ro,noatime,discard 0 1
LABEL=swap none swap nofail 0 0
CONF
# Empty, not absent: the guest makes its own at the first boot, without systemd's first-boot questions and presets.
: > "$root/etc/machine-id"

# Any wired adapter, whatever name the hypervisor's hardware gives it. The client identifier is the MAC, so that a
# reservation by MAC is honoured and a copy of this disk behind another adapter is another client.
mkdir -p "$root/etc/systemd/network"
cat > "$root/etc/systemd/network/20-wired.network" <<'CONF'
[Match]
Name=en* eth*

[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no

[DHCPv4]
ClientIdentifier=mac
UseDomains=no
CONF
ln -sf ../run/systemd/resolve/resolv.conf "$root/etc/resolv.conf"

chroot "$root" systemctl --quiet enable systemd-networkd.service systemd-resolved.service serial-getty@ttyS0.service
# Nothing in the boot needs to wait for the network: SSH listens on any address as soon as it is there.
chroot "$root" systemctl --quiet disable systemd-networkd-wait-online.service
# A background upgrade holds dpkg's lock while the roles install; the others cost boot time and do nothing here.
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-pstore.service

# systemd's own limits are for real processors; an emulated one on a busy computer needs longer, and is not broken for it.
mkdir -p "$root/etc/systemd/system.conf.d"
cat > "$root/etc/systemd/system.conf.d/patience.conf" <<'CONF'
[Manager]
DefaultTimeoutStartSec=300s
DefaultDeviceTimeoutSec=300s
CONF

mkdir -p "$root/root/.ssh" "$root/etc/ssh/sshd_config.d"
chmod 0700 "$root/root/.ssh"
install -m 0600 "$FILES/authorized_keys" "$root/root/.ssh/authorized_keys"
cat > "$root/etc/ssh/sshd_config.d/10-key-only.conf" <<'CONF'
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
CONF
# No password at all for root: by key over SSH is the only way in.
chroot "$root" passwd --quiet --lock root

# GRUB reads this fixed file; the kernel package keeps the two links in / on the newest kernel, so nothing has to
# run grub-mkconfig when the kernel is upgraded.
mkdir -p "$root/boot/grub"
cat > "$root/boot/grub/grub.cfg" <<'CONF'
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=0
search --no-floppy --label root --set=root
menuentry "Debian" {
    linux /vmlinuz root=LABEL=root ro console=tty0 console=ttyS0,115200n8 quiet
    initrd /initrd.img
}
CONF
test -e "$root/vmlinuz" && test -e "$root/initrd.img"

# Parsing the package lists is most of what the first apt command of a slow guest does: its result is left in place.
chroot "$root" apt-cache gencaches
# Newer than /usr: systemd would otherwise rebuild caches at the first boot that the packages have just built.
touch "$root/etc/.updated" "$root/var/.updated"
rm -f "$root"/etc/apt/apt.conf.d/98build "$root"/var/cache/apt/archives/*.deb "$root"/var/log/*.log "$root"/var/log/apt/*
