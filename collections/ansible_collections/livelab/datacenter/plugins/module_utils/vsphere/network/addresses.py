# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses, netmasks and names of a host's network: what they must be, and when two spellings mean the same."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host, is_address
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

# An adapter's network has room for it, for a router, and for the two addresses that mean no host.
_PREFIXES = range(1, 31)
_BROADCAST = ipaddress.IPv4Address("255.255.255.255")


def is_unicast(address: str) -> bool:
    """Whether an address can be one machine's."""
    plain = ipaddress.ip_address(address)
    return not (plain.is_multicast or plain.is_unspecified or plain == _BROADCAST)


def bare(address: str) -> str:
    """An IP address in the one spelling that equal ones share."""
    return str(ipaddress.ip_address(address))


def dotted(netmask: str) -> str:
    """A netmask as ESXi writes it: ``255.255.255.0`` of ``24``, ``/24`` or itself."""
    return str(ipaddress.IPv4Network(f"0.0.0.0/{netmask.removeprefix('/')}").netmask)


def same_names(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two lists hold the same hosts, domains or addresses in the same order, however they are spelt."""
    return [canonical_host(name) for name in one] == [canonical_host(name) for name in other]


def network(address: str | None, netmask: str | None) -> ipaddress.IPv4Network | None:
    """The network that an adapter is in, ``None`` when it has no address."""
    if not address or not netmask:
        return None
    return ipaddress.IPv4Network(f"{address}/{netmask}", strict=False)


def check_adapter(name: str, address: str, netmask: str) -> None:
    """Refuse an IPv4 address and a netmask that no adapter can have.

    :param name: the adapter, for messages.
    :raises ConvergeError: naming the adapter, the value and what it must be.
    """
    if not is_address(address, version=4) or not is_unicast(address):
        raise ConvergeError(f"{name}: ip '{address}' is not an IPv4 address that an adapter can have, as in 192.168.1.11; "
                            "the netmask belongs in 'netmask'.")
    if _prefix(netmask) not in _PREFIXES:
        raise ConvergeError(f"{name}: netmask '{netmask}' is not a netmask that leaves room for hosts; it must be one such "
                            "as 255.255.255.0, or its length, 24.")
    around = ipaddress.IPv4Network(f"{address}/{dotted(netmask)}", strict=False)
    if ipaddress.IPv4Address(address) in (around.network_address, around.broadcast_address):
        raise ConvergeError(f"{name}: ip '{address}' is the network or broadcast address of {around}; it must be one of the "
                            "hosts' addresses.")


def _prefix(netmask: str) -> int:
    """The length of a netmask, -1 when it is none. A host mask (0.0.0.255) is none."""
    try:
        length = ipaddress.IPv4Network(f"0.0.0.0/{netmask.removeprefix('/')}").prefixlen
    except ValueError:
        return -1
    return length if "." not in netmask or dotted(str(length)) == netmask else -1
