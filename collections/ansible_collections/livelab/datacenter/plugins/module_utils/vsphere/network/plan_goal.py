# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that a declaration leads to, from the one that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import addresses
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.check import title
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_removals import Removals, devices, removals
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import (
    Dns,
    Network,
    PortGroup,
    VMkernel,
    VSwitch,
)

# Marks a new adapter that the host will give the name of one that goes.
_NEW = " (new)"


def goal(state: Network, desired: Mapping[str, Any]) -> Network:
    """The network as it will be. What is not mentioned stays; what means the same stays as it is spelt.

    :raises ConvergeError: when something is to be changed that is not there, or cannot be made of what is said.
    """
    gone = removals(state, desired)
    return replace(
        state,
        vswitches=_vswitches(state, desired, gone),
        portgroups=_portgroups(state, desired, gone),
        vmkernels=_vmkernels(state, desired, gone),
        dns=_dns(state.dns, desired),
        default_gateway=_gateway(state.default_gateway, desired.get("default_gateway")),
        ipv6=state.ipv6 if desired.get("ipv6") is None else desired["ipv6"],
    )


def declared(state: Network, desired: Mapping[str, Any]) -> dict[str, str]:
    """The devices of the declared adapters, by port group; new ones by the name that the host will give them."""
    wanted = goal(state, desired)
    new = {wanted.vmkernels[key].portgroup: key for key in wanted.vmkernels if key not in state.vmkernels}
    found = {}
    for entry, device in _present(state, desired):
        group = wanted.vmkernels[device].portgroup if device else entry["portgroup"]
        found[group] = device or new[group]
    return found


def device_of(key: str) -> str:
    """The device that stands for an adapter in a goal."""
    return key.removesuffix(_NEW)


def _present(state: Network, desired: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str | None]]:
    entries = desired.get("vmkernels") or ()
    found = zip(entries, devices(state, entries), strict=True)
    return [(entry, device) for entry, device in found if entry["state"] == "present"]


def _said(item: Mapping[str, Any], *options: str) -> dict[str, Any]:
    return {option: item[option] for option in options if item.get(option) is not None}


# -- vSwitches and port groups ----------------------------------------------------------------------------------------


def _vswitches(state: Network, desired: Mapping[str, Any], gone: Removals) -> dict[str, VSwitch]:
    wanted = {name: have for name, have in state.vswitches.items() if name not in gone.vswitches}
    for item in desired.get("vswitches") or ():
        if item["state"] == "present":
            have = wanted.get(item["name"], VSwitch())
            after = replace(have, **_said(item, "mtu", "num_ports"))
            # The order of uplinks has no meaning here.
            if item.get("nics") is not None and sorted(item["nics"]) != sorted(have.nics):
                after = replace(after, nics=tuple(item["nics"]))
            wanted[item["name"]] = after
    return wanted


def _portgroups(state: Network, desired: Mapping[str, Any], gone: Removals) -> dict[str, PortGroup]:
    wanted = {name: have for name, have in state.portgroups.items() if name not in gone.portgroups}
    for item in desired.get("portgroups") or ():
        if item["state"] == "present":
            have = wanted.get(item["name"])
            if have is None and not item.get("vswitch"):
                raise ConvergeError(f"port group '{item['name']}' does not exist on {state.host}: 'vswitch' must say where "
                                    f"to add it. There are: {listing(state.vswitches)}.")
            wanted[item["name"]] = replace(have or PortGroup(item["vswitch"]), **_said(item, "vswitch", "vlan_id"))
    return wanted


# -- VMkernel adapters ------------------------------------------------------------------------------------------------


def _vmkernels(state: Network, desired: Mapping[str, Any], gone: Removals) -> dict[str, VMkernel]:
    wanted = {device: have for device, have in state.vmkernels.items() if device not in gone.vmkernels}
    for entry, device in _present(state, desired):
        if device:
            wanted[device] = _merged(state.vmkernels[device], entry)
    for entry, device in _present(state, desired):
        if device is None:
            key = _new_device(state, wanted, entry)
            wanted[key] = _new(state, entry)
    return wanted


def _merged(have: VMkernel, entry: Mapping[str, Any]) -> VMkernel:
    after = replace(have, **_said(entry, "portgroup", "mtu"))
    if entry.get("services") is not None:
        after = replace(after, services=frozenset(entry["services"]))
    if entry.get("dhcp") and not have.dhcp:
        return replace(after, ip=None, netmask=None, dhcp=True)
    if entry.get("ip") is None:
        return after  # or it has DHCP already, and whatever that gave it
    return replace(after, ip=addresses.bare(entry["ip"]), netmask=addresses.dotted(entry["netmask"]), dhcp=False)


def _new(state: Network, entry: Mapping[str, Any]) -> VMkernel:
    if not entry.get("dhcp") and entry.get("ip") is None:
        raise ConvergeError(f"{title(entry)} does not exist on {state.host}: to add it, give 'ip' and 'netmask', or "
                            "'dhcp: true'.")
    return _merged(VMkernel(entry["portgroup"]), entry)


def _new_device(state: Network, wanted: Mapping[str, VMkernel], entry: Mapping[str, Any]) -> str:
    if entry.get("portgroup") is None:
        raise ConvergeError(f"{title(entry)} does not exist on {state.host}; it has: {listing(state.vmkernels)}. To add "
                            "one, give its 'portgroup'.")
    taken = {device_of(key) for key in wanted}
    device = next(name for name in (f"vmk{number}" for number in count()) if name not in taken)
    if entry.get("device") not in (None, device):
        raise ConvergeError(f"{title(entry)} does not exist on {state.host}, and cannot be made: the host would name "
                            f"the next one {device}. Leave 'device' out, or give {device}.")
    return f"{device}{_NEW}" if device in state.vmkernels else device


# -- names and routes -------------------------------------------------------------------------------------------------


def _dns(have: Dns, desired: Mapping[str, Any]) -> Dns:
    said = _said(desired, "host_name", "domain", "dns_servers", "search_domains")
    if not said:
        return have
    # The host would put DHCP's names in the place of the declared ones.
    after = {"dhcp": False}
    for option, value in said.items():
        if isinstance(value, str):
            after[option] = getattr(have, option) if canonical_host(value) == canonical_host(getattr(have, option)) else value
        else:
            same = addresses.same_names(value, getattr(have, option))
            after[option] = getattr(have, option) if same else tuple(value)
    return replace(have, **after)


def _gateway(have: str | None, wanted: str | None) -> str | None:
    return have if wanted is None else addresses.bare(wanted)
