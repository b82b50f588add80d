# SPDX-License-Identifier: GPL-3.0-or-later
"""esxi_network on a host with VMkernel adapters on a distributed switch and on an opaque network: they are not its own.

The host is started as one that somebody else has put them on; test_distributed_switch.py has a switch that a vCenter made.
"""

from __future__ import annotations

import copy
import json

import pytest

from tests.support import states

pytestmark = pytest.mark.integration

ELSEWHERE = {
    "vmk8": {
        "distributedVirtualPort": {
            "_typeName": "DistributedVirtualSwitchPortConnection",
            "switchUuid": "50 0c 11 22 33 44 55 66-77 88 99 aa bb cc dd ee",
            "portgroupKey": "dvportgroup-21",
        }
    },
    "vmk9": {
        "opaqueNetwork": {
            "_typeName": "HostVirtualNicOpaqueNetworkSpec",
            "opaqueNetworkId": "nsx-1",
            "opaqueNetworkType": "nsx.LogicalSwitch",
        }
    },
}


@pytest.fixture(scope="module")
def built(ansible, twin):
    """Host 1 with the vMotion network, and with two adapters that are on no port group of its own."""
    done = ansible.run("esxi_network", states.network(twin, 1), "esxi1")
    assert not done.failed, done.msg
    twin.down()
    path = twin.dir / "esxi1" / "host.json"
    host = json.loads(path.read_text(encoding="utf-8"))
    vnics = host["Network"]["vnic"]
    model = next(vnic for vnic in vnics if vnic["device"] == "vmk1")
    for number, (device, where) in enumerate(ELSEWHERE.items(), start=8):
        vnic = copy.deepcopy(model)
        vnic.update(device=device, key=f"key-vim.host.VirtualNic-{device}", portgroup="")
        vnic["spec"].pop("portgroup", None)
        vnic["spec"].update(where, mac=f"00:50:56:6f:00:{number:02x}")
        vnic["spec"]["ip"].update(ipAddress=f"{twin.data}.{200 + number}")
        vnics.append(vnic)
    path.write_text(json.dumps(host), encoding="utf-8")
    twin.up()
    return ansible


def test_purge_leaves_them_alone(built, twin):
    path = twin.dir / "esxi1" / "host.json"
    before = json.loads(path.read_text(encoding="utf-8"))["Network"]["vnic"]
    assert {vnic["device"] for vnic in before} >= set(ELSEWHERE)
    listed = {**states.network(twin, 1), "purge": True}
    for check in (True, False):
        seen = built.run("esxi_network", listed, "esxi1", check=check)
        assert not seen.failed, seen.msg
        assert not [change for change in seen.data["changes"] if "VMkernel" in change["what"]], seen.data
    gone = built.run("esxi_network", {"vmkernels": [], "purge": True}, "esxi1")
    assert not gone.failed, gone.msg
    assert [(change["what"], change["action"]) for change in gone.data["changes"]] == [("VMkernel adapter vmk1", "remove")]
    after = json.loads(path.read_text(encoding="utf-8"))["Network"]["vnic"]
    assert {vnic["device"] for vnic in after} == {"vmk0", *ELSEWHERE}
    assert [vnic for vnic in after if vnic["device"] in ELSEWHERE] == [vnic for vnic in before if vnic["device"] in ELSEWHERE]


@pytest.mark.parametrize("device", ELSEWHERE)
def test_one_goes_only_when_it_is_named(built, device):
    named = {"vmkernels": [{"device": device, "state": "absent"}]}
    planned = built.run("esxi_network", named, "esxi1", check=True)
    assert not planned.failed, planned.msg
    assert [(change["what"], change["action"]) for change in planned.data["changes"]] == [
        (f"VMkernel adapter {device}", "remove")
    ]
