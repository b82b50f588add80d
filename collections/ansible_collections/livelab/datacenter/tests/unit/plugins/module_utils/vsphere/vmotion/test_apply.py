# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what a machine could be moved to, and how an adapter comes onto another network."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.state import Host, Network

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Inventory
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import TaskFailed
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion import apply, compatibility
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.adapters import onto
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.surroundings import surroundings

ROOT, DC, OTHER = vim.Folder("group-d1"), vim.Datacenter("datacenter-1"), vim.Datacenter("datacenter-2")
VMS, HOSTS, FAR, NETS, STORES = (vim.Folder(f"group-{name}") for name in ("v1", "h1", "h2", "n1", "s1"))
CLUSTER, EMPTY, ALONE = (
    vim.ClusterComputeResource("domain-c1"), vim.ClusterComputeResource("domain-c2"), vim.ComputeResource("domain-s1"),
)
ONE, TWO, FAR_AWAY = vim.HostSystem("host-1"), vim.HostSystem("host-2"), vim.HostSystem("host-3")
WEB, SHARED, BROKEN = vim.VirtualMachine("vm-1"), vim.Datastore("datastore-1"), vim.Datastore("datastore-2")
LAN, GROUP = vim.Network("network-1"), vim.dvs.DistributedVirtualPortgroup("dvpg-1")
SWITCH = vim.DistributedVirtualSwitch("dvs-1")
POOLS = vim.ResourcePool("resgroup-1"), vim.ResourcePool("resgroup-2")
NOTHING = {"destination_host": None, "cluster": None, "datastore": None}


def mounted(*hosts):
    info = vim.host.MountInfo(accessMode="readWrite", mounted=True, accessible=True)
    return [vim.Datastore.HostMount(key=host, mountInfo=info) for host in hosts]


INVENTORY = Inventory("vc", {
    ROOT: {"name": "Datacenters"},
    DC: {"name": "DC", "parent": ROOT},
    OTHER: {"name": "Other", "parent": ROOT},
    **{ref: {"name": name, "parent": DC} for ref, name in (
        (VMS, "vm"), (HOSTS, "host"), (NETS, "network"), (STORES, "datastore"))},
    FAR: {"name": "host", "parent": OTHER},
    CLUSTER: {"name": "A%2fB", "parent": HOSTS, "resourcePool": POOLS[0]},
    EMPTY: {"name": "Empty", "parent": HOSTS},
    ALONE: {"name": "esxi2", "parent": HOSTS, "resourcePool": POOLS[1]},
    ONE: {"name": "esxi1.lab.local", "parent": CLUSTER, "network": [LAN, GROUP], "runtime.connectionState": "connected"},
    TWO: {
        "name": "esxi2", "parent": ALONE, "network": [], "runtime.connectionState": "connected",
        "runtime.inMaintenanceMode": True,
    },
    FAR_AWAY: {"name": "esxi3", "parent": FAR},
    WEB: {"name": "web%2f1", "parent": VMS},
    SHARED: {"name": "DT", "parent": STORES, "host": mounted(ONE, TWO), "summary.accessible": True},
    BROKEN: {"name": "lost", "parent": STORES, "host": mounted(ONE), "summary.accessible": False},
    LAN: {"name": "10.0.0.0%2f24", "parent": NETS},
    GROUP: {"name": "Storage", "parent": NETS, "key": "dvportgroup-1", "config.distributedVirtualSwitch": SWITCH},
})
HERE = Host("esxi1.lab.local", "domain-c1", "", ("DT", "lost"), (
    Network("10.0.0.0/24", "/DC/network/10.0.0.0%2f24"), Network("Storage", "/DC/network/Storage", "dvportgroup-1")))
THERE = Host("esxi2", "domain-s1", "is in maintenance mode", ("DT",))


def read(**options):
    return surroundings(INVENTORY, INVENTORY.found(WEB), {"runtime.host": ONE}, {**NOTHING, **options})


def test_the_host_it_is_on_with_what_it_offers():
    state = read()
    assert (state.machine.name, state.machine.host, state.hosts) == ("web/1", HERE, ())
    assert (state.machine.host.ref, state.machine.host.pool) == (ONE, POOLS[0])
    group = state.machine.host.networks[1]
    assert (group.ref, group.switch) == (GROUP, SWITCH)


@pytest.mark.parametrize("name", ["esxi2", "ESXi2", "/DC/host/esxi2/esxi2"])
def test_a_host_by_name_as_dns_compares_it(name):
    state = read(destination_host=name, datastore="DT")
    assert (state.hosts, state.cluster, state.datastore, state.datastore_ref) == ((THERE,), None, "DT", SHARED)
    assert (state.hosts[0].ref, state.hosts[0].pool) == (TWO, POOLS[1])


@pytest.mark.parametrize(("name", "hosts"), [("A/B", (HERE,)), ("A%2fB", (HERE,)), ("Empty", ())])
def test_the_members_of_a_cluster(name, hosts):
    state = read(cluster=name)
    assert state.hosts == hosts
    assert state.cluster == ("Empty" if name == "Empty" else "A/B")


@pytest.mark.parametrize(("options", "words"), [
    ({"destination_host": "esxi9"}, "no ESXi host 'esxi9' in vc; it has: esxi1.lab.local, esxi2, esxi3."),
    (
        {"destination_host": "esxi3"},
        "destination_host: esxi3 is at /Other/host/esxi3; a machine of the data centre 'DC' can only be moved within it.",
    ),
    ({"cluster": "C"}, "no cluster 'C' in vc; it has: A/B, Empty."),
    ({"datastore": "X"}, "no datastore 'X' in vc; it has: DT, lost."),
    ({"datastore": "lost"}, "the datastore 'lost' is not accessible: no host reaches its storage."),
])
def test_what_is_not_there_is_said_with_what_is(options, words):
    with pytest.raises(ConvergeError) as refusal:
        read(**options)
    assert str(refusal.value) == words


def test_an_adapter_onto_a_network_of_the_host():
    there = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName="VM Network")
    card = vim.vm.device.VirtualVmxnet3(key=4000, backing=there)
    change = onto(None, card, Network("10.0.0.0/24", "", ref=LAN))
    assert (change.operation, change.device.key) == ("edit", 4000)
    # The port group's own name, as the host has it, and not as the inventory escapes it.
    assert (change.device.backing.deviceName, change.device.backing.network) == ("10.0.0.0/24", LAN)
    assert card.backing is there, "what was read is altered"


class Client:
    """One that knows a distributed switch."""

    def read(self, ref, *properties):
        assert (ref, properties) == (SWITCH, ("uuid",))
        return {"uuid": "50 1d"}


def test_an_adapter_onto_a_distributed_port_group():
    card = vim.vm.device.VirtualVmxnet3(key=4000)
    port = onto(Client(), card, Network("Storage", "", "dvportgroup-1", GROUP, SWITCH)).device.backing.port
    assert (port.portgroupKey, port.switchUuid) == ("dvportgroup-1", "50 1d")


CHANGE = Change("virtual machine web", {"host": "a"}, {"host": "b"}, "move", {
    "from": "esxi1", "to": "esxi2", "host": TWO, "pool": None, "datastore": None, "networks": {}})


def motion(**options):
    work = apply.Motion({"priority": "high", "wait_timeout": 5, **options})
    work.client = Client()
    return work


@pytest.mark.parametrize("known", [True, False])
def test_a_move_that_fails_says_where_the_machine_is_if_that_can_be_told(monkeypatch, known):
    work = motion()

    class Machine:
        def RelocateVM_Task(self, spec, priority):
            assert (spec.host, spec.pool, priority) == (TWO, None, "highPriority")

    def fail(*_args):
        raise TaskFailed(vim.fault.VMotionNotConfigured(failedHost="esxi2"), None)

    def host_now():
        if not known:
            raise ConnectionResetError("gone")
        return "esxi1"

    work.machine = Machine()
    monkeypatch.setattr(apply, "wait_for_task", fail)
    monkeypatch.setattr(work, "_host_now", host_now)
    monkeypatch.setattr(work, "_logs", lambda _change: None)
    with pytest.raises(ConvergeError, match="host esxi2 has no VMkernel adapter enabled for vMotion") as error:
        work.move(CHANGE)
    assert ("It is still on esxi1." in str(error.value)) is known


def test_all_that_the_server_says_against_a_move_is_said_once(monkeypatch):
    away = vim.fault.VMotionNotConfigured(failedHost="esxi2")
    linked = vim.fault.VMotionLinkDown(failedHost="esxi1")
    slow = vim.fault.VMotionLinkCapacityLow(msg="The link is slow.")
    monkeypatch.setattr(compatibility, "check", lambda *_args: ([away, away, linked], [slow]))
    work = motion()
    with pytest.raises(ConvergeError) as refusal:
        work.verify([CHANGE])
    assert str(refusal.value).startswith("virtual machine web cannot move to esxi2: host esxi2 has no VMkernel adapter")
    assert len(refusal.value.details["faults"]) == 2
    assert "The link is slow" in work.warnings[0]
