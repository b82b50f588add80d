# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a desired network must be by itself, whatever the host has. Needs no host."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

_LABEL = re.compile(r"^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$")
MTU_RANGE = range(1280, 9001)


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no host could take: malformed addresses, names given twice, contradictions.

    :param desired: the module's options.
    :raises ConvergeError: naming the option, the value and what it must be.
    """
    _check_names(desired)
    for address in [*(desired.get("dns_servers") or ()), *filter(None, [desired.get("default_gateway")])]:
        if not is_address(address):
            raise ConvergeError(f"'{address}' is not an IP address (in dns_servers or default_gateway).")
    for kind in ("vswitches", "portgroups"):
        _no_double(f"{kind}: name", [item["name"] for item in desired.get(kind) or ()])
    for vswitch in desired.get("vswitches") or ():
        _check_mtu(f"vSwitch '{vswitch['name']}'", vswitch.get("mtu"))
        _no_double(f"vSwitch '{vswitch['name']}': nics", vswitch.get("nics") or ())
    for group in desired.get("portgroups") or ():
        if group.get("vlan_id") is not None and group["vlan_id"] not in range(4096):
            raise ConvergeError(f"port group '{group['name']}': vlan_id {group['vlan_id']} must be from 0 (none) to "
                                "4095 (all).")
    for vmkernel in desired.get("vmkernels") or ():
        _check_vmkernel(vmkernel)
    present = [item for item in desired.get("vmkernels") or () if item["state"] == "present"]
    _no_double("vmkernels: ip", [item["ip"] for item in present if item.get("ip")])
    _no_double("vmkernels: device", [item["device"] for item in present if item.get("device")])


def _check_names(desired: Mapping[str, Any]) -> None:
    name, domain = desired.get("host_name"), desired.get("domain")
    if name is not None and not _LABEL.match(name):
        hint = " The domain belongs in 'domain'." if "." in name else ""
        raise ConvergeError(f"host_name: '{name}' must be 1 to 63 letters, digits and hyphens.{hint}")
    for value in filter(None, [domain, *(desired.get("search_domains") or ())]):
        if not all(_LABEL.match(label) for label in value.rstrip(".").split(".")):
            raise ConvergeError(f"'{value}' is not a domain name (in domain or search_domains).")


def _check_vmkernel(vmkernel: Mapping[str, Any]) -> None:
    name = title(vmkernel)
    if not (vmkernel.get("device") or vmkernel.get("portgroup")):
        raise ConvergeError("vmkernels: each entry needs 'portgroup', 'device' or both.")
    if vmkernel.get("device") and not re.match(r"^vmk\d+$", vmkernel["device"]):
        raise ConvergeError(f"vmkernels: device '{vmkernel['device']}' must be vmk and a number, as in vmk1.")
    address, netmask = vmkernel.get("ip"), vmkernel.get("netmask")
    if vmkernel.get("dhcp") and (address or netmask):
        raise ConvergeError(f"{name}: give either 'dhcp: true' or 'ip' and 'netmask'.")
    if bool(address) != bool(netmask):
        raise ConvergeError(f"{name}: 'ip' and 'netmask' belong together; only one of them is given.")
    if address:
        _check_ip(name, address, netmask)
    _check_mtu(name, vmkernel.get("mtu"))


def _check_ip(name: str, address: str, netmask: str) -> None:
    if not is_address(address, version=4):
        raise ConvergeError(f"{name}: ip '{address}' is not an IPv4 address.")
    try:
        network = ipaddress.IPv4Network(f"{address}/{netmask}", strict=False)
    except ValueError:
        network = None
    if network is None or "." not in netmask:
        raise ConvergeError(f"{name}: netmask '{netmask}' is not a netmask such as 255.255.255.0.")
    if network.prefixlen < 31 and address in (str(network.network_address), str(network.broadcast_address)):
        raise ConvergeError(f"{name}: ip '{address}' is the network or broadcast address of {network}; it must be one "
                            "of the hosts' addresses.")


def title(vmkernel: Mapping[str, Any]) -> str:
    """How messages call a VMkernel adapter."""
    if vmkernel.get("device"):
        return f"VMkernel adapter {vmkernel['device']}"
    return f"VMkernel adapter on port group '{vmkernel['portgroup']}'"


def is_address(text: str, version: int | None = None) -> bool:
    """Whether this is an IP address (of that version)."""
    try:
        return version in (None, ipaddress.ip_address(text).version)
    except ValueError:
        return False


def _check_mtu(name: str, mtu: int | None) -> None:
    if mtu is not None and mtu not in MTU_RANGE:
        raise ConvergeError(f"{name}: mtu {mtu} must be from {MTU_RANGE.start} to {MTU_RANGE.stop - 1}.")


def _no_double(option: str, values: Any) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise ConvergeError(f"{option} '{twice[0]}' is given twice.")
