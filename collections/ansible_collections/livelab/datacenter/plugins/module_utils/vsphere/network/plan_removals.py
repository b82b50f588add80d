# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declaration takes away from a host's network, and what purging spares because something still needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.check import title
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import MANAGEMENT, Network


@dataclass(frozen=True)
class Removals:
    """Names of what goes, and a text for each thing that purging leaves although it is not declared."""

    vmkernels: frozenset[str]
    portgroups: frozenset[str]
    vswitches: frozenset[str]
    spared: tuple[str, ...] = ()


def devices(state: Network, entries: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """The adapter that each entry of ``vmkernels`` means, ``None`` for one that is not there (yet).

    :raises ConvergeError: when a port group has several and no ``device`` says which, or two entries mean the same.
    """
    entries = list(entries)
    named = {entry["device"]: entry for entry in entries if entry.get("device")}
    # An adapter that another entry moves away leaves its port group to a new one.
    leaving = {device for device, entry in named.items() if _moves(state, device, entry)}
    found = [_device(state, entry, leaving) for entry in entries]
    for entry, device in zip(entries, found, strict=True):
        if device and device in named and entry is not named[device]:
            raise ConvergeError(f"{title(entry)}: that is {device}, which has an entry of its own; give all that is to be "
                                "said of it in one entry.")
    return found


def _moves(state: Network, device: str, entry: Mapping[str, Any]) -> bool:
    have = state.vmkernels.get(device)
    group = entry.get("portgroup")
    return have is not None and entry["state"] == "present" and group is not None and group != have.portgroup


def _device(state: Network, entry: Mapping[str, Any], leaving: set[str]) -> str | None:
    if entry.get("device"):
        return entry["device"] if entry["device"] in state.vmkernels else None
    there = [device for device in state.users(entry["portgroup"]) if device not in leaving]
    if len(there) > 1:
        raise ConvergeError(f"{title(entry)}: {state.host} has several there; 'device' must say which: {', '.join(there)}.")
    return there[0] if there else None


def removals(state: Network, desired: Mapping[str, Any]) -> Removals:
    """What goes: all that is declared absent, and when purging what is not declared, unless something kept needs it."""
    adapters, spared = _adapters(state, desired)
    used = _used(state, desired, adapters)
    vswitches, spared_switches = _named(state.vswitches, desired, "vswitches", "vSwitch", {
        group.vswitch: f"the port group '{name}' on it is: {used[name]}"
        for name, group in state.portgroups.items() if name in used
    })
    portgroups, spared_groups = _named(state.portgroups, desired, "portgroups", "port group", used)
    # The unused port groups of a vSwitch go with it.
    along = {name for vswitch in vswitches for name in state.groups_on(vswitch) if name not in used}
    return Removals(adapters, portgroups | along, vswitches, (*spared, *spared_groups, *spared_switches))


def _adapters(state: Network, desired: Mapping[str, Any]) -> tuple[frozenset[str], list[str]]:
    entries = desired.get("vmkernels") or ()
    found = dict(zip(devices(state, entries), entries, strict=True))
    gone = {device for device, entry in found.items() if device and entry["state"] == "absent"}
    spared = []
    if desired.get("purge") and desired.get("vmkernels") is not None:
        for device in sorted(state.vmkernels.keys() - found.keys()):
            reason = _needed(state, device)
            if reason:
                spared.append(f"VMkernel adapter {device} of {state.host} is not declared, but left: {reason}.")
            elif not state.vmkernels[device].elsewhere:
                gone.add(device)
    return frozenset(gone), spared


def _needed(state: Network, device: str) -> str:
    if device in state.bound:
        return "software iSCSI is bound to it"
    return "the host is managed over it" if MANAGEMENT in state.vmkernels[device].services else ""


def _used(state: Network, desired: Mapping[str, Any], gone: frozenset[str]) -> dict[str, str]:
    """The port groups that are in use or declared, and what by."""
    used = {item["name"]: "declared" for item in desired.get("portgroups") or () if item["state"] == "present"}
    for name in state.portgroups:
        users = [device for device in state.users(name) if device not in gone] or list(state.machines.get(name, ()))
        if users:
            used[name] = f"in use by {', '.join(users)}"
    return used


def _named(
    have: Mapping[str, Any], desired: Mapping[str, Any], option: str, noun: str, used: Mapping[str, str]
) -> tuple[frozenset[str], list[str]]:
    """What goes of the port groups or the vSwitches, and what is spared."""
    declared = {item["name"]: item["state"] for item in desired.get(option) or ()}
    gone = {name for name in have if declared.get(name) == "absent"}
    spared = []
    if desired.get("purge") and desired.get(option) is not None:
        for name in sorted(have.keys() - declared.keys()):
            if name in used:
                spared.append(f"{noun} '{name}' is not declared, but left: {_reason(used[name])}.")
            else:
                gone.add(name)
    return frozenset(gone), spared


def _reason(used: str) -> str:
    return used if used.startswith("the ") else f"it is {used}"
