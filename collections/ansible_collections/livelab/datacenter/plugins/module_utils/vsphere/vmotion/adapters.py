# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a network adapter comes onto another network."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.state import Network


def onto(client: Client, card: Any, network: Network) -> Any:
    """The device change that puts an adapter onto a network. One call for a distributed port group.

    :param card: the adapter as the server told it; it is not altered.
    """
    card = copy.copy(card)
    if network.portgroup is not None:
        uuid = client.read(network.switch, "uuid")["uuid"]
        port = vim.dvs.PortConnection(portgroupKey=network.portgroup, switchUuid=uuid)
        card.backing = vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(port=port)
    else:
        backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo
        card.backing = backing(deviceName=network.name, network=network.ref)
    return vim.vm.device.VirtualDeviceSpec(operation=vim.vm.device.VirtualDeviceSpec.Operation.edit, device=card)
