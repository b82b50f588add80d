# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine is deployed, removed, or left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.state import (
    Destination,
    Machine,
    State,
)


def plan(state: State, desired: Mapping[str, Any]) -> list[Change]:
    """Nothing, one deployment, or one removal.

    :raises ConvergeError: when a machine runs that is to be removed, or the datastore has no room.
    """
    what = f"virtual machine {desired['name']}"
    if desired["state"] == "absent":
        return [] if state.machine is None else [_removal(what, state.machine, desired["force"])]
    if state.machine is not None:
        return []
    destination = state.destination
    _refuse_without_room(what, state, destination, desired["disk_provisioning"])
    after = {
        **destination.words,
        "datastore": destination.datastore,
        "networks": dict(destination.networks),
        **state.package.hardware(),
        **({"deployment_option": state.package.option} if state.package.option else {}),
        "manifest": state.manifest or "none in the package",
    }
    return [Change(what, None, after, "deploy", {"refs": destination.refs})]


def differences(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """How a machine's hardware differs from a package's, in words. Disks may have grown; smaller ones differ."""
    found = [
        f"{label} {there.get(key)} instead of {wanted[key]}"
        for key, label in (("cpus", "CPUs"), ("memory_mb", "memory in MiB"), ("nics", "network adapters"))
        if there.get(key) != wanted[key]
    ]
    disks, expected = there.get("disks_bytes", []), wanted["disks_bytes"]
    if len(disks) != len(expected):
        found.append(f"disks {len(disks)} instead of {len(expected)}")
    elif any(has < needs for has, needs in zip(disks, expected, strict=True)):
        found.append(f"disks of {disks} bytes instead of {expected}")
    return found


def network_names(mapping: Mapping[str, str], known: Sequence[str], connected: Sequence[str]) -> dict[str, str]:
    """The networks of a package and those they become: those mapped, and those that an adapter is on by their own name.

    :param known: the package's networks.
    :raises ConvergeError: for a mapping of a network that the package does not have.
    """
    unknown = sorted(set(mapping) - {*known, *connected})
    if unknown:
        has = ", ".join(sorted({*known, *connected})) or "none"
        raise ConvergeError(f"networks: the package has no network '{unknown[0]}'; it has: {has}.")
    return {name: mapping.get(name) or name for name in dict.fromkeys((*mapping, *connected))}


def _refuse_without_room(what: str, state: State, destination: Destination, provisioning: str) -> None:
    disks = state.package.disks
    if provisioning == "thin":
        needed = sum(disk.populated or 0 for disk in disks) or state.stored
    else:
        needed = sum(disk.capacity for disk in disks)
    if needed > destination.free:
        raise ConvergeError(f"the datastore '{destination.datastore}' has {destination.free // 2**20} MiB free; {what} needs "
                            f"{-(-needed // 2**20)} MiB.")


def _removal(what: str, machine: Machine, force: bool) -> Change:
    if machine.power != "poweredOff" and not force:
        raise ConvergeError(f"{what} is {machine.power}; shut it down first (vm_power), or give force: true.")
    return Change(what, machine.shown(), None, "remove", {"ref": machine.ref, "power": machine.power})
