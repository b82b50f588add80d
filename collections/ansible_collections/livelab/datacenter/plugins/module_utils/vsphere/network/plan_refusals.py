# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host would refuse, found before the first change is made: the network as it will be has to hold together."""

from __future__ import annotations

import ipaddress

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import addresses
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_goal import device_of
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import (
    DEFAULT_STACK,
    MANAGEMENT,
    Network,
    VMkernel,
)


def refuse(state: Network, goal: Network) -> None:
    """Refuse a goal that the host cannot be brought to.

    :raises ConvergeError: naming the object, the value and what would be accepted.
    """
    _uplinks(state, goal)
    _removed(state, goal)
    _portgroups(state, goal)
    for key, vmkernel in goal.vmkernels.items():
        before = state.vmkernels.get(key)
        if vmkernel != before:
            _adapter(goal, device_of(key), vmkernel, before)
        _mtu(state, goal, key)
    _management(state, goal)
    _gateway(state, goal)


def _uplinks(state: Network, goal: Network) -> None:
    owners: dict[str, str] = {}
    for name, vswitch in sorted(goal.vswitches.items(), key=lambda item: item[1] != state.vswitches.get(item[0])):
        for nic in vswitch.nics:
            if vswitch == state.vswitches.get(name):
                owners[nic] = name
                continue
            if nic not in goal.nics:
                raise ConvergeError(f"vSwitch '{name}': {goal.host} has no physical adapter '{nic}'; it has: "
                                    f"{listing(goal.nics)}.")
            owner = goal.taken.get(nic) or (f"vSwitch '{owners[nic]}'" if nic in owners else "")
            if owner:
                raise ConvergeError(f"vSwitch '{name}': {nic} is an uplink of {owner} on {goal.host}, and can be one of a "
                                    f"single vSwitch. Free adapters: {_free(goal)}.")
            owners[nic] = name


def _free(goal: Network) -> str:
    used = {nic for vswitch in goal.vswitches.values() for nic in vswitch.nics}.union(goal.taken)
    return listing(nic for nic in goal.nics if nic not in used)


def _portgroups(state: Network, goal: Network) -> None:
    for name, group in goal.portgroups.items():
        before = state.portgroups.get(name)
        if group.vswitch not in goal.vswitches:
            raise ConvergeError(f"port group '{name}': {goal.host} has no vSwitch '{group.vswitch}'"
                                f"{' any more' if group.vswitch in state.vswitches else ''}; it has: {listing(goal.vswitches)}.")
        if before and before.vswitch != group.vswitch:
            users = [device for device in state.users(name) if device in goal.users(name)]
            users += state.machines.get(name, ())
            if users:
                raise ConvergeError(f"port group '{name}' cannot be moved from vSwitch '{before.vswitch}' of {goal.host} to "
                                    f"'{group.vswitch}': {listing(users)} uses it. Move that to another port group first.")


def _removed(state: Network, goal: Network) -> None:
    for device in state.vmkernels.keys() - goal.vmkernels.keys():
        if device in state.bound:
            raise ConvergeError(f"VMkernel adapter {device} cannot be removed from {goal.host}: software iSCSI is bound to "
                                "it. Take it out of the port binding first.")
    for name in state.vswitches.keys() - goal.vswitches.keys():
        for group in state.groups_on(name):
            after = goal.portgroups.get(group)
            if after is None or after.vswitch == name:
                _unused(state, goal, group, f"vSwitch '{name}'")
    for name in state.portgroups.keys() - goal.portgroups.keys():
        _unused(state, goal, name, f"port group '{name}'")


def _unused(state: Network, goal: Network, group: str, what: str) -> None:
    users = [device for device in state.users(group) if device in goal.users(group)]
    if users:
        raise ConvergeError(f"{what} cannot be removed from {goal.host}: {', '.join(users)} is on port group '{group}'. "
                            "Declare that VMkernel adapter absent too.")
    machines = state.machines.get(group, ())
    if machines:
        raise ConvergeError(f"{what} cannot be removed from {goal.host}: on port group '{group}' are the virtual machines "
                            f"{listing(machines)}. Connect them to another network first.")


def _adapter(goal: Network, device: str, vmkernel: VMkernel, before: VMkernel | None) -> None:
    name = f"VMkernel adapter {device}"
    if (before is None or before.portgroup != vmkernel.portgroup) and vmkernel.portgroup not in goal.portgroups:
        raise ConvergeError(f"{name}: {goal.host} has no port group '{vmkernel.portgroup}'; it has: "
                            f"{listing(goal.portgroups)}.")
    for key, other in goal.vmkernels.items():
        if other is vmkernel:
            continue
        if vmkernel.ip and other.ip == vmkernel.ip:
            raise ConvergeError(f"{name}: ip {vmkernel.ip} is that of {device_of(key)} on {goal.host}.")
        if vmkernel.portgroup and other.portgroup == vmkernel.portgroup and (
            before is None or before.portgroup != vmkernel.portgroup
        ):
            raise ConvergeError(f"{name}: port group '{vmkernel.portgroup}' of {goal.host} has {device_of(key)} on it, and "
                                "holds one VMkernel adapter.")
    _services(goal, name, vmkernel, before)


def _services(goal: Network, name: str, vmkernel: VMkernel, before: VMkernel | None) -> None:
    added = sorted(vmkernel.services - (before.services if before else frozenset()))
    for service in added:
        if service not in goal.service_types:
            raise ConvergeError(f"{name}: {goal.host} has no service '{service}'; it has: {listing(goal.service_types)}.")
        if vmkernel.stack not in (DEFAULT_STACK, service):
            raise ConvergeError(f"{name} is on the TCP/IP stack '{vmkernel.stack}' of {goal.host}, which does not carry the "
                                f"service '{service}'; only an adapter on '{DEFAULT_STACK}' does.")


def _mtu(state: Network, goal: Network, key: str) -> None:
    """An adapter's packets have to fit through its vSwitch. What was so before, and is not touched, stays."""
    vmkernel, before = goal.vmkernels[key], state.vmkernels.get(key)
    under = goal.vswitch_under(vmkernel)
    was = (before.mtu, state.vswitch_under(before)) if before else None
    if under is None or vmkernel.mtu <= under.mtu or (was and (vmkernel.mtu, under.mtu) == (was[0], was[1] and was[1].mtu)):
        return
    vswitch = goal.portgroups[vmkernel.portgroup].vswitch
    raise ConvergeError(f"VMkernel adapter {device_of(key)}: mtu {vmkernel.mtu} is more than the {under.mtu} of vSwitch "
                        f"'{vswitch}' under it on {goal.host}. Give the vSwitch at least {vmkernel.mtu}, or the adapter at "
                        f"most {under.mtu}.")


def _management(state: Network, goal: Network) -> None:
    had = [device for device, have in state.vmkernels.items() if MANAGEMENT in have.services]
    if not had or any(MANAGEMENT in vmkernel.services for vmkernel in goal.vmkernels.values()):
        return
    lost = ", ".join(sorted(had))
    if any(device in goal.vmkernels for device in had):
        raise ConvergeError(f"VMkernel adapter {lost}: the service '{MANAGEMENT}' cannot be taken from it: it is the only "
                            f"one {goal.host} is managed over. Give the service to another adapter.")
    raise ConvergeError(f"VMkernel adapter {lost} cannot be removed: it is the only one {goal.host} is managed over. "
                        f"Declare it present, or give the service '{MANAGEMENT}' to another.")


def _gateway(state: Network, goal: Network) -> None:
    """The default gateway must be a neighbour by then."""
    gateway = goal.default_gateway
    if not gateway or gateway == state.default_gateway:
        return
    own = [have for have in goal.vmkernels.values() if have.ip and have.netmask and have.stack == DEFAULT_STACK]
    networks = {addresses.network(have.ip, have.netmask) for have in own}
    address = ipaddress.IPv4Address(gateway)
    if any(have.ip == gateway for have in own):
        raise ConvergeError(f"default_gateway: {gateway} is {goal.host}'s own address; it must be a router's.")
    if any(address in (around.network_address, around.broadcast_address) for around in networks):
        raise ConvergeError(f"default_gateway: {gateway} is the network or broadcast address of a network of {goal.host}.")
    # An adapter that waits for its DHCP lease may turn out to be on any network.
    certain = networks and all(have.ip or not have.dhcp for have in goal.vmkernels.values())
    if certain and not any(address in around for around in networks):
        raise ConvergeError(f"default_gateway: {gateway} is on none of the networks of {goal.host}: {listing(networks)}.")
