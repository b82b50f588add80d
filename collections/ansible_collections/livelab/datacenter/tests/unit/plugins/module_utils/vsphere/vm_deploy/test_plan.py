# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done of a machine that is there, or not: nothing, a deployment, a removal; and how one is compared."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.ovf import Descriptor, Disk
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.plan import differences, network_names, plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.state import (
    Destination,
    Machine,
    State,
    under_way,
)

WANTED = {"cpus": 2, "memory_mb": 512, "nics": 1, "disks_bytes": [4 * 2**30]}


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({}, []),
        ({"cpus": 4}, ["CPUs 4 instead of 2"]),
        ({"memory_mb": 256, "nics": 2}, ["memory in MiB 256 instead of 512", "network adapters 2 instead of 1"]),
        ({"disks_bytes": []}, ["disks 0 instead of 1"]),
        ({"disks_bytes": [2**30]}, ["disks of [1073741824] bytes instead of [4294967296]"]),
        # A disk that has grown is still the package's.
        ({"disks_bytes": [8 * 2**30]}, []),
    ],
)
def test_differences(there, words):
    assert differences({**WANTED, **there}, WANTED) == words


def test_what_the_server_does_not_know_differs():
    known = {key: value for key, value in WANTED.items() if key != "disks_bytes"}
    assert differences(known, WANTED) == ["disks 0 instead of 1"]
    assert differences({**WANTED, "disks_bytes": [1, 2**40]}, {**WANTED, "disks_bytes": [1, 2**41]}) == [
        f"disks of [1, {2**40}] bytes instead of [1, {2**41}]"]


@pytest.mark.parametrize(
    ("disabled", "expected"),
    [(["PowerOnVM_Task", "Destroy_Task"], True), (["PowerOnVM_Task"], False), (["Destroy_Task"], False), (None, False)],
)
def test_under_way(disabled, expected):
    assert under_way({"disabledMethod": disabled}) is expected


DESIRED = {"name": "web", "state": "present", "force": False, "disk_provisioning": "thin"}
MACHINE = Machine("web", "/DC/vm/web", "vm-1", power="poweredOff", hardware=WANTED, ref="ref")
PACKAGE = Descriptor("web", 2, 512, 1, ("LAN",), ("LAN",), (Disk("d1", 4 * 2**30, 10 * 2**20), Disk("d2", 2**30)), option="big")
REFS = {"pool": "p"}


def state(free=100 * 2**20, package=PACKAGE, stored=5):
    place = Destination({"esxi_hostname": "esxi1"}, "DT", free, {"LAN": "VM Network"}, REFS)
    return State(None, package, stored, "web.mf", place)


def test_a_machine_that_is_there_is_left():
    assert plan(State(MACHINE), DESIRED) == []
    assert plan(State(None), {**DESIRED, "state": "absent"}) == []


def test_a_deployment_says_what_there_will_be():
    (change,) = plan(state(), DESIRED)
    assert (change.what, change.before, change.apply, change.args) == ("virtual machine web", None, "deploy", {"refs": REFS})
    assert change.after == {
        "esxi_hostname": "esxi1", "datastore": "DT", "networks": {"LAN": "VM Network"}, "cpus": 2, "memory_mb": 512,
        "disks_bytes": [4 * 2**30, 2**30], "nics": 1, "deployment_option": "big", "manifest": "web.mf",
    }
    bare = plan(State(None, Descriptor("web", 1, 64, 0), 5, None, state().destination), DESIRED)[0].after
    assert bare["manifest"] == "none in the package"
    assert "deployment_option" not in bare


@pytest.mark.parametrize(("options", "free", "there", "needed"), [
    ({}, 10 * 2**20 - 1, 9, 10),
    ({"disk_provisioning": "thick"}, 5 * 2**30 - 1, 5119, 5120),
])
def test_a_datastore_without_room_is_said(options, free, there, needed):
    with pytest.raises(ConvergeError) as caught:
        plan(state(free), {**DESIRED, **options})
    assert str(caught.value) == f"the datastore 'DT' has {there} MiB free; virtual machine web needs {needed} MiB."
    plan(state(free + 1), {**DESIRED, **options})


def test_where_the_package_does_not_say_what_is_in_use_its_files_count():
    unsaid = Descriptor("web", 1, 64, 0, disks=(Disk("d1", 2**40),))
    plan(state(1000, unsaid, stored=1000), DESIRED)
    with pytest.raises(ConvergeError, match="needs 1 MiB"):
        plan(state(999, unsaid, stored=1000), DESIRED)


@pytest.mark.parametrize("power", ["poweredOn", "suspended"])
def test_a_machine_that_runs_is_removed_only_by_force(power):
    runs = State(Machine("web", "/DC/vm/web", "vm-1", power=power, ref="ref"))
    absent = {**DESIRED, "state": "absent"}
    with pytest.raises(ConvergeError) as caught:
        plan(runs, absent)
    assert str(caught.value) == f"virtual machine web is {power}; shut it down first (vm_power), or give force: true."
    (change,) = plan(runs, {**absent, "force": True})
    assert change == Change("virtual machine web", runs.machine.shown(), None, "remove", {"ref": "ref", "power": power})
    assert plan(State(MACHINE), absent)[0].before["moid"] == "vm-1"


def test_networks():
    assert network_names({}, ["LAN", "WAN"], ["LAN"]) == {"LAN": "LAN"}
    assert network_names({"WAN": "x"}, ["LAN", "WAN"], ["LAN"]) == {"WAN": "x", "LAN": "LAN"}
    # A network of an adapter counts although the package does not list it.
    assert network_names({"OLD": "x"}, [], ["OLD", "LAN"]) == {"OLD": "x", "LAN": "LAN"}
    assert network_names({"LAN": ""}, ["LAN"], ["LAN"]) == {"LAN": "LAN"}
    for known, connected, has in ((["LAN", "WAN"], ["LAN", "DMZ2"], "DMZ2, LAN, WAN"), ([], [], "none")):
        with pytest.raises(ConvergeError) as caught:
            network_names({"Z": "y", "DMZ": "x"}, known, connected)
        assert str(caught.value) == f"networks: the package has no network 'DMZ'; it has: {has}."
