#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the guest's root file system as a tar archive, with mmdebstrap.
#
# usage: build-root.sh TARGET.tar
#
# Read from the environment:
#   SUITE          Debian release, for example trixie
#   MIRROR         Debian mirror; empty for mmdebstrap's own default
#   APT_PROXY      HTTP proxy for the build only; empty for none
#   CA_FILE        a certificate authority for the build only (a mirror over TLS); empty for none
#   GUEST_NAME     host name
#   FILES          directory with guest-early.sh, guest-late.sh and authorized_keys (who may log in as root); open to everyone
#
# Needs no root: with mmdebstrap in "auto" mode an ordinary user gets a user namespace.
# shellcheck disable=SC2016  # the hooks are expanded by the shell that mmdebstrap starts
set -eu

target=$1
set -- --variant=minbase --format=tar

# Only what a server with SSH and Ansible needs. python3-apt spares the apt module a package installation of its own.
packages=systemd-sysv,systemd-resolved,dbus,udev,kmod,iproute2,openssh-server,python3,python3-apt,ca-certificates
packages=$packages,linux-image-amd64,initramfs-tools,zstd,linux-base,login,passwd,procps
set -- "$@" --include="$packages"

# Documentation, manuals and translations are of no use on this server, and unpacking them takes time.
for path in '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/locale/*' '/usr/share/lintian/*'; do
    set -- "$@" --dpkgopt="path-exclude=$path"
done
set -- "$@" --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-include=/usr/share/locale/locale.alias'
# Drivers of things a virtual server never has; they are half of the kernel's size.
for drivers in sound drivers/media drivers/net/wireless drivers/staging drivers/bluetooth drivers/infiniband; do
    set -- "$@" --dpkgopt="path-exclude=/usr/lib/modules/*/kernel/$drivers/*" --dpkgopt="path-exclude=/lib/modules/*/kernel/$drivers/*"
done

set -- "$@" --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"'
if [ -n "${APT_PROXY:-}" ]; then
    set -- "$@" --setup-hook='mkdir -p "$1/etc/apt/apt.conf.d" && printf "Acquire::http::Proxy \"%s\";\n" "$APT_PROXY" > "$1/etc/apt/apt.conf.d/98build"'
fi
if [ -n "${CA_FILE:-}" ]; then
    set -- "$@" --setup-hook='mkdir -p "$1/etc/apt/apt.conf.d" && printf "Acquire::https::CaInfo \"%s\";\n" "$CA_FILE" >> "$1/etc/apt/apt.conf.d/98build"'
fi

# The initramfs is written when the kernel is configured, so its configuration has to be there first.
set -- "$@" --essential-hook='"$FILES/guest-early.sh" "$1"' --customize-hook='"$FILES/guest-late.sh" "$1"'
# The package lists and apt's cache stay: a guest that has them need not fetch and parse them before its first installation.
set -- "$@" --skip=cleanup/apt/lists,cleanup/apt/cache

export FILES GUEST_NAME
# shellcheck disable=SC2086  # MIRROR is one word or none
mmdebstrap "$@" "$SUITE" "$target" ${MIRROR:-}
