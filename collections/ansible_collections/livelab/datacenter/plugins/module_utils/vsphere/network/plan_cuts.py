# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What in a plan would cut a connection: the one the host is managed over, or that to its storage."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import MANAGEMENT, Network, VMkernel

# A change's name, and what it would do to the connection.
Cut = tuple[str, str]


def ways(state: Network) -> list[str]:
    """The adapters over which the host is managed: the one that this session goes over, where that is known."""
    own = [device for device, have in state.vmkernels.items() if state.reached_at and have.ip == state.reached_at]
    return own or [device for device, have in sorted(state.vmkernels.items()) if MANAGEMENT in have.services]


def cuts(state: Network, goal: Network) -> list[Cut]:
    """What would cut the connection to the host; nothing while one way to it stays as it is."""
    by_way = [list(_cut(state, goal, device)) for device in ways(state)]
    if not by_way or not all(by_way):
        return []
    return [cut for found in by_way for cut in found]


def refuse(state: Network, goal: Network) -> None:
    """Refuse what would cut a connection.

    :raises ConvergeError: saying which, by what, and how to have it made all the same.
    """
    found = cuts(state, goal) + _storage(state, goal)
    if found:
        raise ConvergeError(f"this would cut connections of {state.host}: {'; '.join(text for _what, text in found)}. "
                            "Leave a way that stays as it is, or give 'force: true' to have it made all the same.")


def disturbed(state: Network, goal: Network) -> list[str]:
    """The adapters that go, move, or lose every uplink. What iSCSI is bound to matters only then."""
    return [device for device, have in state.vmkernels.items() if _disturbed(state, goal, device, have)]


def _disturbed(state: Network, goal: Network, device: str, have: VMkernel) -> bool:
    after = goal.vmkernels.get(device)
    if after is None or after.portgroup != have.portgroup:
        return True
    before, under = state.vswitch_under(have), goal.vswitch_under(after)
    return bool(before and before.nics and under and not under.nics)


def _storage(state: Network, goal: Network) -> list[Cut]:
    return [
        (f"VMkernel adapter {device}", f"software iSCSI is bound to {device}, which would leave its network")
        for device in disturbed(state, goal) if device in state.bound
    ]


def _cut(state: Network, goal: Network, device: str) -> Iterator[Cut]:
    """What would cut the way over one adapter."""
    before, after = state.vmkernels[device], goal.vmkernels.get(device)
    name = f"VMkernel adapter {device}"
    way = f"{device} ({before.ip or 'no address'})"
    if after is None:
        yield name, f"{way} would be removed"
        return
    if (before.ip, before.netmask, before.dhcp) != (after.ip, after.netmask, after.dhcp):
        now = "DHCP" if after.dhcp else f"{after.ip} / {after.netmask}"
        yield name, f"the address of {way} would become {now}"
    if after.mtu > before.mtu:
        yield name, f"the MTU of {way} would be raised to {after.mtu}, which not every network carries"
    yield from _under(state, goal, device, way)


def _under(state: Network, goal: Network, device: str, way: str) -> Iterator[Cut]:
    """What would change in the port group and the vSwitch under an adapter."""
    before, after = state.vmkernels[device], goal.vmkernels[device]
    had, has = state.portgroups.get(before.portgroup), goal.portgroups.get(after.portgroup)
    if had is None or has is None:  # on a distributed switch, before or afterwards
        if before.portgroup != after.portgroup:
            yield f"VMkernel adapter {device}", f"{way} would be moved to port group '{after.portgroup}'"
        return
    by = f"VMkernel adapter {device}" if before.portgroup != after.portgroup else f"port group {after.portgroup}"
    if had.vlan_id != has.vlan_id:
        yield by, f"the VLAN under {way} would change from {had.vlan_id} to {has.vlan_id} (port group '{after.portgroup}')"
    if had.vswitch != has.vswitch:
        yield by, f"{way} would be moved from vSwitch '{had.vswitch}' to '{has.vswitch}'"
    elif state.vswitches[had.vswitch].nics and not goal.vswitches[has.vswitch].nics:
        yield f"vSwitch {has.vswitch}", f"vSwitch '{has.vswitch}' under {way} would have no uplink left"
