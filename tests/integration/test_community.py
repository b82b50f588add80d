# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of community.vmware that the thesis's chapter 3 needs: clients that nobody here wrote."""

from __future__ import annotations

import pytest

from tests.support import states

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", autouse=True)
def hosts(ansible, twin):
    """Hosts in the vCenter with nothing configured, and a NAS with its LUN."""
    steps = [("vcenter_datacenter", {"name": states.DATACENTER}, "vcenter")]
    steps += [("vcenter_host", states.host(twin, number), "vcenter") for number in (1, 2)]
    steps += [("freenas_iscsi", states.target(twin), "nas")]
    for module, args, where in steps:
        done = ansible.run(module, args, where)
        assert not done.failed, f"{module}: {done.msg}"


def twice(ansible, module, args):
    """It changes something, and the second time nothing."""
    done = ansible.run(f"community.vmware.{module}", args, "vcenter")
    assert not done.failed, done.msg
    assert done.changed, done.data
    again = ansible.run(f"community.vmware.{module}", args, "vcenter")
    assert not again.failed, again.msg
    assert not again.changed, again.data
    return done


def scan(ansible, name):
    """Look for LUNs and volumes."""
    done = ansible.run("community.vmware.vmware_host_scanhba", {"esxi_hostname": name, "refresh_storage": True}, "vcenter")
    assert not done.failed, done.msg


def network(twin, number):
    name = states.host_name(twin, number)
    vmkernel = {
        "esxi_hostname": name,
        "vswitch_name": "vSwitch1",
        "portgroup_name": "vMotion",
        "enable_vmotion": True,
        "network": {"type": "static", "ip_address": f"{twin.data}.{10 + number}", "subnet_mask": "255.255.255.0"},
    }
    return [
        ("vmware_vswitch", {"esxi_hostname": name, "switch": "vSwitch1", "nics": ["vmnic1"], "mtu": 1500}),
        ("vmware_portgroup", {"hosts": [name], "switch": "vSwitch1", "portgroup": "vMotion", "vlan_id": 0}),
        ("vmware_vmkernel", vmkernel),
    ]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("step", [0, 1, 2], ids=["vmware_vswitch", "vmware_portgroup", "vmware_vmkernel"])
def test_network(ansible, twin, number, step):
    twice(ansible, *network(twin, number)[step])


def test_vmware_host_iscsi(ansible, twin):
    for number in (1, 2):
        name = {"esxi_hostname": states.host_name(twin, number)}
        twice(ansible, "vmware_host_iscsi", {**name, "state": "enabled"})
        info = ansible.run("community.vmware.vmware_host_iscsi_info", name, "vcenter")
        adapter = info.data["iscsi_properties"]["vmhba_name"]
        for config in ({"port_bind": ["vmk1"]}, {"send_target": {"address": f"{twin.data}.129"}}):
            twice(ansible, "vmware_host_iscsi", {**name, "iscsi_config": {"vmhba_name": adapter, **config}})


def test_vmware_host_scanhba_and_host_datastore(ansible, twin):
    first, second = (states.host_name(twin, number) for number in (1, 2))
    scan(ansible, first)
    disks = ansible.run("community.vmware.vmware_host_disk_info", {"esxi_hostname": first}, "vcenter")
    names = [disk["canonical_name"] for disk in disks.data["hosts_disk_info"][first]]
    naa = next(name for name in names if name.startswith("naa."))
    args = {"datastore_name": states.DATASTORE, "datastore_type": "vmfs", "vmfs_device_name": naa, "state": "present"}
    twice(ansible, "vmware_host_datastore", {**args, "esxi_hostname": first})
    scan(ansible, second)
    there = ansible.run("community.vmware.vmware_host_datastore", {**args, "esxi_hostname": second}, "vcenter")
    assert not there.failed, there.msg
    assert not there.changed, "the second host has the first one's datastore once it has looked"


def test_ours_have_nothing_left_to_do(ansible, twin):
    for number in (1, 2):
        ansible.unchanged("esxi_network", states.network(twin, number), f"esxi{number}")
        ansible.unchanged("esxi_iscsi", states.iscsi(twin), f"esxi{number}")
    ansible.unchanged("esxi_datastore", states.datastore(twin), "vcenter")
