# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a host's software iSCSI adapter: name, CHAP, binding, on and off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.plan import cautions, plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import (
    Adapter,
    Chap,
    Port,
    Target,
    VMkernel,
    Volume,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun

VMKERNELS = (VMkernel("vmk0", "Management Network", ("vmnic0",)), VMkernel("vmk1", "vMotion", ("vmnic1",)), VMkernel("vmk2"))
OFF = Adapter("esxi1", vmkernels=VMKERNELS)
ON = Adapter("esxi1", enabled=True, hba="vmhba64", iqn="iqn.1998-01.com.vmware:esxi1", alias="lab", vmkernels=VMKERNELS,
             bound=(Port("vmk1"),), send_targets=(Target("10.0.2.129"),),
             static_targets=(Target("10.0.2.1", 3260, "iqn.2001-01.a:b"),), chap=Chap("esxi", "required"))
SECRET = "abcdefghijkl"


def portal(address="10.0.2.129", port=3260):
    return {"address": address, "port": port}


def chap(**said):
    return {"user": "esxi", "password": SECRET, "level": "required", "mutual_user": None, "mutual_password": None,
            "update_password": "on_create", **said}


def asked(**desired):
    return {"enabled": True, "purge": False, **desired}


def planned(current, **desired):
    return plan(current, asked(**desired))


def refused(current, **desired):
    with pytest.raises(ConvergeError) as caught:
        planned(current, **desired)
    return str(caught.value)


def test_from_nothing_in_order():
    steps = planned(OFF, iqn="IQN.2001-01.a:x", alias="a", chap=chap(), port_binding=["vMotion"], send_targets=[portal()],
                    static_targets=[{**portal(), "iqn": "iqn.2001-01.a:b"}])
    assert [(change.what, change.before, change.after, change.apply) for change in steps] == [
        ("software iSCSI", {"enabled": False}, {"enabled": True}, "enable"),
        ("iSCSI iqn", {"iqn": None}, {"iqn": "iqn.2001-01.a:x"}, "set_iqn"),
        ("iSCSI alias", {"alias": None}, {"alias": "a"}, "set_alias"),
        ("CHAP", {"user": None, "level": "prohibited", "mutual_user": None},
         {"user": "esxi", "level": "required", "mutual_user": None, "password": "(hidden, sent)"}, "set_chap"),
        ("port binding vmk1", None, {"bound": True}, "bind"),
        ("send target 10.0.2.129:3260", None, portal(), "add_send_target"),
        ("static target 10.0.2.129:3260 iqn.2001-01.a:b", None, {**portal(), "iqn": "iqn.2001-01.a:b"}, "add_static_target"),
    ]
    assert steps[4].args == {"device": "vmk1"}


def test_as_declared_already():
    assert planned(ON) == []
    assert planned(ON, iqn=ON.iqn.upper(), alias="lab", chap=chap(), port_binding=["vmk1"], send_targets=[portal()],
                   purge=True) == []
    assert planned(ON, port_binding=["vMotion"], chap=chap(mutual_user="", mutual_password="")) == []


# -- names and CHAP -------------------------------------------------------------------------------------------------------


def test_another_name():
    assert planned(ON, iqn="IQN.2001-01.a:Y") == [
        Change("iSCSI iqn", {"iqn": ON.iqn}, {"iqn": "iqn.2001-01.a:y"}, "set_iqn")]
    assert planned(replace(ON, iqn=ON.iqn.upper()), iqn=ON.iqn) == []
    assert planned(ON, alias="") == [Change("iSCSI alias", {"alias": "lab"}, {"alias": ""}, "set_alias")]
    assert planned(replace(ON, alias=""), alias="") == []


def test_secrets_are_in_no_change():
    (change,) = planned(replace(ON, chap=Chap()), chap=chap(mutual_user="nas", mutual_password="mnopqrstuvwx"))
    assert change.args == {"chap": Chap("esxi", "required", "nas"), "password": SECRET, "mutual_password": "mnopqrstuvwx"}
    assert change.after == {"user": "esxi", "level": "required", "mutual_user": "nas", "password": "(hidden, sent)"}
    for hidden in (SECRET, "mnopqrstuvwx"):
        assert hidden not in str(change.shown())
        assert hidden not in repr(change)


@pytest.mark.parametrize("said", [
    {"update_password": "always"}, {"user": "other"}, {"level": "preferred"},
    {"mutual_user": "nas", "mutual_password": "mnopqrstuvwx"},
])
def test_chap_is_set_again(said):
    assert [change.apply for change in planned(ON, chap=chap(**said))] == ["set_chap"]


def test_no_chap():
    off = chap(level="prohibited", user=None, password=None, update_password="always")
    assert planned(ON, chap=off) == [
        Change("CHAP", {"user": "esxi", "level": "required", "mutual_user": None},
               {"user": None, "level": "prohibited", "mutual_user": None}, "set_chap",
               {"chap": Chap(), "password": None, "mutual_password": None})]
    assert planned(replace(ON, chap=Chap()), chap=off) == []


# -- binding --------------------------------------------------------------------------------------------------------------


def test_what_is_not_listed_is_released_only_with_purge():
    bind = Change("port binding vmk0", None, {"bound": True}, "bind", {"device": "vmk0"})
    unbind = Change("port binding vmk1", {"bound": True}, None, "unbind", {"device": "vmk1"})
    assert planned(ON, port_binding=["vmk0"]) == [bind]
    assert planned(ON, port_binding=["vmk0"], purge=True) == [unbind, bind]
    assert planned(ON, port_binding=[], purge=True) == [unbind]
    assert planned(ON, purge=True) == []
    assert cautions(ON, asked(port_binding=[], purge=True)) == []


def test_what_disks_are_reached_over_is_not_released_and_said():
    current = replace(ON, bound=(Port("vmk1", True), Port("vmk0")))
    assert [change.what for change in planned(current, port_binding=[], purge=True)] == ["port binding vmk0"]
    assert cautions(current, asked(port_binding=[], purge=True)) == [
        "port binding vmk1 is not purged: esxi1 reaches disks over it. Release it when nothing uses the disks behind the "
        "adapter."]
    assert cautions(current, asked(port_binding=["vmk1"], purge=True)) == []
    assert cautions(current, asked(port_binding=[])) == []
    assert cautions(current, asked(purge=True)) == []


def test_what_is_kept_of_targets_is_said_too():
    current = replace(ON, bound=(Port("vmk1", True),), luns=(Lun("naa.1", "iqn.2001-01.a:b", 0, 2**30, "", adapter="vmhba64"),),
                      volumes=(Volume("DT", ("naa.1",)),))
    said = cautions(current, asked(port_binding=[], static_targets=[], purge=True))
    assert [text.split(" is not purged", maxsplit=1)[0] for text in said] == [
        "port binding vmk1", "static target 10.0.2.1:3260 iqn.2001-01.a:b"]


def test_unknown_vmkernel_adapter_names_those_there_are():
    assert refused(ON, port_binding=["vmk7"]) == (
        "port_binding: esxi1 has no VMkernel adapter 'vmk7'; it has: vmk0 (port group 'Management Network'), "
        "vmk1 (port group 'vMotion'), vmk2.")


def test_a_port_group_with_two_adapters_is_ambiguous():
    current = replace(ON, vmkernels=(VMkernel("vmk1", "vMotion"), VMkernel("vmk2", "vMotion")))
    assert refused(current, port_binding=["vMotion"]) == (
        "port_binding: esxi1 has several VMkernel adapters on 'vMotion'; it has: vmk1 (port group 'vMotion'), "
        "vmk2 (port group 'vMotion').")


def test_one_adapter_by_both_of_its_names():
    said = "port_binding: 'vMotion' and 'vmk1' are the same VMkernel adapter of esxi1, vmk1; list each once."
    assert refused(ON, port_binding=["vMotion", "vmk0", "vmk1"]) == said
    with pytest.raises(ConvergeError, match="are the same VMkernel adapter"):
        cautions(ON, asked(port_binding=["vMotion", "vmk1"]))


@pytest.mark.parametrize(("uplinks", "them"), [((), "none"), (("vmnic1", "vmnic0"), "vmnic0, vmnic1")])
def test_an_adapter_is_bound_only_with_one_way_out(uplinks, them):
    current = replace(ON, bound=(), vmkernels=(VMKERNELS[0], VMkernel("vmk1", "vMotion", uplinks)))
    assert refused(current, port_binding=["vMotion"]) == (
        f"port_binding: esxi1 cannot bind vmk1 (port group 'vMotion'): it may use the physical adapters {them}, and must "
        "have exactly one that is active, and none on standby.")
    # One that is bound already is not looked at.
    assert planned(replace(current, bound=(Port("vmk1"),)), port_binding=["vMotion"]) == []


def test_where_the_ways_out_are_not_known_the_host_decides():
    assert [change.what for change in planned(ON, port_binding=["vmk2"])] == ["port binding vmk2"]


# -- off ------------------------------------------------------------------------------------------------------------------


def test_off():
    assert planned(ON, enabled=False) == [Change("software iSCSI", {"enabled": True}, {"enabled": False}, "disable")]
    assert planned(OFF, enabled=False) == []


def test_not_off_under_a_datastore():
    one = replace(ON, volumes=(Volume("DT", ("naa.1",)),))
    assert refused(one, enabled=False) == (
        "enabled: the software iSCSI adapter of esxi1 cannot be turned off: the datastore DT is on a disk behind it. Remove "
        "or unmount that first.")
    two = replace(ON, volumes=(Volume("b", ("naa.1",)), Volume("a", ("naa.2",)), Volume("lost", ("naa.3",), False)))
    assert "the datastores a, b are on" in refused(two, enabled=False)


def test_off_where_the_datastore_is_lost_already():
    lost = replace(ON, volumes=(Volume("DT", ("naa.1",), False),))
    assert [change.apply for change in planned(lost, enabled=False)] == ["disable"]
    assert cautions(lost, asked(enabled=False)) == [
        "esxi1 has lost the datastore DT; without the adapter, it will not find that again."]
    assert cautions(ON, asked(enabled=False)) == []
