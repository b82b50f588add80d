# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a host's network: what changes, in what order, and what is refused."""

from __future__ import annotations

from copy import deepcopy

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import Network

FRESH = Network(
    host="esxi1",
    nics=["vmnic0", "vmnic1"],
    vswitches={"vSwitch0": {"nics": ["vmnic0"], "mtu": 1500, "num_ports": 128}},
    portgroups={
        "Management Network": {"vswitch": "vSwitch0", "vlan_id": 0},
        "VM Network": {"vswitch": "vSwitch0", "vlan_id": 0},
    },
    vmkernels={
        "vmk0": {"portgroup": "Management Network", "ip": "10.0.0.11", "netmask": "255.255.255.0", "dhcp": False,
                 "mtu": 1500, "services": ["management"]},
    },
    dns={"host_name": "localhost", "domain": "", "dns_servers": ["10.0.0.1"], "search_domains": [], "dhcp": True},
    service_types=["faultToleranceLogging", "management", "vmotion"],
)


def vswitch(name="vSwitch1", state="present", **said):
    return {"name": name, "nics": None, "mtu": None, "num_ports": None, "state": state, **said}


def portgroup(name="vMotion", vswitch="vSwitch1", state="present", **said):
    return {"name": name, "vswitch": vswitch, "vlan_id": None, "state": state, **said}


def vmkernel(portgroup="vMotion", state="present", **said):
    return {"portgroup": portgroup, "device": None, "ip": None, "netmask": None, "dhcp": False, "mtu": None,
            "services": None, "state": state, **said}


VMOTION = {
    "vswitches": [vswitch(nics=["vmnic1"])],
    "portgroups": [portgroup()],
    "vmkernels": [vmkernel(ip="10.0.2.11", netmask="255.255.255.0", services=["vmotion"])],
}


def planned(desired, current=FRESH, **more):
    """The plan, and the state it leads to."""
    goal = deepcopy(current)
    return plan(goal, {"purge": False, **desired}, **more), goal


def steps(desired, current=FRESH, **more):
    return [(change.apply, change.what) for change in planned(desired, current, **more)[0]]


def refused(desired, current=FRESH):
    with pytest.raises(ConvergeError) as caught:
        planned(desired, current)
    return str(caught.value)


def test_a_vmotion_network_from_the_bottom_up():
    assert steps(VMOTION) == [
        ("add_vswitch", "vSwitch vSwitch1"),
        ("add_portgroup", "port group vMotion"),
        ("add_vmkernel", "VMkernel adapter vmk1"),
        ("select_service", "service vmotion on vmk1"),
    ]


def test_a_second_run_changes_nothing():
    _changes, reached = planned(VMOTION)
    assert steps(VMOTION, reached) == []


def test_nothing_said_nothing_changed():
    assert steps({}) == []
    assert steps({"vswitches": [vswitch("vSwitch0")], "portgroups": [portgroup("VM Network", None)]}) == []


def test_the_order_of_uplinks_means_nothing():
    _changes, two = planned({"vswitches": [vswitch("vSwitch0", nics=["vmnic0", "vmnic1"])]})
    assert steps({"vswitches": [vswitch("vSwitch0", nics=["vmnic1", "vmnic0"])]}, two) == []


def test_an_update_keeps_what_is_not_said():
    changes, _goal = planned({"vswitches": [vswitch("vSwitch0", mtu=9000)]})
    assert changes[0].before == {"nics": ["vmnic0"], "mtu": 1500, "num_ports": 128}
    assert changes[0].after == {"nics": ["vmnic0"], "mtu": 9000, "num_ports": 128}


def test_unknown_adapter_names_those_there_are():
    assert refused({"vswitches": [vswitch(nics=["vmnic7"])]}) == (
        "vSwitch 'vSwitch1': esxi1 has no physical adapter 'vmnic7'; it has: vmnic0, vmnic1.")


def test_an_adapter_of_another_vswitch_is_not_taken():
    assert "vmnic0 is an uplink of vSwitch 'vSwitch0'" in refused({"vswitches": [vswitch(nics=["vmnic0"])]})


def test_an_adapter_moves_when_the_other_vswitch_gives_it_away():
    desired = {"vswitches": [vswitch("vSwitch1", nics=["vmnic0"]), vswitch("vSwitch0", nics=["vmnic1"])]}
    assert steps(desired) == [("update_vswitch", "vSwitch vSwitch0"), ("add_vswitch", "vSwitch vSwitch1")]


def test_removal_from_the_top_down():
    _changes, built = planned(VMOTION)
    desired = {
        "vswitches": [vswitch(state="absent")],
        "portgroups": [portgroup(state="absent")],
        "vmkernels": [vmkernel(state="absent")],
    }
    assert steps(desired, built) == [
        ("remove_vmkernel", "VMkernel adapter vmk1"),
        ("remove_portgroup", "port group vMotion"),
        ("remove_vswitch", "vSwitch vSwitch1"),
    ]
    assert steps(desired) == []


@pytest.mark.parametrize("desired", [
    {"portgroups": [portgroup(state="absent")]},
    {"vswitches": [vswitch(state="absent")]},
])
def test_what_a_vmkernel_adapter_needs_is_not_removed(desired):
    _changes, built = planned(VMOTION)
    assert "vmk1" in refused(desired, built)


def test_purge_removes_only_from_the_lists_that_are_given():
    _changes, built = planned(VMOTION)
    keep = [portgroup("Management Network", "vSwitch0"), portgroup("vMotion")]
    assert steps({"portgroups": keep, "purge": True}, built) == [("remove_portgroup", "port group VM Network")]
    assert steps({"purge": True}, built) == []


def test_the_last_management_adapter_stays():
    text = refused({"vmkernels": [], "purge": True})
    assert "VMkernel adapter vmk0 cannot be removed" in text


def test_a_portgroup_cannot_change_its_vswitch():
    current = deepcopy(FRESH)
    current.vswitches["vSwitch1"] = {"nics": [], "mtu": 1500, "num_ports": 128}
    assert "cannot be moved to 'vSwitch1'" in refused({"portgroups": [portgroup("VM Network")]}, current)


def test_unknown_vswitch_of_a_portgroup():
    assert refused({"portgroups": [portgroup()]}) == (
        "port group 'vMotion': esxi1 has no vSwitch 'vSwitch1'; it has: vSwitch0.")


def test_unknown_portgroup_of_an_adapter():
    text = refused({"vmkernels": [vmkernel("nowhere", dhcp=True)]})
    assert "no port group 'nowhere'; it has: Management Network, VM Network" in text


def test_a_new_adapter_needs_an_address():
    assert "give 'ip' and 'netmask', or 'dhcp: true'" in refused({"vmkernels": [vmkernel("VM Network")]})


def test_a_device_that_the_host_would_not_choose():
    text = refused({"vmkernels": [vmkernel("VM Network", device="vmk5", dhcp=True)]})
    assert "the host would name the next one vmk1" in text


def test_an_address_belongs_to_one_adapter():
    text = refused({"vmkernels": [vmkernel("VM Network", ip="10.0.0.11", netmask="255.255.255.0")]})
    assert text == "VMkernel adapter vmk1: ip 10.0.0.11 is that of vmk0 on esxi1."


def test_services_are_the_whole_set_and_given_before_they_are_taken():
    _changes, built = planned(VMOTION)
    desired = {"vmkernels": [
        vmkernel("Management Network", services=["vmotion"]),
        vmkernel("vMotion", services=["management"]),
    ]}
    assert steps(desired, built) == [
        ("select_service", "service vmotion on vmk0"),
        ("select_service", "service management on vmk1"),
        ("deselect_service", "service management on vmk0"),
        ("deselect_service", "service vmotion on vmk1"),
    ]


def test_a_service_that_the_host_does_not_have():
    text = refused({"vmkernels": [vmkernel("Management Network", services=["vsan"])]})
    assert "esxi1 has no service 'vsan'; it has: faultToleranceLogging, management, vmotion" in text


def test_dhcp_does_not_plan_what_dhcp_gave():
    current = deepcopy(FRESH)
    current.vmkernels["vmk0"]["dhcp"] = True
    assert steps({"vmkernels": [vmkernel("Management Network", dhcp=True)]}, current) == []
    changes, _goal = planned({"vmkernels": [vmkernel("Management Network", dhcp=True)]})
    assert changes[0].after["dhcp"] is True


def test_the_address_in_use_changes_last():
    desired = {
        "vmkernels": [vmkernel("Management Network", ip="10.0.0.99", netmask="255.255.255.0")],
        "host_name": "esxi1",
        "default_gateway": "10.0.0.1",
    }
    order = [step for step, _what in steps(desired, reached_at="10.0.0.11")]
    assert order == ["set_dns", "update_vmkernel", "set_gateway"]


def test_names_end_dhcp():
    changes, _goal = planned({"host_name": "esxi1"})
    assert changes[0].after == {**FRESH.dns, "host_name": "esxi1", "dhcp": False}
    assert steps({"dns_servers": []}) == [("set_dns", "host name and DNS")]


def test_gateway_must_be_on_a_network_of_the_host():
    assert steps({"default_gateway": "10.0.0.1"}) == [("set_gateway", "default gateway")]
    text = refused({"default_gateway": "10.9.9.9"})
    assert text == "default_gateway: 10.9.9.9 is on none of the networks of esxi1: 10.0.0.0/24."


def test_ipv6():
    assert steps({"ipv6": False}) == [("set_ipv6", "IPv6")]
    assert steps({"ipv6": True}) == []


@pytest.mark.parametrize(("desired", "said"), [
    ({"host_name": "esxi1.example.org"}, "The domain belongs in 'domain'"),
    ({"host_name": "-x"}, "must be 1 to 63 letters"),
    ({"domain": "exa mple"}, "'exa mple' is not a domain name"),
    ({"dns_servers": ["one"]}, "'one' is not an IP address"),
    ({"vswitches": [vswitch(), vswitch()]}, "vswitches: name 'vSwitch1' is given twice"),
    ({"vswitches": [vswitch(mtu=9001)]}, "mtu 9001 must be from 1280 to 9000"),
    ({"vswitches": [vswitch(nics=["vmnic1", "vmnic1"])]}, "'vmnic1' is given twice"),
    ({"portgroups": [portgroup(vlan_id=4096)]}, "vlan_id 4096 must be from 0"),
    ({"vmkernels": [vmkernel(None)]}, "needs 'portgroup', 'device' or both"),
    ({"vmkernels": [vmkernel(device="eth0")]}, "must be vmk and a number"),
    ({"vmkernels": [vmkernel(ip="10.0.2.11")]}, "'ip' and 'netmask' belong together"),
    ({"vmkernels": [vmkernel(ip="10.0.2.11", netmask="255.0.255.0")]}, "is not a netmask"),
    ({"vmkernels": [vmkernel(ip="10.0.2.0", netmask="255.255.255.0")]}, "is the network or broadcast address"),
    ({"vmkernels": [vmkernel(ip="fe80::1", netmask="255.255.255.0")]}, "is not an IPv4 address"),
    ({"vmkernels": [vmkernel(ip="10.0.2.1", netmask="255.255.255.0", dhcp=True)]}, "either 'dhcp: true' or"),
])
def test_what_no_host_could_take(desired, said):
    assert said in refused(desired)
