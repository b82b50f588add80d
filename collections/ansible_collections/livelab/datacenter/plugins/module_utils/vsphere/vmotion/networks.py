# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network adapters of a machine: on which network they are, and how they come onto another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.site import Found


def is_card(device: Any) -> bool:
    """Whether a device is a network adapter."""
    return isinstance(device, vim.vm.device.VirtualEthernetCard)


def names(client: Client, cards: Iterable[Any]) -> dict[int, str]:
    """The network of each adapter, by the adapter's key. One call when there are distributed port groups."""
    found, distributed = {}, {}
    for card in cards:
        port = getattr(card.backing, "port", None)
        if port is not None and port.portgroupKey:
            group = client.managed(vim.dvs.DistributedVirtualPortgroup, port.portgroupKey)
            distributed[card.key] = group
        else:
            found[card.key] = getattr(card.backing, "deviceName", None) or ""
    read = client.read_all(set(distributed.values()), ("name",))
    found.update({key: read.get(group, {}).get("name", "") for key, group in distributed.items()})
    return found


def refuse_unknown(wanted: dict, there: Iterable[str]) -> None:
    """Raise ConvergeError for a mapping of a network that the machine is not on, and has not been moved to either."""
    there = set(there)
    for source, target in wanted.items():
        if source not in there and target not in there:
            raise ConvergeError(f"networks: the machine is not on the network '{source}'; it is on: {listing(there)}.")


def change(client: Client, card: Any, network: Found) -> Any:
    """The device change that puts an adapter onto a network."""
    if isinstance(network.ref, vim.dvs.DistributedVirtualPortgroup):
        group = client.read(network.ref, "key", "config.distributedVirtualSwitch")
        switch = client.read(group["config.distributedVirtualSwitch"], "uuid")
        port = vim.dvs.PortConnection(portgroupKey=group["key"], switchUuid=switch["uuid"])
        card.backing = vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(port=port)
    else:
        backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo
        card.backing = backing(deviceName=network.name, network=network.ref)
    return vim.vm.device.VirtualDeviceSpec(operation=vim.vm.device.VirtualDeviceSpec.Operation.edit, device=card)
