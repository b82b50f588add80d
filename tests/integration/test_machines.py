# SPDX-License-Identifier: GPL-3.0-or-later
"""vm_deploy, vm_power, vmotion and performance_info: a machine's life, from its package to its moves."""

from __future__ import annotations

import shutil

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.apply import gather

from tests.support import states
from tests.support.package import changed, make_package

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A package as an export makes it: descriptor, disk, manifest."""
    return make_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def site(ansible):
    """Chapter 3: two hosts with a vMotion network and a datastore they share."""
    states.build(ansible)
    return ansible


def deployment(twin, package, **changes) -> dict:
    return {
        "name": "web",
        "ovf": str(package / "web.ovf"),
        "esxi_hostname": states.host_name(twin, 2),
        "datastore": states.DATASTORE,
        "networks": {"LAN": "VM Network"},
        **changes,
    }


def test_a_damaged_package_is_refused(site, twin, package, tmp_path):
    shutil.copytree(package, tmp_path, dirs_exist_ok=True)
    disk = bytearray((tmp_path / "web.vmdk").read_bytes())
    disk[-600] ^= 255
    (tmp_path / "web.vmdk").write_bytes(disk)
    site.refused("vm_deploy", deployment(twin, tmp_path), "vcenter", "web.vmdk", "is damaged", "web.mf says")


def test_a_machine_from_a_package(site, twin, package):
    result = site.converge("vm_deploy", deployment(twin, package), "vcenter")
    assert result.data["vm"]["host"] == states.host_name(twin, 2)
    assert result.data["uploaded_bytes"] == (package / "web.vmdk").stat().st_size


def test_a_machine_is_told_with_its_place_and_its_hardware(site, twin, package):
    before = twin.calls("vcenter")
    found = site.run("vm_info", {"names": ["web", "nosuch"]}, "vcenter")
    assert not found.failed, found.msg
    # Versions, content, login, the one read, logout.
    assert twin.calls("vcenter") - before <= 5
    assert found.data["missing"] == ["nosuch"]
    (web,) = found.data["machines"]
    assert (web["path"], web["host"], web["power"]) == ("/Thesis/vm/web", states.host_name(twin, 2), "poweredOff")
    assert (web["cpus"], web["memory_mb"], web["datastore"]) == (2, 64, states.DATASTORE)
    assert [(disk["capacity_bytes"], disk["datastore"]) for disk in web["disks"]] == [(16 * 2**20, states.DATASTORE)]
    assert [card["network"] for card in web["networks"]] == ["VM Network"]
    for name in (web["path"], web["moid"], web["uuid"], "vm/web"):
        assert site.run("vm_info", {"names": [name]}, "vcenter").data["machines"] == [web]
    site.refused("vm_info", {"folder": "nosuch"}, "vcenter", "no vm folder 'nosuch'")


def test_a_machine_that_differs_from_its_package_is_left_and_said(site, twin, package, tmp_path):
    other = changed(package, tmp_path, (">64<", ">128<"))
    result = site.run("vm_deploy", deployment(twin, other), "vcenter")
    assert not result.failed, result.msg
    assert not result.changed
    assert result.data["differences"] == ["memory in MiB 64 instead of 128"]


def test_power(site):
    site.refused("vm_power", {"name": "nobody"}, "vcenter", "no virtual machine 'nobody'", "web")
    site.converge("vm_power", {"name": "web", "state": "powered-on"}, "vcenter")
    site.refused("vm_power", {"name": "web", "state": "shutdown-guest"}, "vcenter", "VMware Tools do not run")
    site.refused("vm_power", {"name": "web", "state": "powered-off", "wait_for_ip": True}, "vcenter", "wait_for_ip")
    site.refused("vm_power", {"name": "web", "folder": "nosuch"}, "vcenter", "no vm folder 'nosuch'")
    for state in ("reset", "restarted"):
        done = site.run("vm_power", {"name": "/Thesis/vm/web", "state": state}, "vcenter")
        assert not done.failed, done.msg
        assert done.changed
    forced = {"name": "web", "state": "shutdown-guest", "shutdown_timeout": 1}
    site.converge("vm_power", forced, "vcenter")
    site.converge("vm_power", {"name": "web", "state": "powered-on"}, "vcenter")


def test_the_machine_moves_and_says_what_it_took(site, twin):
    there = states.host_name(twin, 1)
    result = site.converge("vmotion", {"name": "web", "destination_host": there}, "vcenter")
    migration = result.data["migration"]
    assert result.data["host"] == there
    assert (migration["from"], migration["to"]) == (states.host_name(twin, 2), there)
    assert migration["started"] < migration["ended"]
    phases = migration["phases"]
    assert phases["precopy_s"] > 0
    assert phases["downtime_s"] > 0
    assert phases["bytes_left"] == phases["pages_left"] * 4096
    whole = phases["setup_s"] + phases["precopy_s"] + phases["switchover_s"]
    assert abs(phases["total_s"] - whole) < 0.01


def test_vmware_vmotion_of_the_community_moves_it_too(site, twin):
    here, there = states.host_name(twin, 1), states.host_name(twin, 2)
    for destination in (there, here):
        args = {"vm_name": "web", "destination_host": destination}
        done = site.run("community.vmware.vmware_vmotion", args, "vcenter")
        assert not done.failed, done.msg
        assert done.changed, done.data
        assert done.data["running_host"] == destination
    again = site.run("community.vmware.vmware_vmotion", args, "vcenter")
    assert not again.failed, again.msg
    assert not again.changed, "it is there already"


def test_a_host_without_a_vmotion_adapter_is_refused_with_what_helps(site, twin):
    here = states.host_name(twin, 2)
    adapter = {"portgroup": "vMotion", "services": []}
    done = site.run("esxi_network", {"esxi_hostname": here, "vmkernels": [adapter]}, "vcenter")
    assert not done.failed, done.msg
    for extra in ({}, {"precheck_only": True}):
        args = {"name": "web", "destination_host": here, **extra}
        words = (f"host {here} has no VMkernel adapter enabled for vMotion", "services: [vmotion]")
        site.refused_in_both_modes("vmotion", args, "vcenter", *words)
    enabled = {**adapter, "services": ["vmotion"]}
    done = site.run("esxi_network", {"esxi_hostname": here, "vmkernels": [enabled]}, "vcenter")
    assert not done.failed, done.msg
    could = site.run("vmotion", {"name": "web", "destination_host": here, "precheck_only": True}, "vcenter")
    assert not could.failed, could.msg
    assert not could.changed


def test_a_network_of_another_name_at_the_destination(site, twin):
    here = states.host_name(twin, 2)
    renamed = [
        {"name": "VM Network", "vswitch": "vSwitch0", "state": "absent"},
        {"name": "Guests", "vswitch": "vSwitch0"},
    ]
    done = site.run("esxi_network", {"esxi_hostname": here, "portgroups": renamed}, "vcenter")
    assert not done.failed, done.msg
    move = {"name": "web", "destination_host": here}
    site.refused("vmotion", move, "vcenter", f"host {here} has not the network", "networks")
    site.refused("vmotion", {**move, "networks": {"WAN": "Guests"}}, "vcenter", "not on the network 'WAN'")
    site.converge("vmotion", {**move, "networks": {"VM Network": "Guests"}}, "vcenter")


def test_only_a_vcenter_moves_machines(site, twin):
    args = {"name": "web", "destination_host": states.host_name(twin, 1)}
    site.refused("vmotion", args, "esxi2", "only a vCenter moves machines")


def test_counters_of_hosts_and_machines_in_one_answer(site, twin):
    args = {
        "entities": [{"type": "host", "name": states.host_name(twin, 2)}, {"type": "vm", "name": "web"}],
        "interval": 2,
        "max_samples": 3,
    }
    result = site.run("performance_info", args, "vcenter")
    assert not result.failed, result.msg
    assert not result.changed
    found = {(one["type"], one["counter"]): one for one in result.data["series"]}
    assert found["host", "cpu.usagemhz.average"]["unit"] == "MHz"
    assert found["vm", "mem.consumed.average"]["unit"] == "KB"
    assert all(one["samples"] and len(one["samples"]) == len(one["timestamps"]) for one in found.values())
    assert all(one["timestamps"] == sorted(one["timestamps"]) for one in found.values())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"entities": [{"type": "vm", "name": "nobody"}]}, ["no virtual machine 'nobody'", "web"]),
        ({"counters": ["cpu.usagemhz"]}, ["group.counter.rollup"]),
        ({"counters": ["cpu.usagemhs.average"]}, ["cpu.usagemhz.average"]),
        ({"start": "noon"}, ["'noon'", "ISO 8601"]),
    ],
)
def test_counters_that_cannot_be_read_are_named(site, changes, words):
    query = {
        "entities": [{"type": "vm", "name": "web"}],
        "counters": ["mem.consumed.average"],
        "interval": 2,
        "start": None,
        "end": None,
        "max_samples": None,
    }
    with Client(site.options("vcenter")) as client, pytest.raises(ConvergeError) as refusal:
        gather(client, {**query, **changes})
    for word in words:
        assert word in str(refusal.value)


def test_a_bad_interval_is_the_modules_plain_error(site):
    args = {"entities": [{"type": "vm", "name": "web"}], "interval": 0}
    site.refused("performance_info", args, "vcenter", "interval is 0", "from 1 to")


def test_a_machine_goes(site):
    site.refused("vm_deploy", {"name": "web", "state": "absent"}, "vcenter", "poweredOn", "force: true")
    site.converge("vm_deploy", {"name": "web", "state": "absent", "force": True}, "vcenter")
