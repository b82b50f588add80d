# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the network's plan that is about VMkernel adapters, their services and the gateway. No I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from itertools import count
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.check import title
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import DEFAULT_MTU, Network

_ADDRESS = ("portgroup", "ip", "netmask", "dhcp", "mtu")


def find(goal: Network, wanted: Mapping[str, Any]) -> str | None:
    """The device an entry of ``vmkernels`` means: by its ``device``, else by its port group.

    :raises ConvergeError: when the port group has several and ``device`` does not say which.
    """
    if wanted.get("device"):
        return wanted["device"] if wanted["device"] in goal.vmkernels else None
    devices = [device for device, have in goal.vmkernels.items() if have["portgroup"] == wanted["portgroup"]]
    if len(devices) > 1:
        raise ConvergeError(f"{title(wanted)}: {goal.host} has several there; 'device' must say which: "
                            f"{', '.join(sorted(devices))}.")
    return devices[0] if devices else None


def plan_removals(goal: Network, desired: Mapping[str, Any]) -> list[Change]:
    """Remove VMkernel adapters that are declared absent, or not declared at all when purging."""
    declared = desired.get("vmkernels") or ()
    devices = [find(goal, wanted) for wanted in declared if wanted["state"] == "absent"]
    if desired.get("purge") and desired.get("vmkernels") is not None:
        kept = {find(goal, wanted) for wanted in declared if wanted["state"] == "present"}
        devices += [device for device in goal.vmkernels if device not in kept]
    changes = []
    for device in dict.fromkeys(filter(None, devices)):
        have = goal.vmkernels.pop(device)
        if "management" in have["services"] and not _managed(goal):
            raise ConvergeError(f"VMkernel adapter {device} cannot be removed: it is the only one {goal.host} is "
                                "managed over. Declare it present, or first give the service 'management' to another.")
        changes.append(Change(f"VMkernel adapter {device}", have, None, "remove_vmkernel", {"device": device}))
    return changes


def _managed(goal: Network) -> bool:
    return any("management" in have["services"] for have in goal.vmkernels.values())


def plan_adapters(goal: Network, desired: Mapping[str, Any]) -> tuple[list[Change], list[Change]]:
    """Add and update VMkernel adapters. Returns the changes to them, and those to their services."""
    adapters: list[Change] = []
    services: list[Change] = []
    for wanted in desired.get("vmkernels") or ():
        if wanted["state"] == "present":
            device, changes = _plan_adapter(goal, wanted)
            adapters += changes
            services += _plan_services(goal, device, wanted)
    # A service is given to one adapter before it is taken from another, so that none is ever without.
    services.sort(key=lambda change: change.apply == "deselect_service")
    return adapters, services


def _plan_adapter(goal: Network, wanted: Mapping[str, Any]) -> tuple[str, list[Change]]:
    device = find(goal, wanted)
    _check_portgroup(goal, wanted, device)
    if device is None:
        return _plan_new(goal, wanted)
    have = goal.vmkernels[device]
    before = {key: have[key] for key in _ADDRESS}
    after = {**before, **_said(wanted)}
    if after["dhcp"] and before["dhcp"]:
        after.update(ip=before["ip"], netmask=before["netmask"])  # whatever DHCP gave it
    _check_free(goal, device, after["ip"])
    if after == before:
        return device, []
    have.update(after)
    return device, [Change(f"VMkernel adapter {device}", before, after, "update_vmkernel", {"device": device})]


def _plan_new(goal: Network, wanted: Mapping[str, Any]) -> tuple[str, list[Change]]:
    device = next(name for name in (f"vmk{number}" for number in count()) if name not in goal.vmkernels)
    if wanted.get("device") not in (None, device):
        raise ConvergeError(f"{title(wanted)} does not exist on {goal.host}, and cannot be made: the host would name "
                            f"the next one {device}. Leave 'device' out, or give {device}.")
    said = _said(wanted)
    if not said.get("dhcp") and not said.get("ip"):
        raise ConvergeError(f"{title(wanted)} does not exist on {goal.host}: to add it, give 'ip' and 'netmask', or "
                            "'dhcp: true'.")
    after = {"portgroup": wanted["portgroup"], "ip": None, "netmask": None, "dhcp": False, "mtu": DEFAULT_MTU, **said}
    _check_free(goal, device, after["ip"])
    goal.vmkernels[device] = {**after, "services": []}
    return device, [Change(f"VMkernel adapter {device}", None, after, "add_vmkernel", {"device": device})]


def _said(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry says of the adapter itself."""
    said = {key: wanted[key] for key in ("portgroup", "mtu") if wanted.get(key) is not None}
    if wanted.get("ip"):
        said.update(ip=wanted["ip"], netmask=wanted["netmask"], dhcp=False)
    elif wanted.get("dhcp"):
        said.update(ip=None, netmask=None, dhcp=True)
    return said


def _check_portgroup(goal: Network, wanted: Mapping[str, Any], device: str | None) -> None:
    name = wanted.get("portgroup")
    if device is None and not name:
        raise ConvergeError(f"{title(wanted)} does not exist on {goal.host}; it has: "
                            f"{', '.join(sorted(goal.vmkernels)) or 'none'}. To add one, give its 'portgroup'.")
    if name and name not in goal.portgroups:
        raise ConvergeError(f"{title(wanted)}: {goal.host} has no port group '{name}'; it has: "
                            f"{', '.join(sorted(goal.portgroups)) or 'none'}.")


def _check_free(goal: Network, device: str, address: str | None) -> None:
    for other, have in goal.vmkernels.items():
        if address and other != device and have["ip"] == address:
            raise ConvergeError(f"VMkernel adapter {device}: ip {address} is that of {other} on {goal.host}.")


def _plan_services(goal: Network, device: str, wanted: Mapping[str, Any]) -> list[Change]:
    if wanted.get("services") is None:
        return []
    have = goal.vmkernels[device]["services"]
    unknown = sorted(set(wanted["services"]) - set(goal.service_types))
    if unknown:
        raise ConvergeError(f"{title(wanted)}: {goal.host} has no service '{unknown[0]}'; it has: "
                            f"{', '.join(goal.service_types) or 'none'}.")
    goal.vmkernels[device]["services"] = sorted(wanted["services"])
    changes = []
    for service in sorted(set(have) ^ set(wanted["services"])):
        on = service in wanted["services"]
        step = "select_service" if on else "deselect_service"
        args = {"device": device, "service": service}
        changes.append(Change(f"service {service} on {device}", {"on": not on}, {"on": on}, step, args))
    return changes


def plan_gateway(goal: Network, desired: Mapping[str, Any]) -> list[Change]:
    """Set the default gateway, which must be on a network that the host is on by then."""
    gateway, before = desired.get("default_gateway"), goal.default_gateway
    if not gateway or gateway == before:
        return []
    adapters = [have for have in goal.vmkernels.values() if have["ip"] and have["netmask"]]
    networks = [ipaddress.ip_network(f"{have['ip']}/{have['netmask']}", strict=False) for have in adapters]
    # An adapter that waits for its DHCP lease may turn out to be on any network.
    certain = networks and all(have["ip"] or not have["dhcp"] for have in goal.vmkernels.values())
    if certain and not any(ipaddress.ip_address(gateway) in network for network in networks):
        raise ConvergeError(f"default_gateway: {gateway} is on none of the networks of {goal.host}: "
                            f"{', '.join(sorted(map(str, networks)))}.")
    goal.default_gateway = gateway
    return [Change("default gateway", {"default_gateway": before}, {"default_gateway": gateway}, "set_gateway")]
