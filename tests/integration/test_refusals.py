# SPDX-License-Identifier: GPL-3.0-or-later
"""esxi_network: what a run would refuse, check mode refuses in the same words; and the orders in which changes can be made."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task

from tests.support import states

pytestmark = pytest.mark.integration

MACHINE = "web/1"
STAYS = "Management Network"


@pytest.fixture(scope="module")
def built(ansible, twin):
    """Hosts with a vMotion network to which iSCSI is bound, and a machine on host 1's port group "VM Network"."""
    states.build(ansible)
    with Client(ansible.options("vcenter")) as client:
        make_machine(client, states.host_name(twin, 1))
    return ansible


def make_machine(client: Client, host: str) -> None:
    """A machine with one adapter on "VM Network" of a host (by its name in the vCenter)."""
    backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName="VM Network")
    card = vim.vm.device.VirtualDeviceSpec(operation="add", device=vim.vm.device.VirtualVmxnet3(key=-1, backing=backing))
    config = vim.vm.ConfigSpec(
        name=MACHINE,
        memoryMB=64,
        numCPUs=1,
        guestId="otherGuest",
        deviceChange=[card],
        files=vim.vm.FileInfo(vmPathName=f"[{states.DATASTORE}]"),
    )
    found = client.collect({vim.Datacenter: ["vmFolder"], vim.HostSystem: ["name", "parent"]})
    folder = next(values["vmFolder"] for values in found.values() if "vmFolder" in values)
    on, parent = next(
        (ref, values["parent"]) for ref, values in found.items() if isinstance(ref, vim.HostSystem) and values["name"] == host
    )
    pool = client.read(parent, "resourcePool")["resourcePool"]
    wait_for_task(client, folder.CreateVM_Task(config, pool, on))


def adapter(portgroup: str = "vMotion", **said) -> dict:
    return {"portgroup": portgroup, **said}


REFUSED = {
    "a port group with a machine on it": ({"portgroups": [{"name": "VM Network", "state": "absent"}]}, ["VM Network", MACHINE]),
    "moving a port group with a machine on it": (
        {"portgroups": [{"name": "VM Network", "vswitch": "vSwitch1"}]},
        ["VM Network", MACHINE, "vSwitch1"],
    ),
    "a vSwitch with a machine and management on it": ({"vswitches": [{"name": "vSwitch0", "state": "absent"}]}, ["vSwitch0"]),
    "an adapter that iSCSI is bound to": ({"vmkernels": [adapter(state="absent")]}, ["vmk1", "iSCSI", "port binding"]),
    "moving the adapter that iSCSI is bound to": (
        {"portgroups": [{"name": "other", "vswitch": "vSwitch1"}], "vmkernels": [adapter("other", device="vmk1")]},
        ["vmk1", "iSCSI", "force"],
    ),
    "the uplink under iSCSI": ({"vswitches": [{"name": "vSwitch1", "nics": []}]}, ["vmk1", "iSCSI", "force"]),
    "no services on the management adapter": ({"vmkernels": [adapter(STAYS, services=[])]}, ["vmk0", "management"]),
    "the management adapter": ({"vmkernels": [adapter(STAYS, state="absent")]}, ["vmk0"]),
    "the last uplink of management": ({"vswitches": [{"name": "vSwitch0", "nics": []}]}, ["vSwitch0", "vmk0", "force"]),
    "the VLAN of management": ({"portgroups": [{"name": STAYS, "vlan_id": 20}]}, ["vmk0", "20", "force"]),
    "the address of management": (
        {"vmkernels": [adapter(STAYS, ip="203.0.113.77", netmask="255.255.255.0")]},
        ["vmk0", "203.0.113.77", "force"],
    ),
    "an empty name": ({"vswitches": [{"name": ""}]}, ["vswitches", "31"]),
    "a vSwitch's name too long": ({"vswitches": [{"name": "v" * 32}]}, ["32", "31"]),
    "a port group's name too long": ({"portgroups": [{"name": "/" * 27, "vswitch": "vSwitch0"}]}, ["81", "80"]),
    "an MTU above the vSwitch's": ({"vmkernels": [adapter(mtu=9000)]}, ["vmk1", "9000", "vSwitch1", "1500"]),
    "an uplink of another vSwitch": ({"vswitches": [{"name": "vSwitch9", "nics": ["vmnic0"]}]}, ["vmnic0", "vSwitch0"]),
    "two adapters on one port group": ({"vmkernels": [adapter(), adapter(device="vmk1")]}, ["vMotion", "twice"]),
    "an adapter meant twice": ({"vmkernels": [adapter(), {"device": "vmk1", "mtu": 1500}]}, ["vmk1", "entry"]),
    "a netmask that is none": ({"vmkernels": [adapter(ip="10.1.1.1", netmask="255.0.255.0")]}, ["255.0.255.0"]),
    "a gateway nobody reaches": ({"default_gateway": "203.0.113.1"}, ["203.0.113.1", "none of the networks"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_both_modes(built, twin, case):
    args, wants = REFUSED[case]
    before = (twin.dir / "esxi1" / "host.json").read_bytes()
    built.refused_in_both_modes("esxi_network", args, "esxi1", *wants)
    assert (twin.dir / "esxi1" / "host.json").read_bytes() == before


@pytest.mark.parametrize(
    "case", ["a port group with a machine on it", "an adapter that iSCSI is bound to", "the last uplink of management"]
)
def test_refused_through_a_vcenter_too(built, twin, case):
    args, wants = REFUSED[case]
    built.refused_in_both_modes("esxi_network", {**args, "esxi_hostname": states.host_name(twin, 1)}, "vcenter", *wants)


def test_purge_leaves_what_is_needed_and_says_so(built):
    args = {"vmkernels": [], "portgroups": [], "vswitches": [], "purge": True}
    planned = built.run("esxi_network", args, "esxi1", check=True)
    assert not planned.failed, planned.msg
    assert not planned.changed, planned.data
    said = " ".join(planned.data["warnings"])
    for text in ("vmk0", "vmk1", "iSCSI", MACHINE, "vSwitch1"):
        assert text in said


def test_vswitches_swap_their_uplinks(built):
    def swapped(first, second):
        return {"vswitches": [{"name": "vSwitch0", "nics": [first]}, {"name": "vSwitch1", "nics": [second]}]}

    built.converge("esxi_network", swapped("vmnic1", "vmnic0"), "esxi1")
    built.converge("esxi_network", swapped("vmnic0", "vmnic1"), "esxi1")


def test_the_mtu_goes_up_and_down(built):
    for mtu in (9000, 1500):
        args = {"vswitches": [{"name": "vSwitch1", "mtu": mtu}], "vmkernels": [adapter(mtu=mtu)]}
        done = built.converge("esxi_network", args, "esxi1")
        order = [change["what"].split()[0] for change in done.data["changes"]]
        assert order == (["vSwitch", "VMkernel"] if mtu == 9000 else ["VMkernel", "vSwitch"])


@pytest.mark.parametrize("name", ["10.0.0.0/24", "100% sure", "back\\slash", "a%2fb"])
@pytest.mark.parametrize("where", ["esxi1", "vcenter"])
def test_names_that_a_vcenter_escapes(built, twin, name, where):
    host = {"esxi_hostname": states.host_name(twin, 1)} if where == "vcenter" else {}
    built.converge("esxi_network", {**host, "portgroups": [{"name": name, "vswitch": "vSwitch0"}]}, where)
    built.converge("esxi_network", {**host, "portgroups": [{"name": name, "state": "absent"}]}, where)


def test_the_address_of_management_is_followed_when_forced(built, twin):
    new = f"{twin.control}.77"
    args = {"vmkernels": [adapter(STAYS, ip=new, netmask="24")], "force": True}
    done = built.run("esxi_network", args, "esxi2")
    assert not done.failed, done.msg
    again = built.run("esxi_network", args, "esxi2", env={"VMWARE_HOST": new})
    assert not again.failed, again.msg
    assert not again.changed, again.data
