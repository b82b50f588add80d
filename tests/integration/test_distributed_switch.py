# SPDX-License-Identifier: GPL-3.0-or-later
"""esxi_network beside a distributed switch: what is vCenter's stays as it is, whatever is purged on the host."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task

from tests.support import states

pytestmark = pytest.mark.integration

SWITCH = "DSwitch"
STANDARD = {
    "vswitches": [{"name": "vSwitch1"}],
    "portgroups": [{"name": "vMotion", "vswitch": "vSwitch1"}],
    "vmkernels": [{"portgroup": "vMotion", "ip": "10.7.7.2", "netmask": "255.255.255.0"}],
}


@pytest.fixture(scope="module")
def shared(ansible, twin):
    """Host 1 with vmnic1 in a distributed switch that carries vmk1; what STANDARD says is on the host's own switches."""
    for module, args in (("vcenter_datacenter", {"name": states.DATACENTER}), ("vcenter_host", states.host(twin, 1))):
        added = ansible.run(module, args, "vcenter")
        assert not added.failed, added.msg
    with Client(ansible.options("vcenter")) as client:
        host, network = host_of(client, states.host_name(twin, 1))
        add_adapter(client, make_switch(client, host), network)
    ansible.converge("esxi_network", STANDARD, "esxi1")
    return ansible


def host_of(client: Client, name: str) -> tuple[vim.HostSystem, vim.host.NetworkSystem]:
    hosts = client.collect({vim.HostSystem: ["name", "configManager.networkSystem"]})
    return next((ref, values["configManager.networkSystem"]) for ref, values in hosts.items() if values["name"] == name)


def make_switch(client: Client, host: vim.HostSystem) -> vim.dvs.PortConnection:
    """The distributed switch with the host's vmnic1 as uplink, and a port of its port group."""
    folder = next(iter(client.collect({vim.Datacenter: ["networkFolder"]}).values()))["networkFolder"]
    config = vim.VmwareDistributedVirtualSwitch.ConfigSpec(name=SWITCH)
    made = wait_for_task(client, folder.CreateDVS_Task(vim.DistributedVirtualSwitch.CreateSpec(configSpec=config)))
    switch = made.result
    group = vim.dvs.DistributedVirtualPortgroup.ConfigSpec(name="dv-vmotion", numPorts=8, type="earlyBinding")
    wait_for_task(client, switch.AddDVPortgroup_Task([group]))
    uplink = vim.dvs.HostMember.PnicSpec(pnicDevice="vmnic1")
    member = vim.dvs.HostMember.ConfigSpec(operation="add", host=host, backing=vim.dvs.HostMember.PnicBacking(pnicSpec=[uplink]))
    wait_for_task(client, switch.ReconfigureDvs_Task(vim.VmwareDistributedVirtualSwitch.ConfigSpec(host=[member])))
    groups = client.collect({vim.dvs.DistributedVirtualPortgroup: ["name", "key"]})
    key = next(values["key"] for values in groups.values() if values["name"] == "dv-vmotion")
    return vim.dvs.PortConnection(switchUuid=client.read(switch, "uuid")["uuid"], portgroupKey=key)


def add_adapter(client: Client, port: vim.dvs.PortConnection, network: vim.host.NetworkSystem) -> None:
    address = vim.host.IpConfig(dhcp=False, ipAddress="10.7.7.1", subnetMask="255.255.255.0")
    spec = vim.host.VirtualNic.Specification(ip=address, distributedVirtualPort=port)
    assert network.AddVirtualNic("", spec) == "vmk1"


def of_the_host(ansible, twin) -> tuple[dict[str, str], list[str]]:
    """The host's VMkernel adapters, by the UUID of their distributed switch or "", and the distributed switches it is in."""
    with Client(ansible.options("vcenter")) as client:
        host, _network = host_of(client, states.host_name(twin, 1))
        info = client.read(host, "config.network")["config.network"]
    adapters = {nic.device: getattr(nic.spec.distributedVirtualPort, "switchUuid", "") for nic in info.vnic}
    return adapters, [switch.dvsName for switch in info.proxySwitch]


@pytest.mark.parametrize("where", ["esxi1", "vcenter"])
def test_purge_leaves_an_adapter_on_a_distributed_switch_alone(shared, twin, where):
    host = {"esxi_hostname": states.host_name(twin, 1)} if where == "vcenter" else {}
    shared.run("esxi_network", {**host, **STANDARD}, where)
    adapters, switches = of_the_host(shared, twin)
    assert sorted(adapters) == ["vmk0", "vmk1", "vmk2"]
    assert [device for device, uuid in adapters.items() if uuid] == ["vmk1"]
    assert switches == [SWITCH]

    nothing = {**host, "vswitches": [], "portgroups": [], "vmkernels": [], "purge": True}
    done = shared.converge("esxi_network", nothing, where)
    purged = [change["what"] for change in done.data["changes"]]
    assert any("vmk2" in what for what in purged), purged
    assert not any("vmk1" in what or SWITCH in what for what in purged), purged
    left, switches = of_the_host(shared, twin)
    assert left == {device: uuid for device, uuid in adapters.items() if device != "vmk2"}
    assert switches == [SWITCH]


def test_its_uplink_is_refused_to_a_vswitch_in_both_modes(shared):
    args = {"vswitches": [{"name": "vSwitch5", "nics": ["vmnic1"]}]}
    shared.refused_in_both_modes("esxi_network", args, "esxi1", "vmnic1", SWITCH)
