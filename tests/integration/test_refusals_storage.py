# SPDX-License-Identifier: GPL-3.0-or-later
"""esxi_iscsi and esxi_datastore: what a run would refuse, check mode refuses in the same words; what is kept, and said."""

from __future__ import annotations

import pytest

from tests.support import states
from tests.support.package import make_package

pytestmark = pytest.mark.integration

SECRET = "abcdefghijkl"
LOCAL = "mpx.vmhba0:C0:T0:L0"


@pytest.fixture(scope="module")
def built(ansible, twin, tmp_path_factory):
    """Both hosts with the datastore, a machine on it, and a VMkernel adapter on host 1 that has no way out."""
    states.build(ansible)
    lonely = {
        "vswitches": [{"name": "vSwitch2"}],
        "portgroups": [{"name": "lonely", "vswitch": "vSwitch2"}],
        "vmkernels": [{"portgroup": "lonely", "ip": "10.9.9.9", "netmask": "255.255.255.0"}],
    }
    machine = {
        "name": "web",
        "ovf": str(make_package(tmp_path_factory.mktemp("package")) / "web.ovf"),
        "esxi_hostname": states.host_name(twin, 1),
        "datastore": states.DATASTORE,
        "networks": {"LAN": "VM Network"},
    }
    for module, args, where in [("esxi_network", lonely, "esxi1"), ("vm_deploy", machine, "vcenter")]:
        done = ansible.run(module, args, where)
        assert not done.failed, done.msg
    return ansible


def said(result) -> str:
    assert not result.failed, result.msg
    return " ".join(result.data.get("warnings", []))


def chap(**more) -> dict:
    return {"user": "esxi", "password": SECRET, **more}


# -- esxi_iscsi ---------------------------------------------------------------------------------------------------------

ADAPTER_REFUSED = {
    "off under a datastore": ({"enabled": False}, ["enabled", states.DATASTORE, "cannot be turned off"]),
    "off, and with targets": ({"enabled": False, "send_targets": [{"address": "10.0.0.1"}]}, ["contradict", "send_targets"]),
    "an adapter that is not there": ({"port_binding": ["vmk7"]}, ["vmk7", "vmk0 (port group 'Management Network')"]),
    "an adapter without a way out": ({"port_binding": ["lonely"]}, ["vmk2", "lonely", "exactly one"]),
    "an adapter by both its names": ({"port_binding": ["vmk1", "vMotion"]}, ["'vmk1' and 'vMotion'", "same"]),
    "a portal twice": (
        {"send_targets": [{"address": "NAS.lab.local"}, {"address": "nas.lab.local."}]},
        ["nas.lab.local:3260", "twice"],
    ),
    "a port out of range": ({"send_targets": [{"address": "10.0.0.1", "port": 70000}]}, ["send_targets: port", "70000"]),
    "a secret with its line end": ({"chap": chap(password=SECRET + "\n")}, ["password", "line end"]),
}


@pytest.mark.parametrize("case", ADAPTER_REFUSED)
def test_an_adapter_that_cannot_be(built, twin, case):
    args, wants = ADAPTER_REFUSED[case]
    before = (twin.dir / "esxi1" / "host.json").read_bytes()
    built.refused_in_both_modes("esxi_iscsi", args, "esxi1", *wants)
    assert (twin.dir / "esxi1" / "host.json").read_bytes() == before


def test_purge_keeps_what_a_datastore_stands_on(built, twin):
    args = {"port_binding": [], "send_targets": [], "static_targets": [], "purge": True}
    for check in (True, False):
        kept = built.run("esxi_iscsi", args, "esxi1", check=check)
        words = said(kept)
        assert not kept.changed, kept.data
        for text in (f"send target {twin.data}.129:3260", states.DATASTORE, "port binding vmk1"):
            assert text in words


def test_what_is_spelt_otherwise_is_the_same(built):
    name = {"iqn": "IQN.1998-01.com.VMware:ESXi1", "send_targets": [{"address": "NAS.Lab.Local"}]}
    built.converge("esxi_iscsi", name, "esxi1")
    again = built.run("esxi_iscsi", {"iqn": name["iqn"].lower(), "send_targets": [{"address": "nas.lab.local."}]}, "esxi1")
    words = said(again)
    assert not again.changed, again.data
    assert "nas.lab.local:3260" in words
    # That portal carries no datastore: purged. The other one does: kept.
    gone = built.run("esxi_iscsi", {"send_targets": [], "purge": True}, "esxi1")
    assert states.DATASTORE in said(gone)
    assert [(change["what"], change["action"]) for change in gone.data["changes"]] == [
        ("send target nas.lab.local:3260", "remove")
    ]


def test_a_target_that_discovery_has_found_is_not_added_again(built, twin):
    found = {"static_targets": [{"address": f"{twin.data}.129", "iqn": states.TARGET.upper()}]}
    seen = built.run("esxi_iscsi", found, "esxi1")
    assert said(seen) == ""
    assert not seen.changed, seen.data


def test_mutual_chap_that_the_target_does_not_have_is_said(built):
    mutual = {"chap": chap(mutual_user="nas", mutual_password="mnopqrstuvwx")}
    lost = built.run("esxi_iscsi", mutual, "esxi2")
    for text in (f"'{states.DATASTORE}' is not accessible any more", "mutual CHAP", "'nas'", "'mutual_user'"):
        assert text in said(lost)
    assert SECRET not in lost.output
    again = built.run("esxi_iscsi", mutual, "esxi2")
    assert f"'{states.DATASTORE}' is not accessible" in said(again)
    assert [change["what"] for change in again.data["changes"]] == []
    back = built.run("esxi_iscsi", {"chap": {"level": "prohibited"}}, "esxi2")
    assert said(back) == ""
    assert [lun["accessible"] for lun in back.data["luns"]] == [True]


def test_a_login_that_fails_for_want_of_chap_names_chap(built, twin):
    asks = {"auths": [{"tag": 1, "user": "esxi", "secret": SECRET}]}
    target = {"name": "vmware", "portal": "data", "initiator": "all", "authmethod": "CHAP", "auth": 1}
    done = built.run("freenas_iscsi", states.target(twin, targets=[target], **asks), "nas")
    assert not done.failed, done.msg
    try:
        seen = built.run("esxi_iscsi", {**states.iscsi(twin), "rescan": "always"}, "esxi2")
        for text in ("finds no LUN", f"{twin.data}.129:3260", "CHAP", "'chap'"):
            assert text in said(seen)
        found = built.run("esxi_iscsi", {**states.iscsi(twin), "chap": chap()}, "esxi2")
        assert said(found) == ""
        assert [lun["accessible"] for lun in found.data["luns"]] == [True]
    finally:
        built.run("esxi_iscsi", {"chap": {"level": "prohibited"}, "rescan": "never"}, "esxi2")
        built.run("freenas_iscsi", states.target(twin, targets=[{**target, "authmethod": "NONE", "auth": None}]), "nas")
        built.run("esxi_iscsi", {**states.iscsi(twin), "rescan": "always"}, "esxi2")


# -- esxi_datastore -----------------------------------------------------------------------------------------------------

LUN = {"target": states.TARGET, "lun": 0}
STORE_REFUSED = {
    "a name too long": ({"name": "d" * 43, **LUN}, ["name", "42"]),
    "a name with a slash": ({"name": "a/b", **LUN}, ["'a/b'", states.DATASTORE]),
    "a name with brackets": ({"name": "[x]", **LUN}, ["'[x]'", "[ ]"]),
    "a LUN out of range": ({**LUN, "lun": 1024}, ["lun: 1024", "1023"]),
    "a LUN that has a datastore": ({"name": "other", **LUN}, ["another LUN", states.DATASTORE]),
    "the host's own disk": ({"naa": LOCAL}, [LOCAL, "holds the datastore 'datastore1'"]),
    "a datastore on another disk": ({"name": states.DATASTORE, "naa": LOCAL}, [states.DATASTORE, LOCAL]),
    "a new one on nothing": ({"name": "new"}, ["'target' and 'lun'", "naa."]),
    "no hosts": ({**LUN, "hosts": None}, ["'hosts'"]),
    "a host that is not there": ({**LUN, "hosts": ["nosuch"]}, ["nosuch"]),
    "a host twice": ({**LUN, "hosts": ["ESXi1.lab.local", "esxi1.lab.local."]}, ["hosts", "twice"]),
    "away with a machine on it": (
        {"name": states.DATASTORE, "state": "absent"},
        [states.DATASTORE, "1 virtual machine or template is"],
    ),
    "away with the host's own": ({"name": "datastore1", "state": "absent"}, ["datastore1"]),
}


@pytest.mark.parametrize("case", STORE_REFUSED)
def test_a_datastore_that_cannot_be(built, twin, case):
    args, wants = STORE_REFUSED[case]
    args = {"name": "new", "hosts": [states.host_name(twin, 1), states.host_name(twin, 2)], **args}
    given = {name: value for name, value in args.items() if value is not None}
    built.refused_in_both_modes("esxi_datastore", given, "vcenter", *wants)


def test_nothing_is_left_of_what_was_refused(built, twin):
    hosts = {"hosts": [states.host_name(twin, 1), states.host_name(twin, 2)]}
    for args in (
        states.datastore(twin),
        {"name": "new", "state": "absent", **hosts},
        {"name": "other", "state": "absent", **hosts},
    ):
        seen = built.run("esxi_datastore", args, "vcenter")
        assert said(seen) == ""
        assert not seen.changed, seen.data


def second_lun(twin) -> dict:
    """freenas_iscsi: a second volume, as LUN 1."""
    first = states.target(twin)
    return {
        **first,
        "zvols": [*first["zvols"], {"name": "tank/second", "size": "4G", "sparse": True}],
        "extents": [*first["extents"], {"name": "second", "disk": "tank/second", "serial": "10000002"}],
        "associations": [*first["associations"], {"target": "vmware", "extent": "second", "lun": 1}],
    }


def test_a_lun_that_no_host_has_found_yet(built, twin):
    wanted = {"name": "new", **LUN, "lun": 1, "hosts": [states.host_name(twin, 1), states.host_name(twin, 2)]}
    planned = built.run("esxi_datastore", wanted, "vcenter", check=True)
    assert f"does not see LUN 1 of target {states.TARGET} yet" in said(planned)
    built.refused("esxi_datastore", wanted, "vcenter", "does not see LUN 1", "not after a rescan either", "LUN 0")
    done = built.run("freenas_iscsi", second_lun(twin), "nas")
    assert not done.failed, done.msg
    built.converge("esxi_datastore", wanted, "vcenter")
    built.converge("esxi_datastore", {**wanted, "state": "absent"}, "vcenter")


@pytest.mark.parametrize("name", ["100% sure", "back\\slash", "ü" * 42])
@pytest.mark.parametrize("where", ["esxi1", "vcenter"])
def test_names_that_a_vcenter_escapes(built, twin, name, where):
    hosts = {"hosts": [states.host_name(twin, 1), states.host_name(twin, 2)]} if where == "vcenter" else {}
    done = built.run("freenas_iscsi", second_lun(twin), "nas")
    assert not done.failed, done.msg
    wanted = {"name": name, **LUN, "lun": 1, **hosts}
    built.converge("esxi_datastore", wanted, where)
    built.converge("esxi_datastore", {**wanted, "state": "absent"}, where)
