# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a host's network: what changes, in what order, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan import plan, remarks
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_goal import declared, device_of, goal
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import (
    Dns,
    Network,
    PortGroup,
    VMkernel,
    VSwitch,
)

FRESH = Network(
    host="esxi1",
    nics=("vmnic0", "vmnic1"),
    vswitches={"vSwitch0": VSwitch(("vmnic0",))},
    portgroups={"Management Network": PortGroup("vSwitch0"), "VM Network": PortGroup("vSwitch0")},
    vmkernels={
        "vmk0": VMkernel("Management Network", "10.0.0.11", "255.255.255.0", services=frozenset(["management"])),
    },
    dns=Dns("localhost", "", ("10.0.0.1",), (), True),
    service_types=("faultToleranceLogging", "management", "vmotion"),
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


def asked(**desired):
    return {"purge": False, "force": False, **desired}


def planned(desired, current=FRESH):
    """The plan, and the state it leads to."""
    return plan(current, asked(**desired)), goal(current, asked(**desired))


def steps(desired, current=FRESH):
    return [(change.apply, change.what) for change in planned(desired, current)[0]]


def names(desired, current):
    return [change.what for change in planned(desired, current)[0]]


def refused(desired, current=FRESH):
    with pytest.raises(ConvergeError) as caught:
        planned(desired, current)
    return str(caught.value)


# vSwitch0 for management, vSwitch1 with vMotion on vmk1.
BUILT = replace(
    FRESH,
    nics=("vmnic0", "vmnic1", "vmnic2"),
    vswitches={**FRESH.vswitches, "vSwitch1": VSwitch(("vmnic1",))},
    portgroups={**FRESH.portgroups, "vMotion": PortGroup("vSwitch1")},
    vmkernels={**FRESH.vmkernels, "vmk1": VMkernel("vMotion", "10.0.2.11", "255.255.255.0", services=frozenset(["vmotion"]))},
)


def with_adapter(current, device, **values):
    have = current.vmkernels.get(device, VMkernel("vMotion"))
    return replace(current, vmkernels={**current.vmkernels, device: replace(have, **values)})


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

    changes, _goal = planned({"vswitches": [vswitch("vSwitch0", num_ports=256)]})
    assert changes[0].after == {"nics": ["vmnic0"], "mtu": 1500, "num_ports": 256}
    changes, _goal = planned({"portgroups": [portgroup("VM Network", None, vlan_id=7)]})
    assert (changes[0].before, changes[0].after) == (
        {"vswitch": "vSwitch0", "vlan_id": 0}, {"vswitch": "vSwitch0", "vlan_id": 7})


def test_a_new_port_group_needs_a_vswitch():
    assert refused({"portgroups": [portgroup("new", None)]}) == (
        "port group 'new' does not exist on esxi1: 'vswitch' must say where to add it. There are: vSwitch0.")


def test_unknown_adapter_names_those_there_are():
    assert refused({"vswitches": [vswitch(nics=["vmnic7"])]}) == (
        "vSwitch 'vSwitch1': esxi1 has no physical adapter 'vmnic7'; it has: vmnic0, vmnic1.")


def test_an_adapter_of_another_vswitch_is_not_taken():
    # Whichever of the two names comes first.
    for name in ("vSwitch1", "aSwitch"):
        assert refused({"vswitches": [vswitch(name, nics=["vmnic0"])]}) == (
            f"vSwitch '{name}': vmnic0 is an uplink of vSwitch 'vSwitch0' on esxi1, and can be one of a single vSwitch. Free "
            "adapters: vmnic1.")


def test_an_adapter_of_another_vswitch_is_not_taken_whatever_else_becomes_of_that():
    said = "is an uplink of vSwitch '{}' on esxi1, and can be one of a single vSwitch"
    assert said.format("vSwitch1") in refused({"vswitches": [vswitch("vSwitch0", nics=["vmnic0", "vmnic1"])]}, BUILT)
    assert said.format("vSwitch0") in refused({"vswitches": [vswitch("vSwitch0", mtu=1600), vswitch(nics=["vmnic0"])]})
    two = replace(BUILT, vswitches={"vSwitch0": VSwitch(("vmnic0", "vmnic2")), "vSwitch1": VSwitch()})
    assert said.format("vSwitch0") in refused({"vswitches": [vswitch(nics=["vmnic2"])]}, two)


def test_an_uplink_that_was_taken_out_of_the_host_is_not_this_tasks():
    assert names({"host_name": "new"}, replace(BUILT, nics=("vmnic0",))) == ["host name and DNS"]


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


@pytest.mark.parametrize(("desired", "what"), [
    ({"portgroups": [portgroup(state="absent")]}, "port group 'vMotion'"),
    ({"vswitches": [vswitch(state="absent")]}, "vSwitch 'vSwitch1'"),
    ({"vswitches": [vswitch(state="absent")], "portgroups": [portgroup(state="absent")]}, "vSwitch 'vSwitch1'"),
])
def test_what_a_vmkernel_adapter_needs_is_not_removed(desired, what):
    _changes, built = planned(VMOTION)
    assert refused(desired, built) == (f"{what} cannot be removed from esxi1: vmk1 is on port group 'vMotion'. Declare that "
                                       "VMkernel adapter absent too.")
    several = with_adapter(built, "vmk2", portgroup="vMotion")
    assert f"{what} cannot be removed from esxi1: vmk1, vmk2 is on" in refused(desired, several)


def test_purge_removes_only_from_the_lists_that_are_given():
    _changes, built = planned(VMOTION)
    keep = [portgroup("Management Network", "vSwitch0"), portgroup("vMotion")]
    assert steps({"portgroups": keep, "purge": True}, built) == [("remove_portgroup", "port group VM Network")]
    assert steps({"purge": True}, built) == []


def test_the_last_management_adapter_stays():
    assert refused({"vmkernels": [vmkernel("Management Network", state="absent")]}) == (
        "VMkernel adapter vmk0 cannot be removed: it is the only one esxi1 is managed over. Declare it present, or give the "
        "service 'management' to another.")


def test_unknown_vswitch_of_a_portgroup():
    assert refused({"portgroups": [portgroup()]}) == (
        "port group 'vMotion': esxi1 has no vSwitch 'vSwitch1'; it has: vSwitch0.")


def test_unknown_portgroup_of_an_adapter():
    said = "esxi1 has no port group 'nowhere'; it has: Management Network, VM Network."
    assert refused({"vmkernels": [vmkernel("nowhere", dhcp=True)]}) == f"VMkernel adapter vmk1: {said}"
    assert refused({"vmkernels": [vmkernel("nowhere", device="vmk0")]}) == f"VMkernel adapter vmk0: {said}"


def test_an_adapter_that_is_not_there_is_not_moved_nor_changed():
    assert refused({"vmkernels": [vmkernel(None, device="vmk7", mtu=9000)]}) == (
        "VMkernel adapter vmk7 does not exist on esxi1; it has: vmk0. To add one, give its 'portgroup'.")
    assert steps({"vmkernels": [vmkernel(None, "absent", device="vmk7"), vmkernel("VM Network", "absent")]}) == []


def test_which_of_several_adapters_must_be_said():
    current = with_adapter(BUILT, "vmk3", portgroup="vMotion")
    assert refused({"vmkernels": [vmkernel(mtu=1400)]}, current) == (
        "VMkernel adapter on port group 'vMotion': esxi1 has several there; 'device' must say which: vmk1, vmk3.")
    assert names({"vmkernels": [vmkernel(None, device="vmk3", mtu=1400)]}, current) == ["VMkernel adapter vmk3"]


def test_a_new_adapter_needs_an_address():
    assert refused({"vmkernels": [vmkernel("VM Network")]}) == (
        "VMkernel adapter on port group 'VM Network' does not exist on esxi1: to add it, give 'ip' and 'netmask', or "
        "'dhcp: true'.")


def test_a_device_that_the_host_would_not_choose():
    assert refused({"vmkernels": [vmkernel("VM Network", device="vmk5", dhcp=True)]}) == (
        "VMkernel adapter vmk5 does not exist on esxi1, and cannot be made: the host would name the next one vmk1. Leave "
        "'device' out, or give vmk1.")
    assert names({"vmkernels": [vmkernel("VM Network", device="vmk1", dhcp=True)]}, FRESH) == ["VMkernel adapter vmk1"]


def test_a_new_adapter_whole():
    desired = {"vmkernels": [vmkernel("VM Network", ip="10.0.0.12", netmask="24", mtu=1400, services=["vmotion"])]}
    change = planned(desired)[0][0]
    assert (change.before, change.args) == (None, {"device": "vmk1"})
    assert change.after == {
        "portgroup": "VM Network", "ip": "10.0.0.12", "netmask": "255.255.255.0", "dhcp": False, "mtu": 1400}


def test_a_fixed_address_in_the_place_of_dhcps():
    current = with_adapter(BUILT, "vmk1", dhcp=True)
    change = planned({"vmkernels": [vmkernel(ip="10.0.2.11", netmask="24")]}, current)[0][0]
    assert (change.before["dhcp"], change.after["dhcp"], change.after["ip"]) == (True, False, "10.0.2.11")
    change = planned({"vmkernels": [vmkernel(dhcp=True)]}, BUILT)[0][0]
    assert change.after == {"portgroup": "vMotion", "ip": None, "netmask": None, "dhcp": True, "mtu": 1500}


def test_the_devices_of_the_declared_adapters():
    desired = asked(portgroups=[portgroup("storage"), portgroup("more")], vmkernels=[
        vmkernel("storage", device="vmk1"), vmkernel("more", dhcp=True), vmkernel("Management Network"),
        vmkernel("VM Network", "absent")])
    assert declared(BUILT, desired) == {"storage": "vmk1", "more": "vmk2", "Management Network": "vmk0"}
    anew = asked(portgroups=[portgroup("storage")], vmkernels=[vmkernel(state="absent"), vmkernel("storage", dhcp=True)])
    assert declared(BUILT, anew) == {"storage": "vmk1 (new)"}
    assert (device_of("vmk1 (new)"), device_of("vmk1")) == ("vmk1", "vmk1")
    assert declared(BUILT, asked()) == {}
    assert declared(BUILT, asked(vmkernels=[vmkernel(None, device="vmk1", mtu=1400)])) == {"vMotion": "vmk1"}


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
    assert text == "VMkernel adapter vmk0: esxi1 has no service 'vsan'; it has: faultToleranceLogging, management, vmotion."
    # One that the adapter has already is none of this task's.
    current = with_adapter(BUILT, "vmk1", services=frozenset(["vmotion", "old"]))
    assert names({"vmkernels": [vmkernel(services=["old"])]}, current) == ["service vmotion on vmk1"]


def test_dhcp_does_not_plan_what_dhcp_gave():
    current = with_adapter(FRESH, "vmk0", dhcp=True)
    assert steps({"vmkernels": [vmkernel("Management Network", dhcp=True)]}, current) == []
    changes, _goal = planned({"vmkernels": [vmkernel("Management Network", dhcp=True)], "force": True})
    assert changes[0].after["dhcp"] is True


def test_the_address_in_use_changes_last():
    desired = {
        "vmkernels": [vmkernel("Management Network", ip="10.0.0.99", netmask="255.255.255.0")],
        "host_name": "esxi1",
        "default_gateway": "10.0.0.1",
        "force": True,
    }
    order = [step for step, _what in steps(desired, replace(FRESH, reached_at="10.0.0.11"))]
    assert order == ["set_dns", "update_vmkernel", "set_gateway"]


def test_names_end_dhcp():
    changes, _goal = planned({"host_name": "esxi1"})
    assert changes[0].after == {**FRESH.dns.shown(), "host_name": "esxi1", "dhcp": False}
    assert steps({"dns_servers": []}) == [("set_dns", "host name and DNS")]


def test_names_and_dns_whole():
    said = {"host_name": "esxi1", "domain": "lab.example", "dns_servers": ["10.0.0.2"], "search_domains": ["lab.example"]}
    (change,), _goal = planned(said)
    assert (change.what, change.apply, change.before) == ("host name and DNS", "set_dns", FRESH.dns.shown())
    assert change.after == {**said, "dhcp": False}
    for option, value in said.items():
        (change,), _goal = planned({option: value})
        assert change.after == {**FRESH.dns.shown(), option: value, "dhcp": False}


def test_gateway_must_be_on_a_network_of_the_host():
    assert steps({"default_gateway": "10.0.0.1"}) == [("set_gateway", "default gateway")]
    text = refused({"default_gateway": "10.9.9.9"})
    assert text == "default_gateway: 10.9.9.9 is on none of the networks of esxi1: 10.0.0.0/24."
    change = planned({"default_gateway": "10.0.0.1"})[0][0]
    assert (change.before, change.after) == ({"default_gateway": None}, {"default_gateway": "10.0.0.1"})


def test_a_gateway_that_was_there_before_is_not_this_tasks():
    current = replace(FRESH, default_gateway="10.9.9.9")
    assert steps({"default_gateway": "10.9.9.9"}, current) == []
    assert names({"host_name": "new"}, current) == ["host name and DNS"]


@pytest.mark.parametrize(("changed", "taken"), [
    # Where a lease will put an adapter nobody knows yet; where it has put one, it is.
    ({"ip": None, "netmask": None, "dhcp": True}, True),
    ({"dhcp": True}, False),
    # One without an address and without DHCP will not be anywhere.
    ({"ip": None, "netmask": None}, False),
    # A stack of its own has a gateway of its own.
    ({"ip": "10.9.9.1", "netmask": "255.255.255.0", "stack": "vmotion"}, False),
    ({"ip": "10.9.9.1", "netmask": "255.255.255.0"}, True),
])
def test_a_gateway_and_the_other_adapters(changed, taken):
    current = with_adapter(BUILT, "vmk1", **changed)
    if taken:
        assert steps({"default_gateway": "10.9.9.9"}, current) == [("set_gateway", "default gateway")]
    else:
        assert "is on none of the networks of esxi1: 10.0.0.0/24" in refused({"default_gateway": "10.9.9.9"}, current)


def test_a_gateway_where_no_adapter_has_an_address_yet():
    current = with_adapter(FRESH, "vmk0", ip=None, netmask=None)
    assert steps({"default_gateway": "10.9.9.9"}, current) == [("set_gateway", "default gateway")]


def test_ipv6():
    assert steps({"ipv6": False}) == [("set_ipv6", "IPv6")]
    change = planned({"ipv6": False})[0][0]
    assert (change.before, change.after) == ({"enabled": True}, {"enabled": False})
    assert steps({"ipv6": True}) == []


# -- the order ----------------------------------------------------------------------------------------------------------


def test_two_vswitches_swap_uplinks_and_management_is_never_without():
    desired = {"vswitches": [vswitch("vSwitch0", nics=["vmnic1"]), vswitch("vSwitch1", nics=["vmnic0"])]}
    assert names(desired, BUILT) == ["vSwitch vSwitch1 (lets go of vmnic1 for now)", "vSwitch vSwitch0", "vSwitch vSwitch1"]


def test_three_vswitches_pass_their_uplinks_on():
    current = replace(BUILT, vswitches={**BUILT.vswitches, "vSwitch2": VSwitch(("vmnic2",))})
    desired = {"vswitches": [vswitch(f"vSwitch{n}", nics=[f"vmnic{(n + 1) % 3}"]) for n in range(3)]}
    changes, reached = planned(desired, current)
    assert len(changes) == 4
    held = {name: set(have.nics) for name, have in current.vswitches.items()}
    for change in changes:
        name = change.args["name"]
        others = set().union(*(nics for other, nics in held.items() if other != name))
        assert not others & set(change.after["nics"]), f"{change.what} takes what another has"
        held[name] = set(change.after["nics"])
    assert held == {name: set(have.nics) for name, have in reached.vswitches.items()}
    assert steps(desired, reached) == []


def test_an_uplink_is_freed_by_a_vswitch_that_goes():
    current = replace(BUILT, portgroups=FRESH.portgroups, vmkernels=FRESH.vmkernels)
    desired = {"vswitches": [vswitch("vSwitch0", nics=["vmnic0", "vmnic1"]), vswitch("vSwitch1", state="absent")]}
    assert names(desired, current) == ["vSwitch vSwitch1", "vSwitch vSwitch0"]


def test_the_mtu_rises_from_the_vswitch_up_and_falls_from_the_adapter_down():
    large = {"vswitches": [vswitch(mtu=9000)], "vmkernels": [vmkernel(mtu=9000)]}
    small = {"vswitches": [vswitch(mtu=1500)], "vmkernels": [vmkernel(mtu=1500)]}
    assert names(large, BUILT) == ["vSwitch vSwitch1", "VMkernel adapter vmk1"]
    _changes, raised = planned(large, BUILT)
    assert names(small, raised) == ["VMkernel adapter vmk1", "vSwitch vSwitch1"]


@pytest.mark.parametrize("desired", [
    {"vmkernels": [vmkernel(mtu=9000)]},
    {"vswitches": [vswitch(mtu=1400)]},
    {"vswitches": [vswitch("vSwitch2", mtu=1400)], "portgroups": [portgroup("small", "vSwitch2")],
     "vmkernels": [vmkernel("small", device="vmk1")]},
    {"portgroups": [portgroup("other")], "vmkernels": [vmkernel("other", dhcp=True, mtu=1501)]},
])
def test_an_adapter_larger_than_its_vswitch(desired):
    assert "under it on esxi1. Give the vSwitch at least" in refused(desired, BUILT)


def test_how_an_adapter_fits_its_vswitch_is_said():
    assert refused({"vmkernels": [vmkernel(mtu=9000)]}, BUILT) == (
        "VMkernel adapter vmk1: mtu 9000 is more than the 1500 of vSwitch 'vSwitch1' under it on esxi1. Give the vSwitch at "
        "least 9000, or the adapter at most 1500.")


def test_a_mismatch_that_was_there_before_is_not_this_tasks():
    assert names({"host_name": "new"}, with_adapter(BUILT, "vmk1", mtu=9000)) == ["host name and DNS"]


def test_addresses_swap():
    current = with_adapter(BUILT, "vmk2", portgroup="other", ip="10.0.2.12", netmask="255.255.255.0")
    current = replace(current, portgroups={**current.portgroups, "other": PortGroup("vSwitch1")})
    desired = {"vmkernels": [vmkernel(device="vmk1", portgroup=None, ip="10.0.2.12", netmask="24"),
                             vmkernel(device="vmk2", portgroup=None, ip="10.0.2.11", netmask="24")]}
    changes, _reached = planned(desired, current)
    assert [(change.args["device"], change.after["ip"]) for change in changes] == [
        ("vmk1", "169.254.200.2"), ("vmk2", "10.0.2.11"), ("vmk1", "10.0.2.12")]


def test_management_is_not_the_one_that_steps_aside():
    address = BUILT.vmkernels["vmk0"].ip
    desired = {"vmkernels": [vmkernel(device="vmk0", portgroup=None, ip="10.0.2.11", netmask="24"),
                             vmkernel(device="vmk1", portgroup=None, ip=address, netmask="24")], "force": True}
    changes, _reached = planned(desired, BUILT)
    assert [(change.args["device"], change.after["ip"]) for change in changes if "device" in change.args] == [
        ("vmk1", "169.254.200.2"), ("vmk0", "10.0.2.11"), ("vmk1", address)]


def test_port_groups_trade_vswitches():
    current = replace(BUILT, vmkernels=FRESH.vmkernels)
    desired = {"portgroups": [portgroup("vMotion", "vSwitch0"), portgroup("VM Network", "vSwitch1")]}
    assert steps(desired, current) == [("move_portgroup", "port group VM Network"), ("move_portgroup", "port group vMotion")]


def test_a_port_group_moves_once_its_adapter_has_left():
    desired = {"portgroups": [portgroup("vMotion", "vSwitch0"), portgroup("storage", "vSwitch1")],
               "vmkernels": [vmkernel("storage", device="vmk1")]}
    assert names(desired, BUILT) == ["port group storage", "VMkernel adapter vmk1", "port group vMotion"]
    assert refused({"portgroups": [portgroup("vMotion", "vSwitch0")]}, BUILT) == (
        "port group 'vMotion' cannot be moved from vSwitch 'vSwitch1' of esxi1 to 'vSwitch0': vmk1 uses it. Move that to "
        "another port group first.")


def test_a_new_adapter_where_another_leaves():
    desired = {"portgroups": [portgroup("storage")],
               "vmkernels": [vmkernel("storage", device="vmk1"), vmkernel("vMotion", dhcp=True)]}
    assert names(desired, BUILT) == ["port group storage", "VMkernel adapter vmk1", "VMkernel adapter vmk2"]


def test_an_adapter_in_the_place_of_one_that_goes_has_a_name_of_its_own():
    desired = {"portgroups": [portgroup("storage")],
               "vmkernels": [vmkernel(state="absent"), vmkernel("storage", ip="10.0.2.11", netmask="24")]}
    assert names(desired, BUILT) == ["VMkernel adapter vmk1", "port group storage", "VMkernel adapter vmk1 (new)"]


def test_management_is_given_to_another_before_its_adapter_goes():
    desired = {"vmkernels": [vmkernel("Management Network", state="absent"), vmkernel(services=["vmotion", "management"])]}
    assert names({**desired, "force": True}, BUILT) == ["service management on vmk1", "VMkernel adapter vmk0"]


def test_a_ring_that_nothing_can_open():
    current = replace(with_adapter(BUILT, "vmk2", portgroup="other"),
                      portgroups={**BUILT.portgroups, "other": PortGroup("vSwitch1")})
    desired = {"vmkernels": [vmkernel("other", device="vmk1"), vmkernel("vMotion", device="vmk2")]}
    text = refused(desired, current)
    assert "each waits for another: VMkernel adapter vmk1, VMkernel adapter vmk2" in text


def test_a_plan_alters_nothing_it_was_given():
    desired = asked(vswitches=[vswitch("vSwitch0", nics=["vmnic1"]), vswitch("vSwitch1", nics=["vmnic0"])])
    before = repr((BUILT, desired))
    plan(BUILT, desired)
    assert repr((BUILT, desired)) == before


# -- purge --------------------------------------------------------------------------------------------------------------


def test_purge_leaves_what_is_not_on_standard_switches():
    current = with_adapter(BUILT, "vmk5", portgroup="", elsewhere="a distributed switch")
    # It can be changed all the same.
    assert names({"vmkernels": [vmkernel(None, device="vmk5", mtu=1400)]}, current) == ["VMkernel adapter vmk5"]
    assert names({"vmkernels": [vmkernel(None, device="vmk5", mtu=9000)]}, current) == ["VMkernel adapter vmk5"]
    assert steps({"vmkernels": [vmkernel()], "purge": True}, current) == []


def test_purge_leaves_management_and_iscsi_and_says_so():
    current = replace(BUILT, bound=frozenset(["vmk1"]))
    desired = asked(vmkernels=[], portgroups=[], vswitches=[], purge=True)
    assert [change.what for change in plan(current, desired)] == ["port group VM Network"]
    assert remarks(current, desired) == [
        "VMkernel adapter vmk0 of esxi1 is not declared, but left: the host is managed over it.",
        "VMkernel adapter vmk1 of esxi1 is not declared, but left: software iSCSI is bound to it.",
        "port group 'Management Network' is not declared, but left: it is in use by vmk0.",
        "port group 'vMotion' is not declared, but left: it is in use by vmk1.",
        "vSwitch 'vSwitch0' is not declared, but left: the port group 'Management Network' on it is: in use by vmk0.",
        "vSwitch 'vSwitch1' is not declared, but left: the port group 'vMotion' on it is: in use by vmk1.",
    ]


def test_purge_takes_what_nothing_needs():
    current = replace(
        BUILT,
        vswitches={**BUILT.vswitches, "vSwitch2": VSwitch()},
        portgroups={**BUILT.portgroups, "spare": PortGroup("vSwitch2")},
    )
    desired = asked(vmkernels=[], portgroups=[portgroup("vMotion")], vswitches=[vswitch("vSwitch0"), vswitch()], purge=True)
    assert [change.what for change in plan(current, desired)] == [
        "VMkernel adapter vmk1", "port group VM Network", "port group spare", "vSwitch vSwitch2"]
    assert remarks(current, desired) == [
        "VMkernel adapter vmk0 of esxi1 is not declared, but left: the host is managed over it.",
        "port group 'Management Network' is not declared, but left: it is in use by vmk0.",
    ]
    # A vSwitch that is not declared stays under a port group that is.
    desired = asked(portgroups=[portgroup("spare", None)], vswitches=[vswitch("vSwitch0"), vswitch()], purge=True)
    assert "vSwitch 'vSwitch2' is not declared, but left: the port group 'spare' on it is: declared." in remarks(
        current, desired)
    assert "vSwitch vSwitch2" not in names(desired, current)
    # Without purge nothing goes, and there is nothing to say.
    assert steps({"vswitches": [], "portgroups": [], "vmkernels": []}, current) == []
    assert remarks(current, asked(vswitches=[], portgroups=[], vmkernels=[])) == []
    assert remarks(current, asked(purge=True)) == []


def test_purge_leaves_the_port_group_of_a_declared_adapter():
    desired = asked(vmkernels=[vmkernel(), vmkernel("Management Network")], portgroups=[], purge=True)
    assert [change.what for change in plan(BUILT, desired)] == ["port group VM Network"]


def test_purge_leaves_what_machines_use():
    current = replace(FRESH, machines={"VM Network": ("web", "db")})
    desired = asked(portgroups=[portgroup("Management Network", None)], purge=True)
    assert plan(current, desired) == []
    assert remarks(current, desired) == ["port group 'VM Network' is not declared, but left: it is in use by web, db."]


# -- what the host would refuse -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("desired", "current", "said"), [
    ({"portgroups": [portgroup("VM Network", state="absent")]}, {"machines": {"VM Network": ("web",)}},
     "port group 'VM Network' cannot be removed from esxi1: on port group 'VM Network' are the virtual machines web. "
     "Connect them to another network first."),
    ({"portgroups": [portgroup("VM Network", "vSwitch1")]}, {"machines": {"VM Network": ("web",)}},
     "port group 'VM Network' cannot be moved from vSwitch 'vSwitch0' of esxi1 to 'vSwitch1': web uses it. Move that "
     "to another port group first."),
    ({"vswitches": [vswitch(state="absent")]}, {"machines": {"vMotion": ("web",)}, "vmkernels": FRESH.vmkernels},
     "vSwitch 'vSwitch1' cannot be removed from esxi1: on port group 'vMotion' are the virtual machines web. Connect "
     "them to another network first."),
    ({"vmkernels": [vmkernel(state="absent")]}, {"bound": frozenset(["vmk1"])},
     "VMkernel adapter vmk1 cannot be removed from esxi1: software iSCSI is bound to it. Take it out of the port "
     "binding first."),
    ({"vmkernels": [vmkernel("Management Network", services=[]), vmkernel(services=[])]},
     {"vmkernels": {name: replace(have, services=frozenset(["management"])) for name, have in BUILT.vmkernels.items()}},
     "VMkernel adapter vmk0, vmk1: the service 'management' cannot be taken from it: it is the only one esxi1 is managed "
     "over. Give the service to another adapter."),
    ({"vswitches": [vswitch(state="absent")], "portgroups": [portgroup("vMotion", "vSwitch0")]}, {},
     "port group 'vMotion' cannot be moved from vSwitch 'vSwitch1' of esxi1 to 'vSwitch0': vmk1 uses it. Move that to "
     "another port group first."),
    ({"vmkernels": [vmkernel("Management Network", services=[])]}, {},
     "VMkernel adapter vmk0: the service 'management' cannot be taken from it: it is the only one esxi1 is managed "
     "over. Give the service to another adapter."),
    ({"vswitches": [vswitch(nics=["vmnic2"])]}, {"taken": {"vmnic2": "the distributed switch 'DS'"}},
     "vSwitch 'vSwitch1': vmnic2 is an uplink of the distributed switch 'DS' on esxi1, and can be one of a single "
     "vSwitch. Free adapters: vmnic1."),
    ({"vswitches": [vswitch(state="absent")], "portgroups": [portgroup("new")]}, {"vmkernels": FRESH.vmkernels},
     "port group 'new': esxi1 has no vSwitch 'vSwitch1' any more; it has: vSwitch0."),
    ({"vmkernels": [vmkernel("vMotion", device="vmk1", services=["vmotion"]), vmkernel("vMotion", services=[])]}, {},
     "VMkernel adapter on port group 'vMotion': that is vmk1, which has an entry of its own; give all that is to be "
     "said of it in one entry."),
    ({"vmkernels": [vmkernel("vMotion", device="vmk0")], "force": True}, {},
     "VMkernel adapter vmk0: port group 'vMotion' of esxi1 has vmk1 on it, and holds one VMkernel adapter."),
    ({"default_gateway": "10.0.0.11"}, {}, "default_gateway: 10.0.0.11 is esxi1's own address; it must be a router's."),
    ({"default_gateway": "10.0.0.255"}, {},
     "default_gateway: 10.0.0.255 is the network or broadcast address of a network of esxi1."),
])
def test_what_the_host_would_refuse(desired, current, said):
    assert refused(desired, replace(BUILT, **current)) == said


def test_a_stack_carries_its_own_traffic():
    current = with_adapter(BUILT, "vmk1", stack="vmotion")
    text = refused({"vmkernels": [vmkernel(services=["vmotion", "management"])]}, current)
    assert text == ("VMkernel adapter vmk1 is on the TCP/IP stack 'vmotion' of esxi1, which does not carry the service "
                    "'management'; only an adapter on 'defaultTcpipStack' does.")
    current = with_adapter(BUILT, "vmk1", stack="vmotion", services=frozenset())
    assert names({"vmkernels": [vmkernel(services=["vmotion"])]}, current) == ["service vmotion on vmk1"]


# -- cuts ---------------------------------------------------------------------------------------------------------------

CUTS = [
    ({"vswitches": [vswitch("vSwitch0", nics=[])]}, "vSwitch 'vSwitch0' under vmk0 (10.0.0.11) would have no uplink left"),
    ({"portgroups": [portgroup("Management Network", None, vlan_id=20)]}, "the VLAN under vmk0 (10.0.0.11) would change"),
    ({"vmkernels": [vmkernel("Management Network", ip="10.0.0.12", netmask="24")]}, "would become 10.0.0.12"),
    ({"vmkernels": [vmkernel("Management Network", ip="10.0.0.11", netmask="16")]}, "255.255.0.0"),
    ({"vmkernels": [vmkernel("Management Network", dhcp=True)]}, "would become DHCP"),
    ({"vmkernels": [vmkernel("Management Network", mtu=9000)], "vswitches": [vswitch("vSwitch0", mtu=9000)]}, "raised to 9000"),
    ({"vmkernels": [vmkernel("new", device="vmk0")], "portgroups": [portgroup("new", "vSwitch1")]},
     "moved from vSwitch 'vSwitch0' to 'vSwitch1'"),
]


@pytest.mark.parametrize("reached_at", [None, "10.0.0.11"])
@pytest.mark.parametrize(("desired", "said"), CUTS)
def test_what_would_cut_the_host_off_is_refused_unless_forced(desired, said, reached_at):
    current = replace(BUILT, reached_at=reached_at)
    text = refused(desired, current)
    assert said in text
    assert "force: true" in text
    changes, _reached = planned({**desired, "host_name": "last", "force": True}, current)
    assert changes[-1].what != "host name and DNS"
    assert ("follow" in changes[-1].args) == (reached_at is not None)
    assert "follow" not in changes[0].args


@pytest.mark.parametrize(("said", "address"), [
    ({"ip": "10.0.0.12", "netmask": "24"}, "10.0.0.12"), ({"dhcp": True}, None), ({"state": "absent"}, None),
])
def test_the_session_goes_on_at_the_address_that_the_adapter_has_then(said, address):
    current = replace(with_adapter(BUILT, "vmk1", services=frozenset(["management"])), reached_at="10.0.0.11")
    change = plan(current, asked(vmkernels=[vmkernel("Management Network", **said)], force=True))[-1]
    assert (change.what, change.args) == ("VMkernel adapter vmk0", {"device": "vmk0", "follow": address})


def test_every_cut_is_named_and_how_to_have_it():
    current = with_adapter(BUILT, "vmk1", services=frozenset(["management"]))
    desired = {"vswitches": [vswitch(nics=[])], "vmkernels": [vmkernel("Management Network", state="absent")]}
    assert refused(desired, replace(current, bound=frozenset(["vmk1"]))) == (
        "this would cut connections of esxi1: vmk0 (10.0.0.11) would be removed; vSwitch 'vSwitch1' under vmk1 (10.0.2.11) "
        "would have no uplink left; software iSCSI is bound to vmk1, which would leave its network. Leave a way that stays as "
        "it is, or give 'force: true' to have it made all the same.")


def test_a_way_over_a_distributed_switch():
    # Of what is under it no standard vSwitch knows; to leave it is a cut.
    current = with_adapter(BUILT, "vmk0", portgroup="", elsewhere="a distributed switch", ip=None, netmask=None, dhcp=True)
    assert names({"vswitches": [vswitch("vSwitch0", nics=[])]}, current) == ["vSwitch vSwitch0"]
    assert "vmk0 (no address) would be moved to port group 'new'. Leave" in refused(
        {"portgroups": [portgroup("new")], "vmkernels": [vmkernel("new", device="vmk0")]}, current)
    assert remarks(current, asked(vswitches=[vswitch("vSwitch0", nics=["vmnic2"])])) == []


def test_another_way_that_stays_is_enough():
    current = with_adapter(BUILT, "vmk1", services=frozenset(["management"]))
    assert names({"vswitches": [vswitch("vSwitch0", nics=[])]}, current) == ["vSwitch vSwitch0"]
    assert "no uplink left" in refused({"vswitches": [vswitch("vSwitch0", nics=[])]}, replace(current, reached_at="10.0.0.11"))


def test_another_uplink_is_no_cut_but_said():
    desired = {"vswitches": [vswitch("vSwitch0", nics=["vmnic2"])]}
    assert names(desired, BUILT) == ["vSwitch vSwitch0"]
    said = "vmk0, over which esxi1 is managed, goes over {} from now on, instead of {}."
    assert remarks(BUILT, asked(**desired)) == [said.format("vmnic2", "vmnic0")]
    assert remarks(BUILT, asked(vswitches=[vswitch("vSwitch0", nics=[])], force=True)) == [said.format("no uplink", "vmnic0")]
    both = {"vSwitch0": VSwitch(("vmnic0", "vmnic1")), "vSwitch1": VSwitch()}
    two = replace(BUILT, vswitches=both, nics=(*BUILT.nics, "vmnic3"))
    desired = asked(vswitches=[vswitch("vSwitch0", nics=["vmnic2", "vmnic3"])])
    assert remarks(two, desired) == [said.format("vmnic2, vmnic3", "vmnic0, vmnic1")]
    # One of them stays; there was none; the adapter goes.
    assert remarks(two, asked(vswitches=[vswitch("vSwitch0", nics=["vmnic1", "vmnic2"])])) == []
    none = replace(BUILT, vswitches={**BUILT.vswitches, "vSwitch0": VSwitch()})
    assert remarks(none, asked(vswitches=[vswitch("vSwitch0", nics=["vmnic2"])])) == []
    assert remarks(BUILT, asked(vmkernels=[vmkernel("Management Network", state="absent")])) == []


@pytest.mark.parametrize("desired", [
    {"vswitches": [vswitch(nics=[])]},
    {"portgroups": [portgroup("storage")], "vmkernels": [vmkernel("storage", device="vmk1")]},
])
def test_storage_is_not_cut_off_unasked(desired):
    assert steps(desired, BUILT)
    assert "software iSCSI is bound to vmk1" in refused(desired, replace(BUILT, bound=frozenset(["vmk1"])))


# -- the same, spelt otherwise ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("desired", [
    {"host_name": "ESXi1"},
    {"domain": "Example.ORG."},
    {"search_domains": ["LAB.example.org.", "example.org"]},
    {"dns_servers": ["10.0.0.1", "2001:DB8:0::1"]},
    {"vmkernels": [vmkernel(ip="10.0.2.11", netmask="24")]},
    {"vmkernels": [vmkernel(ip="10.0.2.11", netmask="/24")]},
])
def test_another_spelling_changes_nothing(desired):
    dns = Dns("esxi1", "example.org", ("10.0.0.1", "2001:db8::1"), ("lab.example.org", "example.org."))
    assert steps(desired, replace(BUILT, dns=dns)) == []


@pytest.mark.parametrize("name", ["10.0.0.0/24", "100%", "VM Network 2", "a%2fb"])
def test_names_are_compared_as_the_host_keeps_them(name):
    _changes, reached = planned({"portgroups": [portgroup(name, "vSwitch0")]})
    assert name in reached.portgroups
    assert steps({"portgroups": [portgroup(name, "vSwitch0")]}, reached) == []
