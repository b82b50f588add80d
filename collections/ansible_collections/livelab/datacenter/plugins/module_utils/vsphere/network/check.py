# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a desired network must be by itself, whatever the host has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host, is_address
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import escape
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import addresses

_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_DEVICE = re.compile(r"vmk\d{1,3}")
_MTU = range(1280, 9001)
_VLAN = range(4096)
# vSphere's limits: of a standard vSwitch's ports, and of names. A port group is an object of the inventory, where
# characters that are kept escaped count as such.
_PORTS = range(1, 4089)
_LONGEST_VSWITCH = 31
_LONGEST_NAME = 80
_LONGEST_DOMAIN = 253


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no host could take: malformed addresses, names given twice, contradictions.

    :param desired: the module's options.
    :raises ConvergeError: naming the option, the value and what it must be.
    """
    _check_names(desired)
    _check_servers(desired)
    _check_vswitches(desired.get("vswitches") or ())
    _check_portgroups(desired.get("portgroups") or ())
    _check_vmkernels(desired.get("vmkernels") or ())


def title(vmkernel: Mapping[str, Any]) -> str:
    """How messages call a VMkernel adapter."""
    if vmkernel.get("device"):
        return f"VMkernel adapter {vmkernel['device']}"
    return f"VMkernel adapter on port group '{vmkernel['portgroup']}'"


# -- names and DNS ----------------------------------------------------------------------------------------------------


def _check_names(desired: Mapping[str, Any]) -> None:
    name, domain = desired.get("host_name"), desired.get("domain")
    if name is not None and not _LABEL.fullmatch(name):
        hint = " The domain belongs in 'domain'." if "." in name else ""
        raise ConvergeError(f"host_name: '{name}' must be 1 to 63 letters, digits and hyphens.{hint}")
    if domain:  # an empty one means none
        _check_domain("domain", domain)
    searched = desired.get("search_domains") or ()
    for value in searched:
        _check_domain("search_domains", value)
    _no_double("search_domains:", searched, canonical_host)


def _check_domain(option: str, value: str) -> None:
    labels = value.removesuffix(".").split(".")
    if len(value) > _LONGEST_DOMAIN or not all(map(_LABEL.fullmatch, labels)):
        raise ConvergeError(f"{option}: '{value}' is not a domain name; it must be labels of letters, digits and hyphens, "
                            "with dots between them, as in example.org.")


def _check_servers(desired: Mapping[str, Any]) -> None:
    servers = desired.get("dns_servers") or ()
    for address in servers:
        if not is_address(address) or not addresses.is_unicast(address):
            raise ConvergeError(f"dns_servers: '{address}' is not an IP address that a server can have.")
    _no_double("dns_servers:", servers, canonical_host)
    gateway = desired.get("default_gateway")
    if gateway is not None and not (is_address(gateway, version=4) and addresses.is_unicast(gateway)):
        raise ConvergeError(f"default_gateway: '{gateway}' is not the IPv4 address of a router.")


# -- vSwitches and port groups ----------------------------------------------------------------------------------------


def _check_vswitches(vswitches: Iterable[Mapping[str, Any]]) -> None:
    for vswitch in vswitches:
        _check_name("vswitches: name", vswitch["name"], _LONGEST_VSWITCH, len(vswitch["name"]))
        name = f"vSwitch '{vswitch['name']}'"
        _check_range(name, "mtu", vswitch.get("mtu"), _MTU)
        _check_range(name, "num_ports", vswitch.get("num_ports"), _PORTS)
        _no_double(f"{name}: nics", vswitch.get("nics") or ())
    _no_double("vswitches: name", [vswitch["name"] for vswitch in vswitches])
    claims = [(nic, vswitch["name"]) for vswitch in vswitches if _present(vswitch) for nic in vswitch.get("nics") or ()]
    for nic in twice(nic for nic, _name in claims):
        names = " and ".join(f"'{name}'" for claimed, name in claims if claimed == nic)
        raise ConvergeError(f"vswitches: nics '{nic}' is given to {names}; a physical adapter can be an uplink of a single "
                            "vSwitch.")


def _check_portgroups(portgroups: Iterable[Mapping[str, Any]]) -> None:
    for group in portgroups:
        _check_name("portgroups: name", group["name"], _LONGEST_NAME, len(escape(group["name"])))
        name = f"port group '{group['name']}'"
        if group.get("vswitch") == "":
            raise ConvergeError(f"{name}: vswitch is empty; it must be the name of a vSwitch.")
        _check_range(name, "vlan_id", group.get("vlan_id"), _VLAN, "0 is none, 4095 is all")
    _no_double("portgroups: name", [group["name"] for group in portgroups])


def _check_name(option: str, name: str, longest: int, length: int) -> None:
    if not name.strip():
        raise ConvergeError(f"{option} '{name}' is empty; it must have 1 to {longest} characters.")
    if not name.isprintable():
        raise ConvergeError(f"{option} {name!r} has a line end or another control character in it.")
    if length > longest:
        escaped = " ('/', '\\' and '%' count three, since vSphere keeps them escaped)" if length > len(name) else ""
        raise ConvergeError(f"{option} '{name}' has {length} characters{escaped}; it must have 1 to {longest}.")


# -- VMkernel adapters ------------------------------------------------------------------------------------------------


def _check_vmkernels(vmkernels: Iterable[Mapping[str, Any]]) -> None:
    for vmkernel in vmkernels:
        _check_vmkernel(vmkernel)
    present = [vmkernel for vmkernel in vmkernels if _present(vmkernel)]
    _no_double("vmkernels: ip", [vmkernel["ip"] for vmkernel in present if vmkernel.get("ip")], addresses.bare)
    _no_double("vmkernels: device", [vmkernel["device"] for vmkernel in vmkernels if vmkernel.get("device")])
    _no_double("vmkernels: portgroup", [vmkernel["portgroup"] for vmkernel in present if vmkernel.get("portgroup")],
               remedy="A port group holds one VMkernel adapter.")
    by_group = [vmkernel["portgroup"] for vmkernel in vmkernels if not vmkernel.get("device")]
    _no_double("vmkernels: portgroup", by_group)


def _check_vmkernel(vmkernel: Mapping[str, Any]) -> None:
    if vmkernel.get("device") is None and vmkernel.get("portgroup") is None:
        raise ConvergeError("vmkernels: each entry needs 'portgroup', 'device' or both.")
    device = vmkernel.get("device")
    if device is not None and not _DEVICE.fullmatch(device):
        raise ConvergeError(f"vmkernels: device '{device}' must be vmk and a number, as in vmk1.")
    if vmkernel.get("portgroup") is not None:
        group = vmkernel["portgroup"]
        _check_name("vmkernels: portgroup", group, _LONGEST_NAME, len(escape(group)))
    name = title(vmkernel)
    address, netmask = vmkernel.get("ip"), vmkernel.get("netmask")
    if vmkernel.get("dhcp") and (address is not None or netmask is not None):
        raise ConvergeError(f"{name}: give either 'dhcp: true' or 'ip' and 'netmask'.")
    if (address is None) != (netmask is None):
        raise ConvergeError(f"{name}: 'ip' and 'netmask' belong together; only one of them is given.")
    if address is not None:
        addresses.check_adapter(name, address, netmask)
    _check_range(name, "mtu", vmkernel.get("mtu"), _MTU)
    _no_double(f"{name}: services", vmkernel.get("services") or ())


def _present(item: Mapping[str, Any]) -> bool:
    return item["state"] == "present"


def _check_range(name: str, option: str, value: int | None, allowed: range, meaning: str = "") -> None:
    if value is not None and value not in allowed:
        said = f" ({meaning})" if meaning else ""
        raise ConvergeError(f"{name}: {option} {value} must be from {allowed.start} to {allowed.stop - 1}{said}.")


def _no_double(option: str, values: Iterable[Any], same: Any = None, remedy: str = "") -> None:
    """Refuse a value that comes twice, also when the second is spelt otherwise."""
    again = twice(same(value) if same else value for value in values)
    if again:
        raise ConvergeError(f"{option} '{again[0]}' is given twice.{f' {remedy}' if remedy else ''}")
