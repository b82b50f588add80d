# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes from one network to another, each with what it needs and what it frees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_goal import device_of
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_order import Step, Token
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import (
    MANAGEMENT,
    Network,
    PortGroup,
    VMkernel,
    VSwitch,
)


def steps(state: Network, goal: Network) -> list[Step]:
    """The steps in the order in which they read well: what goes from the top down, then what comes from the bottom up."""
    vswitches = [step for name in _names(state.vswitches, goal.vswitches) for step in _vswitch(state, goal, name)]
    groups = [step for name in _names(state.portgroups, goal.portgroups) for step in _portgroup(state, goal, name)]
    adapters = [step for name in _names(state.vmkernels, goal.vmkernels) for step in _vmkernel(state, goal, name)]
    gone = [step for step in [*adapters, *groups, *vswitches] if step.change.after is None]
    there = [step for step in [*vswitches, *groups, *adapters] if step.change.after is not None]
    return [*gone, *there, *_services(state, goal), *_names_and_ipv6(state, goal), *_gateway(state, goal)]


def _names(before: Any, after: Any) -> list[str]:
    return list(dict.fromkeys([*before, *after]))


def _step(change: Change, needs: list[Token], frees: list[Token], parting: Any = None) -> Step:
    return Step(change, frozenset(needs), frozenset(frees), parting)


# -- vSwitches --------------------------------------------------------------------------------------------------------


def _vswitch(state: Network, goal: Network, name: str) -> list[Step]:
    before, after = state.vswitches.get(name), goal.vswitches.get(name)
    what, args = f"vSwitch {name}", {"name": name}
    if before == after:
        return []
    if after is None:
        needs = [("left", group) for group in state.groups_on(name)]
        return [_step(Change(what, before.shown(), None, "remove_vswitch", args), needs, _nics(before.nics))]
    if before is None:
        return [_step(Change(what, None, after.shown(), "add_vswitch", args), _nics(after.nics), [("vswitch", name)])]
    needs, frees = _nics(set(after.nics) - set(before.nics)), _nics(set(before.nics) - set(after.nics))
    if after.mtu > before.mtu:
        frees.append(("carries", name))
    needs += [("below", device) for group in state.groups_on(name) for device in state.users(group)
              if state.vmkernels[device].mtu > after.mtu]
    change = Change(what, before.shown(), after.shown(), "update_vswitch", args)
    return [_step(change, needs, frees, lambda wanted: _without(name, before, wanted))]


def _nics(nics: Any) -> list[Token]:
    return [("nic", nic) for nic in nics]


def _without(name: str, have: VSwitch, wanted: frozenset[Token]) -> Step | None:
    """A vSwitch lets go of the uplinks that others wait for."""
    gone = [nic for nic in have.nics if ("nic", nic) in wanted]
    if not gone:
        return None
    left = replace(have, nics=tuple(nic for nic in have.nics if nic not in gone))
    what = f"vSwitch {name} (lets go of {', '.join(gone)} for now)"
    return _step(Change(what, have.shown(), left.shown(), "update_vswitch", {"name": name}), [], _nics(gone))


# -- port groups ------------------------------------------------------------------------------------------------------


def _portgroup(state: Network, goal: Network, name: str) -> list[Step]:
    before, after = state.portgroups.get(name), goal.portgroups.get(name)
    if before == after:
        return []
    needs: list[Token] = []
    frees: list[Token] = []
    if after is None or (before and before.vswitch != after.vswitch):
        needs.append(("vacant", name))
        frees.append(("left", name))
    if after is not None:
        needs.append(("vswitch", after.vswitch))
        frees.append(("port group", name))
    change = Change(f"port group {name}", before and before.shown(), after and after.shown(), _group_step(before, after),
                    {"name": name})
    return [_step(change, needs, frees)]


def _group_step(before: PortGroup | None, after: PortGroup | None) -> str:
    if before is None:
        return "add_portgroup"
    if after is None:
        return "remove_portgroup"
    return "move_portgroup" if before.vswitch != after.vswitch else "update_portgroup"


# -- VMkernel adapters ------------------------------------------------------------------------------------------------


def _vmkernel(state: Network, goal: Network, key: str) -> list[Step]:
    before, after = state.vmkernels.get(key), goal.vmkernels.get(key)
    shown = (before and before.shown(), after and after.shown())
    if shown[0] == shown[1]:
        return []
    needs, frees = _needed(goal, before, after), _freed(key, before, after)
    if after is None and MANAGEMENT in before.services:
        needs.append(("given", MANAGEMENT))
    verb = "add" if before is None else "remove" if after is None else "update"
    change = Change(f"VMkernel adapter {key}", *shown, f"{verb}_vmkernel", {"device": key})
    return [_step(change, needs, frees, lambda wanted: _aside(key, before, wanted) if before and after else None)]


def _needed(goal: Network, before: VMkernel | None, after: VMkernel | None) -> list[Token]:
    if after is None:
        return []
    needs: list[Token] = []
    group = goal.portgroups.get(after.portgroup)
    moved = before is None or before.portgroup != after.portgroup
    if moved:
        needs += [("port group", after.portgroup), ("vacant", after.portgroup)]
    if group and (moved or after.mtu > before.mtu):
        needs.append(("carries", group.vswitch))
    if after.ip and (before is None or before.ip != after.ip):
        needs.append(("ip", after.ip))
    return needs


def _freed(key: str, before: VMkernel | None, after: VMkernel | None) -> list[Token]:
    frees: list[Token] = [("adapter", key)] if after else []
    if before is None:
        return frees
    if after is None or after.portgroup != before.portgroup:
        frees += [("vacant", before.portgroup), ("below", key)]
    elif after.mtu < before.mtu:
        frees.append(("below", key))
    if before.ip and (after is None or after.ip != before.ip):
        frees.append(("ip", before.ip))
    return frees


def _aside(key: str, have: VMkernel, wanted: frozenset[Token]) -> Step | None:
    """An adapter lets go of the address that another waits for: it takes a link-local one, which is nobody else's."""
    if ("ip", have.ip) not in wanted:
        return None
    number = int(device_of(key).removeprefix("vmk"))
    left = replace(have, ip=f"169.254.{200 + number // 200}.{1 + number % 200}", netmask="255.255.0.0", dhcp=False)
    what = f"VMkernel adapter {key} (lets go of {have.ip} for now)"
    return _step(Change(what, have.shown(), left.shown(), "update_vmkernel", {"device": key}), [], [("ip", have.ip)])


def _services(state: Network, goal: Network) -> list[Step]:
    """A service is given to one adapter before it is taken from another, so that none is ever without."""
    found = []
    for key, after in goal.vmkernels.items():
        had = state.vmkernels[key].services if key in state.vmkernels else frozenset()
        found += [_service(key, service, service in after.services) for service in sorted(had ^ after.services)]
    return sorted(found, key=lambda step: step.change.apply == "deselect_service")


def _service(key: str, service: str, on: bool) -> Step:
    change = Change(f"service {service} on {key}", {"on": not on}, {"on": on}, "select_service" if on else "deselect_service",
                    {"device": key, "service": service})
    return _step(change, [("adapter", key)], [("given", service)]) if on else _step(change, [("given", service)], [])


# -- names and routes -------------------------------------------------------------------------------------------------


def _names_and_ipv6(state: Network, goal: Network) -> list[Step]:
    found = []
    if state.dns != goal.dns:
        found.append(_step(Change("host name and DNS", state.dns.shown(), goal.dns.shown(), "set_dns"), [], []))
    if state.ipv6 != goal.ipv6:
        found.append(_step(Change("IPv6", {"enabled": state.ipv6}, {"enabled": goal.ipv6}, "set_ipv6"), [], []))
    return found


def _gateway(state: Network, goal: Network) -> list[Step]:
    if state.default_gateway == goal.default_gateway:
        return []
    before, after = ({"default_gateway": network.default_gateway} for network in (state, goal))
    # It has to be on the network of an adapter, which may have to get there first.
    needs = [("adapter", key) for key in goal.vmkernels]
    return [_step(Change("default gateway", before, after, "set_gateway"), needs, [])]
