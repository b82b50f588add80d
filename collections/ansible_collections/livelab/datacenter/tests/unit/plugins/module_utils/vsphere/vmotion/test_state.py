# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's place from the API's answer: names as users write them, storage by its files, adapters by their networks."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.hardware import Card
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.state import Host, Machine, from_api

vim = pytest.importorskip("pyVmomi").vim

HOST = Host("esxi1")
NETWORK = vim.Network("network-1")
DISK, CARD = vim.vm.device.VirtualDisk, vim.vm.device.VirtualVmxnet3
BACKINGS = vim.vm.device.VirtualEthernetCard


def disk(key, file):
    backing = DISK.FlatVer2BackingInfo(fileName=file, diskMode="persistent")
    return DISK(key=key, backing=backing, capacityInKB=1, capacityInBytes=1024)


def card(key, **backing):
    return CARD(key=key, backing=BACKINGS.NetworkBackingInfo(**backing))


def test_where_it_is():
    port = vim.dvs.PortConnection(portgroupKey="dvportgroup-7", switchUuid="50 1d")
    values = {
        "config.files.vmPathName": "[DT] web/web.vmx",
        "config.hardware.device": [
            disk(2000, "[local%2f1] web/web.vmdk"),
            disk(2001, "[DT] web/data.vmdk"),
            card(4000, deviceName="old name", network=NETWORK),
            card(4001, deviceName="50%25"),
            CARD(key=4002, backing=BACKINGS.DistributedVirtualPortBackingInfo(port=port)),
        ],
    }
    assert from_api("web", HOST, values, {NETWORK: "10.0.0.0/24", "dvportgroup-7": "Storage"}) == Machine(
        "web", HOST, ("DT", "local/1"), (
            Card(4000, "device 4000", "", "10.0.0.0/24", False),
            # Of a network that is not in the inventory the adapter's own word counts, to the letter.
            Card(4001, "device 4001", "", "50%25", False),
            Card(4002, "device 4002", "", "Storage", False, True),
        ))


def test_a_machine_of_which_nothing_is_known():
    assert from_api("web", HOST, {}, {}) == Machine("web", HOST)
