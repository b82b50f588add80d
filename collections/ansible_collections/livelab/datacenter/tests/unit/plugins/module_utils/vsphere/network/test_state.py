# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's network from the objects of the vSphere API."""

from __future__ import annotations

from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import (
    Dns,
    PortGroup,
    VMkernel,
    VSwitch,
    from_api,
)


def vnic(device, portgroup, ip, dhcp=False):
    return Obj(device=device, key=f"key-{device}", portgroup=portgroup,
               spec=Obj(ip=Obj(ipAddress=ip, subnetMask="255.0.0.0", dhcp=dhcp), mtu=None, portgroup=None))


def network(**more):
    bond = Obj(nicDevice=["vmnic1", "vmnic0"])
    return Obj(**{
        "pnic": [Obj(device="vmnic0"), Obj(device="vmnic1")],
        "vswitch": [
            Obj(name="vSwitch0", spec=Obj(bridge=bond, mtu=None, numPorts=128), mtu=None, numPorts=1536, pnic=[]),
            Obj(name="inner", spec=Obj(bridge=None, mtu=9000, numPorts=8), mtu=9000, numPorts=8, pnic=None),
        ],
        "portgroup": [Obj(spec=Obj(name="VM Network", vswitchName="vSwitch0", vlanId=7))],
        "vnic": [vnic("vmk0", "VM Network", "10.0.0.1")],
        "dnsConfig": Obj(hostName="esxi1", domainName=None, address=["1.1.1.1"], searchDomain=None, dhcp=False),
        "ipRouteConfig": Obj(defaultGateway="10.0.0.254"),
        "ipV6Enabled": True,
        "atBootIpV6Enabled": False,
        **more,
    })


def test_everything_once():
    managers = [
        Obj(nicType="vmotion", candidateVnic=[vnic("vmk0", "", "")], selectedVnic=["key-vmk0"]),
        Obj(nicType="vsan", candidateVnic=None, selectedVnic=None),
    ]
    state = from_api("esxi1", network(), managers)
    assert state.nics == ("vmnic0", "vmnic1")
    assert state.vswitches == {"vSwitch0": VSwitch(("vmnic1", "vmnic0"), 1500, 128), "inner": VSwitch((), 9000, 8)}
    assert state.portgroups == {"VM Network": PortGroup("vSwitch0", 7)}
    assert state.vmkernels["vmk0"] == VMkernel("VM Network", "10.0.0.1", "255.0.0.0", services=frozenset(["vmotion"]))
    assert state.dns == Dns("esxi1", "", ("1.1.1.1",), (), False)
    assert (state.default_gateway, state.ipv6, state.ipv6_now) == ("10.0.0.254", False, True)
    assert state.service_types == ("vmotion", "vsan")


def test_hosts_that_leave_things_out():
    state = from_api("old", network(dnsConfig=None, ipRouteConfig=None, atBootIpV6Enabled=None, vnic=None), None)
    assert (state.vmkernels, state.default_gateway, state.ipv6) == ({}, None, True)
    assert state.dns == Dns()


def test_selected_adapters_by_device_name():
    managers = [Obj(nicType="management", candidateVnic=[], selectedVnic=["VirtualNicManager.management.key-vmk0",
                                                                          "management.key-vim.host.VirtualNic-vmk0"])]
    assert from_api("esxi1", network(), managers).vmkernels["vmk0"].services == {"management"}


def test_uplinks_by_key_when_there_is_no_bridge_to_tell_them():
    switch = Obj(name="vSwitch0", spec=Obj(bridge=None, mtu=1500, numPorts=8), mtu=1500, numPorts=8,
                 pnic=["key-vim.host.PhysicalNic-vmnic1"])
    assert from_api("esxi1", network(vswitch=[switch]), None).vswitches["vSwitch0"].nics == ("vmnic1",)


@pytest.mark.parametrize(("more", "elsewhere"), [
    ({"distributedVirtualPort": Obj(portKey="7")}, "a distributed switch"),
    ({"opaqueNetwork": Obj(opaqueNetworkId="x")}, "an opaque network"),
    ({"systemOwned": True}, "the system's own network"),
    ({"systemOwned": False}, ""),
])
def test_adapters_that_are_on_no_standard_switch(more, elsewhere):
    adapter = vnic("vmk3", "", "10.0.0.3")
    vars(adapter.spec).update(more)
    assert from_api("esxi1", network(vnic=[adapter]), None).vmkernels["vmk3"].elsewhere == elsewhere


def test_uplinks_of_other_kinds_of_switches():
    key = "key-vim.host.PhysicalNic-vmnic"
    info = network(proxySwitch=[Obj(dvsName="DSwitch", pnic=[f"{key}2"])],
                   opaqueSwitch=[Obj(key="nsx", name=None, pnic=[f"{key}3"])])
    assert from_api("esxi1", info, None).taken == {
        "vmnic2": "the distributed switch 'DSwitch'", "vmnic3": "the opaque switch 'nsx'"}


def test_the_way_is_the_adapter_that_has_the_address_of_the_server():
    assert from_api("esxi1", network(), None, addresses=["fe80::1", "10.0.0.1"]).reached_at == "10.0.0.1"
    assert from_api("esxi1", network(), None, addresses=["192.0.2.1"]).reached_at is None
