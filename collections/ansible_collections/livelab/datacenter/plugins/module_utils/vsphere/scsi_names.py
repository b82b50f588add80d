# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of iSCSI nodes, portals and disks, in the one spelling that equal ones share."""

from __future__ import annotations

import re

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host, url_host

# The TCP port of iSCSI.
PORT = 3260
_LONGEST_NODE = 223
_NODE = re.compile(
    r"iqn\.[0-9]{4}-(0[1-9]|1[0-2])\.[a-z0-9.-]+(:[^\s\x00-\x1f\x7f]+)?|eui\.[0-9a-f]{16}|naa\.([0-9a-f]{16}|[0-9a-f]{32})"
)
_DEVICES = "/vmfs/devices/disks/"
_DISK = re.compile(r"(naa|eui)\.[0-9a-f]+|(t10|mpx)\.\S+")
_HEX = re.compile(r"(0x)?([0-9a-f]{16}|[0-9a-f]{32})")


def canonical_node(name: str) -> str:
    """The iSCSI name of an initiator or target as its owners compare it: without regard to case (RFC 3722)."""
    return name.strip().lower()


def is_node(name: str) -> bool:
    """Whether this is an iSCSI name (``iqn.``, ``eui.`` or ``naa.``), in any case."""
    return len(name.encode()) <= _LONGEST_NODE and bool(_NODE.fullmatch(name.lower()))


def canonical_disk(name: str) -> str:
    """The canonical name of a disk, from any spelling of it.

    ``NAA.6589CFC…``, the device path ``/vmfs/devices/disks/naa.6589cfc…``, and ``0x6589cfc…``, as a FreeNAS shows it, are
    all ``naa.6589cfc…``.
    """
    plain = name.strip().removeprefix(_DEVICES).lower()
    digits = _HEX.fullmatch(plain)
    return f"naa.{digits[2]}" if digits else plain


def is_disk(name: str) -> bool:
    """Whether this is the canonical name of a disk, in any spelling."""
    return bool(_DISK.fullmatch(canonical_disk(name)))


def portal(address: str, port: int | None = None) -> str:
    """``10.0.0.1:3260`` or ``[fd00::1]:3260``: how hosts write a portal, and how messages do."""
    return f"{url_host(canonical_host(address))}:{port or PORT}"


def canonical_portal(text: str) -> str:
    """The same from a portal as a host writes it: with or without the port, IPv6 addresses with or without brackets."""
    text = text.strip()
    address, separator, port = text.rpartition(":")
    bare_v6 = text.count(":") > 1 and not address.endswith("]")
    if not separator or not port.isdigit() or bare_v6:
        return portal(text)
    return portal(address, int(port))
