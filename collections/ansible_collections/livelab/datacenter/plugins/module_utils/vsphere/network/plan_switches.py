# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the network's plan that is about vSwitches and port groups. No I/O.

Each function works on ``goal``, the state reached so far by the plan, and leaves it as it will be afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import DEFAULT_MTU, Network

# What ESXi gives a vSwitch whose number of ports is not said.
_DEFAULT_PORTS = 128


def plan_portgroup_removals(goal: Network, desired: Mapping[str, Any]) -> list[Change]:
    """Remove port groups that are declared absent, or not declared at all when purging."""
    changes = []
    for name in _to_remove(goal.portgroups, desired, "portgroups"):
        users = [device for device, vmkernel in goal.vmkernels.items() if vmkernel["portgroup"] == name]
        if users:
            raise ConvergeError(f"port group '{name}' cannot be removed from {goal.host}: {', '.join(users)} uses it. "
                                "Declare that VMkernel adapter absent too.")
        have = goal.portgroups.pop(name)
        changes.append(Change(f"port group {name}", have, None, "remove_portgroup", {"name": name}))
    return changes


def plan_vswitch_removals(goal: Network, desired: Mapping[str, Any]) -> list[Change]:
    """Remove vSwitches; their unused port groups go with them."""
    changes = []
    for name in _to_remove(goal.vswitches, desired, "vswitches"):
        groups = [group for group, values in goal.portgroups.items() if values["vswitch"] == name]
        users = [device for device, vmkernel in goal.vmkernels.items() if vmkernel["portgroup"] in groups]
        if users:
            raise ConvergeError(f"vSwitch '{name}' cannot be removed from {goal.host}: {', '.join(users)} is on it. "
                                "Declare that VMkernel adapter absent too.")
        for group in groups:
            del goal.portgroups[group]
        changes.append(Change(f"vSwitch {name}", goal.vswitches.pop(name), None, "remove_vswitch", {"name": name}))
    return changes


def _to_remove(have: Mapping[str, Any], desired: Mapping[str, Any], kind: str) -> list[str]:
    declared = {item["name"]: item["state"] for item in desired.get(kind) or ()}
    purge = desired.get("purge") and desired.get(kind) is not None
    return [name for name in have if declared.get(name) == "absent" or (purge and name not in declared)]


def plan_vswitches(goal: Network, desired: Mapping[str, Any]) -> list[Change]:
    """Add and update vSwitches, those first that give an adapter away, so that another can take it."""
    wanted = [item for item in desired.get("vswitches") or () if item["state"] == "present"]
    for vswitch in wanted:
        _check_nics_exist(goal, vswitch)
    wanted.sort(key=lambda vswitch: not _gives_away(goal, vswitch))
    return [change for vswitch in wanted for change in _plan_vswitch(goal, vswitch)]


def _check_nics_exist(goal: Network, vswitch: Mapping[str, Any]) -> None:
    for nic in vswitch.get("nics") or ():
        if nic not in goal.nics:
            raise ConvergeError(f"vSwitch '{vswitch['name']}': {goal.host} has no physical adapter '{nic}'; it has: "
                                f"{_list(goal.nics)}.")


def _gives_away(goal: Network, vswitch: Mapping[str, Any]) -> bool:
    have = goal.vswitches.get(vswitch["name"], {}).get("nics", [])
    return vswitch.get("nics") is not None and bool(set(have) - set(vswitch["nics"]))


def _plan_vswitch(goal: Network, vswitch: Mapping[str, Any]) -> list[Change]:
    name = vswitch["name"]
    before = goal.vswitches.get(name)
    base = before or {"nics": [], "mtu": DEFAULT_MTU, "num_ports": _DEFAULT_PORTS}
    after = {**base, **{key: vswitch[key] for key in base if vswitch.get(key) is not None}}
    if before and sorted(before["nics"]) == sorted(after["nics"]):
        after["nics"] = before["nics"]  # the order means nothing
    for other, values in goal.vswitches.items():
        taken = set(after["nics"]) & set(values["nics"])
        if other != name and taken:
            raise ConvergeError(f"vSwitch '{name}': {min(taken)} is an uplink of vSwitch '{other}' on {goal.host}, and "
                                f"can be one of a single vSwitch. Free adapters: {_list(_free(goal))}.")
    if after == before:
        return []
    goal.vswitches[name] = after
    step = "add_vswitch" if before is None else "update_vswitch"
    return [Change(f"vSwitch {name}", before, after, step, {"name": name})]


def _free(goal: Network) -> list[str]:
    used = {nic for vswitch in goal.vswitches.values() for nic in vswitch["nics"]}
    return [nic for nic in goal.nics if nic not in used]


def plan_portgroups(goal: Network, desired: Mapping[str, Any]) -> list[Change]:
    """Add and update port groups."""
    wanted = [item for item in desired.get("portgroups") or () if item["state"] == "present"]
    return [change for group in wanted for change in _plan_portgroup(goal, group)]


def _plan_portgroup(goal: Network, group: Mapping[str, Any]) -> list[Change]:
    name, vswitch = group["name"], group.get("vswitch")
    before = goal.portgroups.get(name)
    if before is None and not vswitch:
        raise ConvergeError(f"port group '{name}' does not exist on {goal.host}: 'vswitch' must say where to add it. "
                            f"There are: {_list(goal.vswitches)}.")
    if vswitch and vswitch not in goal.vswitches:
        raise ConvergeError(f"port group '{name}': {goal.host} has no vSwitch '{vswitch}'; it has: "
                            f"{_list(goal.vswitches)}.")
    if before and vswitch and before["vswitch"] != vswitch:
        raise ConvergeError(f"port group '{name}' is on vSwitch '{before['vswitch']}' of {goal.host} and cannot be "
                            f"moved to '{vswitch}'; remove it first, or give the new one another name.")
    base = before or {"vswitch": vswitch, "vlan_id": 0}
    after = {**base, **({} if group.get("vlan_id") is None else {"vlan_id": group["vlan_id"]})}
    if after == before:
        return []
    goal.portgroups[name] = after
    step = "add_portgroup" if before is None else "update_portgroup"
    return [Change(f"port group {name}", before, after, step, {"name": name})]


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
