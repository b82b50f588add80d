# SPDX-License-Identifier: GPL-3.0-or-later
"""In whatever order the steps come, they are put into one that a host takes: each is made on a host that refuses the rest."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import addresses
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_goal import goal
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_order import Step, in_order
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_steps import steps
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import (
    Network,
    PortGroup,
    VMkernel,
    VSwitch,
)

MASK = "255.255.255.0"
MANAGED, VMOTION = frozenset(["management"]), frozenset(["vmotion"])
FRESH = Network(
    host="esxi1",
    nics=("vmnic0", "vmnic1", "vmnic2"),
    vswitches={"vSwitch0": VSwitch(("vmnic0",))},
    portgroups={"Management Network": PortGroup("vSwitch0"), "VM Network": PortGroup("vSwitch0")},
    vmkernels={"vmk0": VMkernel("Management Network", "10.0.0.11", MASK, services=MANAGED)},
    service_types=("management", "vmotion"),
)
BUILT = replace(
    FRESH,
    vswitches={**FRESH.vswitches, "vSwitch1": VSwitch(("vmnic1",))},
    portgroups={**FRESH.portgroups, "vMotion": PortGroup("vSwitch1"), "other": PortGroup("vSwitch1")},
    vmkernels={
        **FRESH.vmkernels,
        "vmk1": VMkernel("vMotion", "10.0.2.11", MASK, services=VMOTION),
        "vmk2": VMkernel("other", "10.0.2.12", MASK),
    },
)


class Host:
    """A host that does one change after the other, and refuses what ESXi refuses."""

    def __init__(self, network):
        self.vswitches = {name: have.shown() for name, have in network.vswitches.items()}
        self.groups = {name: have.shown() for name, have in network.portgroups.items()}
        self.adapters = {name: have.shown() for name, have in network.vmkernels.items()}
        self.services = {(kind, name) for name, have in network.vmkernels.items() for kind in have.services}
        self.gateway = network.default_gateway
        self.network = network

    def make(self, change):
        kind, _of, name = change.what.partition(" ")
        there = {"vSwitch": self.network.vswitches, "port": self.network.portgroups, "VMkernel": self.network.vmkernels}
        if kind in there:
            # A change tells what was there before the first of them.
            have = there[kind].get(change.args.get("name") or change.args["device"])
            assert change.before == (have and have.shown()), f"{change.what}: {name} was not so"
        elif kind == "service":
            assert change.before == {"on": not change.after["on"]}
        else:
            assert change.before == {"default_gateway": self.network.default_gateway}
        getattr(self, change.apply)(change.args, change.after)
        for nic in {nic for vswitch in self.vswitches.values() for nic in vswitch["nics"]}:
            owners = [name for name, vswitch in self.vswitches.items() if nic in vswitch["nics"]]
            assert len(owners) == 1, f"{change.what}: {nic} is an uplink of {owners}"
        for name, group in self.groups.items():
            assert group["vswitch"] in self.vswitches, f"{change.what}: {name} is on no vSwitch"
        assert any(kind == "management" for kind, _name in self.services), f"{change.what}: nothing to manage it over"

    def add_vswitch(self, args, after):
        assert args["name"] not in self.vswitches
        self.vswitches[args["name"]] = after

    def update_vswitch(self, args, after):
        assert args["name"] in self.vswitches
        self.vswitches[args["name"]] = after
        for adapter in self.adapters.values():
            assert adapter["mtu"] <= self.under(adapter)["mtu"], f"{args['name']} is too small for an adapter"

    def remove_vswitch(self, args, _after):
        del self.vswitches[args["name"]]

    def add_portgroup(self, args, after):
        assert args["name"] not in self.groups
        self.groups[args["name"]] = after

    def update_portgroup(self, args, after):
        assert self.groups[args["name"]]["vswitch"] == after["vswitch"], "a port group is moved by adding it anew"
        self.groups[args["name"]] = after

    def move_portgroup(self, args, after):
        assert self.groups[args["name"]]["vswitch"] != after["vswitch"]
        self.remove_portgroup(args, None)
        self.groups[args["name"]] = after

    def remove_portgroup(self, args, _after):
        assert all(adapter["portgroup"] != args["name"] for adapter in self.adapters.values()), f"{args['name']} is in use"
        del self.groups[args["name"]]

    def add_vmkernel(self, args, after):
        assert args["device"] not in self.adapters
        self.set_adapter(args["device"], after)

    def update_vmkernel(self, args, after):
        assert args["device"] in self.adapters
        self.set_adapter(args["device"], after)

    def set_adapter(self, device, after):
        others = [adapter for name, adapter in self.adapters.items() if name != device]
        assert after["portgroup"] in self.groups
        assert all(adapter["portgroup"] != after["portgroup"] for adapter in others), "a port group holds one adapter"
        assert not after["ip"] or all(adapter["ip"] != after["ip"] for adapter in others), "an address is one adapter's"
        assert bool(after["ip"]) == bool(after["netmask"])
        assert not after["ip"] or after["dhcp"] is False, "a fixed address is none of DHCP's"
        assert after["mtu"] <= self.under(after)["mtu"], "an adapter is no larger than its vSwitch"
        self.adapters[device] = after

    def remove_vmkernel(self, args, _after):
        del self.adapters[args["device"]]
        self.services = {(kind, name) for kind, name in self.services if name != args["device"]}

    def select_service(self, args, after):
        assert args["device"] in self.adapters
        assert after == {"on": True}
        self.services.add((args["service"], args["device"]))

    def deselect_service(self, args, after):
        assert after == {"on": False}
        self.services.remove((args["service"], args["device"]))

    def set_gateway(self, _args, after):
        networks = [addresses.network(adapter["ip"], adapter["netmask"]) for adapter in self.adapters.values()]
        assert any(addresses.ipaddress.ip_address(after["default_gateway"]) in around for around in networks if around)
        self.gateway = after["default_gateway"]

    def under(self, adapter):
        return self.vswitches[self.groups[adapter["portgroup"]]["vswitch"]]


def vswitch(name, state="present", **said):
    return {"name": name, "state": state, **said}


def group(name, vswitch=None, state="present", **said):
    return {"name": name, "vswitch": vswitch, "state": state, **said}


def adapter(portgroup=None, state="present", **said):
    return {"portgroup": portgroup, "state": state, **said}


def with_mtu(network, mtu):
    return replace(
        network,
        vswitches={**network.vswitches, "vSwitch1": replace(network.vswitches["vSwitch1"], mtu=mtu)},
        vmkernels={name: have if name == "vmk0" else replace(have, mtu=mtu) for name, have in network.vmkernels.items()},
    )


CASES = {
    "built from nothing": (FRESH, {
        "vswitches": [vswitch("vSwitch1", nics=["vmnic1"], mtu=9000)],
        "portgroups": [group("vMotion", "vSwitch1", vlan_id=20)],
        "vmkernels": [adapter("vMotion", ip="10.0.2.11", netmask="24", mtu=9000, services=["vmotion"])],
        "default_gateway": "10.0.2.1",
    }),
    "taken down": (BUILT, {
        "vswitches": [vswitch("vSwitch1", "absent")],
        "portgroups": [group("vMotion", state="absent"), group("other", state="absent")],
        "vmkernels": [adapter("vMotion", "absent"), adapter("other", "absent")],
    }),
    "VLANs change": (BUILT, {"portgroups": [group("vMotion", vlan_id=30), group("VM Network", "vSwitch0", vlan_id=4095)]}),
    "uplinks are swapped": (BUILT, {"vswitches": [vswitch("vSwitch0", nics=["vmnic1"]), vswitch("vSwitch1", nics=["vmnic0"])]}),
    "an uplink is freed by a vSwitch that goes": (replace(BUILT, portgroups=FRESH.portgroups, vmkernels=FRESH.vmkernels), {
        "vswitches": [vswitch("vSwitch1", "absent"), vswitch("vSwitch0", nics=["vmnic0", "vmnic1"])],
    }),
    "MTUs rise": (BUILT, {
        "vswitches": [vswitch("vSwitch1", mtu=9000, nics=["vmnic1", "vmnic2"])],
        "vmkernels": [adapter("vMotion", mtu=9000), adapter("other", mtu=9000)],
    }),
    "MTUs fall": (with_mtu(BUILT, 9000), {
        "vswitches": [vswitch("vSwitch1", mtu=1500)],
        "vmkernels": [adapter("vMotion", mtu=1500), adapter("other", mtu=1500)],
    }),
    "a large adapter is removed, and its vSwitch made smaller": (with_mtu(BUILT, 9000), {
        "vswitches": [vswitch("vSwitch1", mtu=1500)],
        "vmkernels": [adapter("vMotion", "absent"), adapter("other", mtu=1500)],
    }),
    "a large adapter moves to a new large vSwitch": (with_mtu(BUILT, 9000), {
        "vswitches": [vswitch("vSwitch1", mtu=1500), vswitch("vSwitch2", mtu=9000, nics=["vmnic2"])],
        "portgroups": [group("large", "vSwitch2")],
        "vmkernels": [adapter("large", device="vmk1"), adapter("other", mtu=1500)],
    }),
    "addresses are swapped": (BUILT, {
        "vmkernels": [adapter("vMotion", ip="10.0.2.12", netmask="24"), adapter("other", ip="10.0.2.11", netmask="24")],
    }),
    "an address is taken over from one that gets another": (BUILT, {
        "vmkernels": [adapter("vMotion", ip="10.0.2.12", netmask="24"), adapter("other", dhcp=True)],
    }),
    "an address is taken over from one that goes": (BUILT, {
        "vmkernels": [adapter("vMotion", ip="10.0.2.12", netmask="24"), adapter("other", "absent")],
    }),
    "port groups trade vSwitches": (replace(BUILT, vmkernels=FRESH.vmkernels), {
        "portgroups": [group("vMotion", "vSwitch0"), group("VM Network", "vSwitch1", vlan_id=7)],
    }),
    "an adapter leaves before its port group moves, and a new one takes its place": (BUILT, {
        "portgroups": [group("vMotion", "vSwitch0"), group("storage", "vSwitch1")],
        "vmkernels": [adapter("storage", device="vmk1"), adapter("vMotion", dhcp=True)],
    }),
    "an adapter is made anew elsewhere": (BUILT, {
        "portgroups": [group("storage", "vSwitch1"), group("vMotion", state="absent")],
        "vmkernels": [adapter("vMotion", "absent"), adapter("storage", ip="10.0.2.11", netmask="24", services=["vmotion"])],
    }),
    "management goes to another": (BUILT, {
        "vmkernels": [adapter("Management Network", "absent"), adapter("vMotion", services=["management", "vmotion"])],
    }),
    "services are exchanged": (BUILT, {
        "vmkernels": [adapter("Management Network", services=["vmotion"]), adapter("vMotion", services=["management"])],
    }),
    "the host moves to another network with its gateway": (replace(BUILT, default_gateway="10.0.0.1"), {
        "vmkernels": [adapter("Management Network", ip="10.7.0.11", netmask="24")],
        "default_gateway": "10.7.0.1",
    }),
    "the host moves to another port group with its gateway": (replace(BUILT, default_gateway="10.0.0.1"), {
        "portgroups": [group("new", "vSwitch0", vlan_id=7)],
        "vmkernels": [adapter("new", device="vmk0", ip="10.7.0.11", netmask="24")],
        "default_gateway": "10.7.0.1",
    }),
}


@pytest.mark.parametrize("case", CASES)
def test_every_order_can_be_made(case):
    state, desired = CASES[case]
    wanted = goal(state, desired)
    there = steps(state, wanted)
    assert len(there) > 1
    dice = random.Random(case)
    for _try in range(60):
        host = Host(state)
        for change in in_order(there):
            host.make(change)
        assert {**vars(host), "network": wanted} == vars(Host(wanted))
        dice.shuffle(there)


def test_an_adapter_waits_for_a_vswitch_that_comes_last():
    # The vSwitch loses the way to the host, so it is changed as late as can be; the adapter on it cannot be before.
    state = replace(BUILT, portgroups={**BUILT.portgroups, "vMotion": PortGroup("vSwitch0")})
    desired = {"vswitches": [vswitch("vSwitch0", nics=[], mtu=9000)], "vmkernels": [adapter("vMotion", mtu=9000)], "force": True}
    assert [change.what for change in plan(state, desired)] == ["vSwitch vSwitch0", "VMkernel adapter vmk1"]


def test_the_gateway_comes_after_what_cuts():
    desired = {"vswitches": [vswitch("vSwitch0", nics=[])], "default_gateway": "10.0.0.1", "force": True}
    assert [change.what for change in plan(BUILT, desired)] == ["vSwitch vSwitch0", "default gateway"]


def test_what_the_host_is_managed_over_keeps_its_address_as_long_as_can_be():
    desired = {"vmkernels": [adapter("Management Network", ip="10.0.2.11", netmask="24"),
                             adapter("vMotion", ip="10.0.0.11", netmask="24")], "force": True}
    assert [change.what for change in plan(BUILT, desired)] == [
        "VMkernel adapter vmk1 (lets go of 10.0.2.11 for now)", "VMkernel adapter vmk0", "VMkernel adapter vmk1"]


def test_management_is_not_taken_over_together_with_the_address():
    # The one goes when the other is managed over, and that comes when the address is free.
    desired = {"portgroups": [group("new", "vSwitch1")], "force": True, "vmkernels": [
        adapter("Management Network", "absent"), adapter("new", ip="10.0.0.11", netmask="24", services=["management"])]}
    with pytest.raises(ConvergeError) as caught:
        plan(BUILT, desired)
    assert str(caught.value) == (
        "these changes cannot be made in one task, since each waits for another: VMkernel adapter vmk0 (new), service "
        "management on vmk0 (new), VMkernel adapter vmk0. Nothing was changed. Let one of them go in a task of its own first.")


def test_what_lets_go_for_now_says_so():
    desired = {"vswitches": [vswitch("vSwitch0", nics=["vmnic1", "vmnic2"]), vswitch("vSwitch1", nics=["vmnic0"])]}
    state = replace(BUILT, vswitches={**BUILT.vswitches, "vSwitch1": VSwitch(("vmnic1", "vmnic2"), 9000)})
    first = in_order(steps(state, goal(state, desired)), keep=["vSwitch vSwitch0"])[0]
    assert first == Change(
        "vSwitch vSwitch1 (lets go of vmnic1, vmnic2 for now)",
        {"nics": ["vmnic1", "vmnic2"], "mtu": 9000, "num_ports": 128},
        {"nics": [], "mtu": 9000, "num_ports": 128},
        "update_vswitch", {"name": "vSwitch1"},
    )


@pytest.mark.parametrize(("device", "parked"), [
    ("vmk1", "169.254.200.2"), ("vmk199", "169.254.200.200"), ("vmk200", "169.254.201.1"), ("vmk999", "169.254.204.200"),
])
def test_an_adapter_that_lets_go_of_its_address_has_one_of_its_own(device, parked):
    have = replace(BUILT.vmkernels["vmk1"], dhcp=True)
    state = replace(BUILT, vmkernels={device: have, "vmk2": BUILT.vmkernels["vmk2"]})
    desired = {"vmkernels": [adapter(device=device, ip="10.0.2.12", netmask="24"),
                             adapter(device="vmk2", ip="10.0.2.11", netmask="24")]}
    first = in_order(steps(state, goal(state, desired)))[0]
    shown = {"portgroup": "vMotion", "ip": "10.0.2.11", "netmask": MASK, "dhcp": True, "mtu": 1500}
    assert first == Change(
        f"VMkernel adapter {device} (lets go of 10.0.2.11 for now)", shown,
        {**shown, "ip": parked, "netmask": "255.255.0.0", "dhcp": False}, "update_vmkernel", {"device": device},
    )


def test_a_service_as_a_change():
    desired = {"vmkernels": [adapter("Management Network", services=["management", "vmotion"]), adapter("vMotion", services=[])]}
    on, off = {"on": True}, {"on": False}
    assert in_order(steps(BUILT, goal(BUILT, desired))) == [
        Change("service vmotion on vmk0", off, on, "select_service", {"device": "vmk0", "service": "vmotion"}),
        Change("service vmotion on vmk1", on, off, "deselect_service", {"device": "vmk1", "service": "vmotion"}),
    ]


# -- the order itself, of steps of any kind -------------------------------------------------------------------------------


def step(name, needs="", frees="", lets_go=None):
    """A step that needs and frees single letters, and can let go of some where that helps."""

    def parting(wanted):
        gone = wanted & frozenset(lets_go)
        return step(f"{name}-", frees="".join(gone)) if gone else None

    return Step(Change(name, 1, 2, "make"), frozenset(needs), frozenset(frees), None if lets_go is None else parting)


def order(*there, keep=()):
    return [change.what for change in in_order(there, keep)]


def test_steps_stay_as_they_come_where_they_can():
    assert order(step("a"), step("b"), step("c")) == ["a", "b", "c"]
    assert order(step("a", "x"), step("b", "y"), step("c", frees="x")) == ["b", "c", "a"]
    # What a step needs and frees by itself it does not wait for.
    assert order(step("a", "x", "x"), step("b")) == ["a", "b"]


def test_a_ring_is_opened_by_one_that_can_let_go_and_is_not_to_be_kept():
    ring = [step("a", "x", "y", "y"), step("b", "y", "x", "x")]
    assert order(*ring) == ["a-", "b", "a"]
    assert order(*ring, keep=["a"]) == ["b-", "a", "b"]
    assert order(*ring, keep=["a", "b"]) == ["a-", "b", "a"]
    assert order(step("a", "x", "y"), ring[1]) == ["b-", "a", "b"]
    # Only what others wait for is let go of; a step that nobody waits for is left whole.
    assert order(step("c", "x", "z", "z"), *ring) == ["a-", "b", "c", "a"]
    assert order(step("a", "x", "yz", "yz"), step("b", "y", "x", "x"), step("c", "y")) == ["a-", "b", "a", "c"]


def test_what_was_let_go_of_is_not_waited_for_again():
    # b needs both of what a frees, and a can let go of one of them only: a has to come before b, which frees what a needs.
    with pytest.raises(ConvergeError) as caught:
        order(step("a", "x", "yz", "y"), step("b", "yz", "x"))
    assert str(caught.value) == ("these changes cannot be made in one task, since each waits for another: a, b. Nothing was "
                                 "changed. Let one of them go in a task of its own first.")
