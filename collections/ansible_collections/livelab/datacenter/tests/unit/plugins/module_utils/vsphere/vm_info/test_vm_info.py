# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines as they are told: hardware, guest, place, and which of them are chosen."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Inventory
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_info import apply
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_info.check import check
from pyVmomi import vim

ROOT, DC, VMS, LAB = vim.Folder("group-d1"), vim.Datacenter("datacenter-1"), vim.Folder("group-v1"), vim.Folder("group-v2")
HOSTS, CLUSTER = vim.Folder("group-h1"), vim.ClusterComputeResource("domain-c1")
HOST, POOL, GROUP = vim.HostSystem("host-1"), vim.ResourcePool("resgroup-1"), vim.dvs.DistributedVirtualPortgroup("dvportgroup-1")
WEB, BARE = vim.VirtualMachine("vm-1"), vim.VirtualMachine("vm-2")

Device = vim.vm.device


def devices():
    plain = Device.VirtualEthernetCard.NetworkBackingInfo(deviceName="10.0.0.0%2f24")
    port = vim.dvs.PortConnection(portgroupKey="dvportgroup-1", switchUuid="u")
    distributed = Device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(port=port)
    connected = Device.VirtualDevice.ConnectInfo(connected=True)
    file = Device.VirtualDisk.FlatVer2BackingInfo(fileName="[DT] web/web.vmdk")
    return [
        Device.VirtualDisk(
            key=2000, capacityInKB=1024, backing=file, deviceInfo=vim.Description(label="Hard disk 1", summary="")
        ),
        Device.VirtualE1000(key=4000, macAddress="00:50:56:00:00:01", backing=plain, connectable=connected),
        Device.VirtualVmxnet3(key=4001, macAddress="00:50:56:00:00:02", backing=distributed),
        Device.VirtualCdrom(key=3000),
    ]


def inventory():
    nic = vim.vm.GuestInfo.NicInfo
    net = [nic(deviceConfigId=4000, ipAddress=["fe80::1", "10.0.0.9"]), nic(deviceConfigId=4001)]
    return Inventory("vc", {
        ROOT: {"name": "Datacenters"},
        DC: {"name": "Thesis", "parent": ROOT},
        VMS: {"name": "vm", "parent": DC},
        LAB: {"name": "lab", "parent": VMS},
        HOSTS: {"name": "host", "parent": DC},
        CLUSTER: {"name": "C1", "parent": HOSTS},
        HOST: {"name": "esxi1", "parent": CLUSTER},
        POOL: {"name": "Resources", "parent": CLUSTER},
        GROUP: {"name": "DPG%2f1", "parent": DC, "key": "dvportgroup-1"},
        WEB: {
            "name": "web%2f1", "parent": LAB, "config.uuid": "U", "config.files.vmPathName": "[DT] web/web.vmx",
            "config.hardware": vim.vm.VirtualHardware(numCPU=2, memoryMB=512, device=devices()),
            "guest.toolsRunningStatus": "guestToolsRunning", "guest.ipAddress": "fe80::1", "guest.net": net,
            "runtime.host": HOST, "runtime.powerState": "poweredOn", "resourcePool": POOL,
        },
        # One that the server cannot read has a name and little else.
        BARE: {"name": "bare", "parent": VMS, "runtime.connectionState": "invalid"},
    })


def gather(monkeypatch, **options):
    monkeypatch.setattr(apply.Inventory, "read", lambda _client, _wanted: inventory())
    return apply.gather(None, {"names": None, "folder": None, "datacenter": None, **options})


def test_a_machine_whole(monkeypatch):
    found = gather(monkeypatch, names=["web/1"])
    assert found["missing"] == []
    assert found["machines"] == [{
        "name": "web/1", "moid": "vm-1", "uuid": "U", "instance_uuid": None, "template": False,
        "path": "/Thesis/vm/lab/web%2f1", "folder": "/Thesis/vm/lab", "datacenter": "Thesis", "host": "esxi1", "cluster": "C1",
        "resource_pool": "/Thesis/host/C1/Resources", "power": "poweredOn", "connection": None, "tools_running": True,
        "guest_hostname": None, "ip": "10.0.0.9", "addresses": ("10.0.0.9",), "cpus": 2, "memory_mb": 512, "datastore": "DT",
        "disks": ({"label": "Hard disk 1", "capacity_bytes": 2**20, "datastore": "DT", "file": "[DT] web/web.vmdk"},),
        "networks": (
            {"label": "device 4000", "mac": "00:50:56:00:00:01", "network": "10.0.0.0/24", "connected": True,
             "addresses": ["fe80::1", "10.0.0.9"]},
            {"label": "device 4001", "mac": "00:50:56:00:00:02", "network": "DPG/1", "connected": False, "addresses": []},
        ),
    }]


def test_a_machine_of_which_the_server_knows_little(monkeypatch):
    machine = gather(monkeypatch, names=["bare"])["machines"][0]
    assert machine["connection"] == "invalid"
    assert [machine[key] for key in ("host", "cluster", "resource_pool", "cpus", "ip", "datastore")] == [None] * 6


@pytest.mark.parametrize(("options", "names", "missing"), [
    ({}, ["web/1", "bare"], []),
    ({"folder": "lab"}, ["web/1"], []),
    ({"folder": "/Thesis/vm"}, ["bare"], []),
    ({"names": ["bare", "nosuch", "vm-1"]}, ["bare", "web/1"], ["nosuch"]),
    ({"names": ["bare"], "folder": "lab"}, [], ["bare"]),
    # Two ways to say the same machine.
    ({"names": ["bare", "vm-2"]}, ["bare"], []),
    ({"datacenter": "Thesis", "names": ["web/1"]}, ["web/1"], []),
])
def test_the_choice(monkeypatch, options, names, missing):
    found = gather(monkeypatch, **options)
    assert sorted(one["name"] for one in found["machines"]) == sorted(names)
    assert found["missing"] == missing


@pytest.mark.parametrize(("options", "words"), [
    ({"folder": "nosuch"}, "folder: Thesis has no vm folder 'nosuch'; it has: lab"),
    ({"folder": "/Thesis/vm/nosuch"}, "has no vm folder '/Thesis/vm/nosuch'"),
    ({"datacenter": "nosuch"}, "no data centre 'nosuch'"),
])
def test_places_that_are_not_there(monkeypatch, options, words):
    with pytest.raises(ConvergeError, match=words):
        gather(monkeypatch, **options)


@pytest.mark.parametrize(("names", "words"), [
    ([], "names is empty: there is nothing to look for. Leave it out to read every machine."),
    ([" "], "names: an empty name is the name of no machine."),
    (["web", "db", "web"], "names: 'web' is there twice."),
])
def test_names_that_select_nothing(names, words):
    with pytest.raises(ConvergeError) as caught:
        check({"names": names})
    assert str(caught.value) == words


@pytest.mark.parametrize("names", [None, ["web"], ["web", "db"]])
def test_names_that_select(names):
    check({"names": names})
