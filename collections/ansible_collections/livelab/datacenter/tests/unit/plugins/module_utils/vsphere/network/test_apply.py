# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls that changes to a host's network become, with the host's own objects kept where nothing is said of them."""

from __future__ import annotations

from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import apply as module

vim = pytest.importorskip("pyVmomi").vim


class Recorder:
    """Takes any call and remembers it."""

    def __init__(self, fails=None, returns=None):
        self.calls, self._fails, self._returns = [], fails or {}, returns

    def __getattr__(self, name):
        def call(*args):
            self.calls.append((name, *args))
            if name in self._fails:
                raise self._fails[name]
            return self._returns

        return call


class FakeClient:
    """A session that only has a name and time limits."""

    is_vcenter = False

    def __init__(self, hostname="127.0.0.1"):
        self.hostname = hostname

    def within(self, _seconds):
        return module.contextlib.nullcontext()

    def managed(self, _kind, moid):
        return f"{moid} at {self.hostname}"


@pytest.fixture
def work():
    order = vim.host.NetworkPolicy.NicOrderPolicy(activeNic=["vmnic0"], standbyNic=["vmnic1"])
    policy = vim.host.NetworkPolicy(nicTeaming=vim.host.NetworkPolicy.NicTeamingPolicy(nicOrder=order))
    bond = vim.host.VirtualSwitch.BondBridge(nicDevice=["vmnic0", "vmnic1"])
    spec = vim.host.VirtualSwitch.Specification(numPorts=128, mtu=1500, bridge=bond, policy=policy)
    ip = vim.host.IpConfig(dhcp=False, ipAddress="127.0.0.1", subnetMask="255.0.0.0")
    vnic = vim.host.VirtualNic.Specification(ip=ip, mtu=1500, mac="00:50:56:00:00:01", portgroup="Management Network")
    made = module.NetworkWork({"esxi_hostname": None})
    made.client, made.system, made.services = FakeClient(), Recorder(returns="vmk7"), Recorder()
    group = vim.host.PortGroup.Specification(name="VM Network", vswitchName="vSwitch0", vlanId=3, policy=policy)
    made.info = Obj(vswitch=[Obj(name="vSwitch0", spec=spec)], portgroup=[Obj(spec=group)], vnic=[Obj(device="vmk0", spec=vnic)],
                    ipRouteConfig=vim.host.IpRouteConfig(defaultGateway="10.0.0.1", ipV6DefaultGateway="fe80::1"))
    return made


def vswitch(nics, mtu=1500):
    return {"nics": nics, "mtu": mtu, "num_ports": 128}


def address(ip, portgroup="Management Network"):
    return {"portgroup": portgroup, "ip": ip, "netmask": "255.0.0.0", "dhcp": False, "mtu": 1500}


def test_an_update_sends_the_policy_that_was_there(work):
    both = ["vmnic0", "vmnic1"]
    work.apply(Change("v", vswitch(both), vswitch(both, 9000), "update_vswitch", {"name": "vSwitch0"}))
    _call, name, spec = work.system.calls[0]
    assert (name, spec.mtu) == ("vSwitch0", 9000)
    assert spec.policy.nicTeaming.nicOrder.standbyNic == ["vmnic1"]


def test_the_teaming_order_names_no_adapter_that_left(work):
    before, after = vswitch(["vmnic0", "vmnic1"]), vswitch(["vmnic0", "vmnic2"])
    work.apply(Change("v", before, after, "update_vswitch", {"name": "vSwitch0"}))
    spec = work.system.calls[0][2]
    assert spec.bridge.nicDevice == ["vmnic0", "vmnic2"]
    assert (spec.policy.nicTeaming.nicOrder.activeNic, spec.policy.nicTeaming.nicOrder.standbyNic) == (
        ["vmnic0", "vmnic2"], [])


def test_what_was_read_is_not_altered(work):
    before = work.info.vswitch[0].spec
    work.apply(Change("v", vswitch(["vmnic0", "vmnic1"]), vswitch(["vmnic1"]), "update_vswitch", {"name": "vSwitch0"}))
    assert before.bridge.nicDevice == ["vmnic0", "vmnic1"]
    assert before.policy.nicTeaming.nicOrder.activeNic == ["vmnic0"]


def test_a_port_group_moves_with_its_policy(work):
    after = {"vswitch": "vSwitch1", "vlan_id": 4}
    work.apply(Change("p", {"vswitch": "vSwitch0", "vlan_id": 3}, after, "move_portgroup", {"name": "VM Network"}))
    assert [call[0] for call in work.system.calls] == ["RemovePortGroup", "AddPortGroup"]
    spec = work.system.calls[1][1]
    assert (spec.name, spec.vswitchName, spec.vlanId) == ("VM Network", "vSwitch1", 4)
    assert spec.policy.nicTeaming.nicOrder.standbyNic == ["vmnic1"]


def test_a_vswitch_without_uplinks_has_no_bridge(work):
    work.apply(Change("v", None, vswitch([]), "add_vswitch", {"name": "inner"}))
    work.apply(Change("v", vswitch(["vmnic0"]), vswitch([]), "update_vswitch", {"name": "vSwitch0"}))
    assert [call[2].bridge for call in work.system.calls] == [None, None]


def test_services_go_to_the_device_that_the_host_gave(work):
    work.apply(Change("k", None, address("10.0.2.1", "vMotion"), "add_vmkernel", {"device": "vmk1"}))
    work.apply(Change("s", {}, {}, "select_service", {"device": "vmk1", "service": "vmotion"}))
    assert work.services.calls == [("SelectVnicForNicType", "vmotion", "vmk7")]


def test_the_gateway_of_ipv6_stays(work):
    work.apply(Change("g", {}, {"default_gateway": "10.0.0.254"}, "set_gateway"))
    assert work.system.calls[0][1].ipV6DefaultGateway == "fe80::1"


def test_an_adapter_keeps_its_mac_and_its_port_group(work):
    work.apply(Change("k", address("10.0.0.5"), address("10.0.0.6"), "update_vmkernel", {"device": "vmk0"}))
    _call, device, spec = work.system.calls[0]
    assert (device, spec.mac, spec.portgroup, spec.ip.ipAddress) == ("vmk0", "00:50:56:00:00:01", None, "10.0.0.6")


def test_the_host_is_followed_to_its_new_address(work):
    gone = Recorder(fails={"UpdateVirtualNic": ConnectionResetError()})
    gone._GetMoId = lambda: "networkSystem"
    work.system, work.services = gone, Obj(_GetMoId=lambda: "nicManager")
    work._connect = lambda params: FakeClient(params["hostname"])
    followed = {"device": "vmk0", "follow": "127.0.0.2"}
    work.apply(Change("k", address("127.0.0.1"), address("127.0.0.2"), "update_vmkernel", followed))
    assert (work.client.hostname, work.system) == ("127.0.0.2", "networkSystem at 127.0.0.2")


def test_a_host_that_does_not_come_back_is_told(work, monkeypatch):
    def refuse(_params):
        raise ConvergeError("127.0.0.2:443 did not answer within 5 s.")

    monkeypatch.setattr(module, "_MOVE_LIMIT", -1)
    work._connect = refuse
    followed = {"device": "vmk0", "follow": "127.0.0.2"}
    with pytest.raises(ConvergeError, match=r"the change was made, but the host cannot be reached at 127.0.0.2.*console"):
        work.apply(Change("k", address("127.0.0.1"), address("127.0.0.2"), "update_vmkernel", followed))


def test_other_adapters_fail_as_they_fail(work):
    work.system = Recorder(fails={"UpdateVirtualNic": ConnectionResetError()})
    with pytest.raises(ConnectionResetError):
        work.apply(Change("k", address("10.0.0.5"), address("10.0.0.6"), "update_vmkernel", {"device": "vmk0"}))


def test_a_fault_of_a_change_that_may_cut_is_told(work):
    work.system = Recorder(fails={"UpdatePortGroup": vim.fault.HostConfigFault()})
    followed = {"name": "VM Network", "follow": "127.0.0.1"}
    before, after = {"vswitch": "vSwitch0", "vlan_id": 3}, {"vswitch": "vSwitch0", "vlan_id": 4}
    with pytest.raises(vim.fault.HostConfigFault):
        work.apply(Change("p", before, after, "update_portgroup", followed))
