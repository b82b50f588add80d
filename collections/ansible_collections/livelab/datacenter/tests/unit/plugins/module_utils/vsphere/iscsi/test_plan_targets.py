# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets' part of the plan: what is added, what is purged, and what is kept because a datastore stands on it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.plan_targets import (
    cautions,
    declared,
    leads,
    plan,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import (
    UNKNOWN,
    Adapter,
    Target,
    Volume,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun

IQN, OTHER = "iqn.2001-01.a:b", "iqn.2001-01.a:c"
A, B = "10.0.2.1", "10.0.2.2"
BARE = Adapter("esxi1", enabled=True, hba="vmhba64")


def portal(address=A, port=3260, **said):
    return {"address": address, "port": port, **said}


def asked(purge=True, **desired):
    return {"purge": purge, **desired}


def names(changes):
    return [(change.apply, change.what) for change in changes]


def found(address=A, iqn=IQN, parent=f"{A}:3260"):
    return Target(address, 3260, iqn, parent)


def lun(*addresses, naa="naa.1", target=IQN, **said):
    return Lun(naa, target, 0, 2**30, "", addresses=addresses or (f"{A}:3260",), **{"adapter": "vmhba64", **said})


def store(name="DT", *disks, accessible=True):
    return Volume(name, disks or ("naa.1",), accessible)


def under_store(*sends, **said):
    """An adapter with these portals, the first of which has told of the target on whose LUN there is a datastore."""
    made = {"discovered": (found(),), "luns": (lun(),), "volumes": (store(),), **said}
    return replace(BARE, send_targets=tuple(map(Target, sends)), **made)


# -- added ----------------------------------------------------------------------------------------------------------------


def test_added_as_hosts_spell_them():
    desired = asked(False, send_targets=[portal("NAS.Lab.", 3261), portal("FD00:0::1")],
                    static_targets=[portal(iqn=IQN.upper())])
    assert plan(BARE, desired) == [
        Change("send target nas.lab:3261", None, {"address": "nas.lab", "port": 3261}, "add_send_target",
               {"target": Target("nas.lab", 3261)}),
        Change("send target [fd00::1]:3260", None, {"address": "fd00::1", "port": 3260}, "add_send_target",
               {"target": Target("fd00::1")}),
        Change(f"static target {A}:3260 {IQN}", None, {"address": A, "port": 3260, "iqn": IQN}, "add_static_target",
               {"target": Target(A, 3260, IQN)}),
    ]


@pytest.mark.parametrize(("has", "wanted"), [
    ("NAS.lab.local", "nas.LAB.local."), ("fd00::1", "FD00:0:0::1"), ("FD00::1", "[fd00::1]"), (A, A),
])
def test_the_same_however_it_is_spelt(has, wanted):
    current = replace(BARE, send_targets=(Target(has),), static_targets=(Target(has, 3260, IQN.upper()),))
    assert plan(current, asked(send_targets=[portal(wanted)], static_targets=[portal(wanted, iqn=IQN)])) == []
    assert names(plan(current, asked(False, send_targets=[portal(wanted, 3261)]))) == [
        ("add_send_target", f"send target {Target(wanted, 3261)}")]


def test_what_discovery_has_found_is_not_added_again():
    wanted = asked(static_targets=[portal(iqn=IQN.upper())])
    assert plan(under_store(A), wanted) == []
    assert names(plan(under_store(A), asked(static_targets=[portal(iqn=OTHER)]))) == [
        ("add_static_target", f"static target {A}:3260 {OTHER}")]


def test_what_goes_with_its_portal_is_added():
    current = under_store(A, volumes=())
    wanted = asked(send_targets=[], static_targets=[portal(iqn=IQN)])
    assert names(plan(current, wanted)) == [
        ("remove_send_target", f"send target {A}:3260"), ("add_static_target", f"static target {A}:3260 {IQN}")]


# -- purged ---------------------------------------------------------------------------------------------------------------


def test_what_is_not_listed_goes_only_with_purge_and_first():
    current = replace(BARE, send_targets=(Target(A),), static_targets=(Target(A, 3260, IQN),))
    wanted = {"send_targets": [portal(B)], "static_targets": []}
    assert names(plan(current, asked(False, **wanted))) == [("add_send_target", f"send target {B}:3260")]
    assert plan(current, asked(**wanted)) == [
        Change(f"send target {A}:3260", {"address": A, "port": 3260}, None, "remove_send_target", {"target": Target(A)}),
        Change(f"send target {B}:3260", None, {"address": B, "port": 3260}, "add_send_target", {"target": Target(B)}),
        Change(f"static target {A}:3260 {IQN}", {"address": A, "port": 3260, "iqn": IQN}, None, "remove_static_target",
               {"target": Target(A, 3260, IQN)}),
    ]
    assert cautions(current, asked(**wanted)) == []


def test_a_list_that_is_not_given_is_left_alone():
    current = replace(BARE, send_targets=(Target(A),), static_targets=(Target(A, 3260, IQN),))
    assert plan(current, asked()) == []
    assert names(plan(current, asked(static_targets=[]))) == [("remove_static_target", f"static target {A}:3260 {IQN}")]
    assert names(plan(current, asked(send_targets=[]))) == [("remove_send_target", f"send target {A}:3260")]


def test_a_target_as_the_host_spells_it_is_removed_in_that_spelling():
    current = replace(BARE, send_targets=(Target("NAS.lab"),))
    (change,) = plan(current, asked(send_targets=[]))
    assert change.args["target"].address == "NAS.lab"


def kept(what, store="DT"):
    return (f"{what} is not purged: esxi1 reaches the datastore {store} by it and by no other. Unmount or remove that first, or "
            "list the target.")


def test_a_portal_that_a_datastore_stands_on_is_kept_and_said():
    wanted = asked(send_targets=[portal(B)])
    assert names(plan(under_store(A), wanted)) == [("add_send_target", f"send target {B}:3260")]
    assert cautions(under_store(A), wanted) == [kept(f"send target {A}:3260")]
    assert cautions(under_store(A), asked(False, send_targets=[])) == []
    assert cautions(under_store(A), asked(send_targets=[portal(A)])) == []


def test_a_named_target_that_a_datastore_stands_on_is_kept_and_said():
    current = replace(BARE, static_targets=(Target(A, 3260, IQN), Target(A, 3260, OTHER)), luns=(lun(),), volumes=(store(),))
    wanted = asked(static_targets=[])
    assert names(plan(current, wanted)) == [("remove_static_target", f"static target {A}:3260 {OTHER}")]
    assert cautions(current, wanted) == [kept(f"static target {A}:3260 {IQN}")]


def test_of_two_ways_one_is_kept():
    ways = (lun(f"{A}:3260", f"{B}:3260"),)
    two = under_store(A, B, discovered=(found(A), found(B, parent=f"{B}:3260")), luns=ways)
    wanted = asked(send_targets=[])
    assert names(plan(two, wanted)) == [("remove_send_target", f"send target {A}:3260")]
    assert cautions(two, wanted) == [kept(f"send target {B}:3260")]


def test_what_another_portal_has_told_of_too_may_go():
    both = under_store(A, B, discovered=(found(parent=f"{A}:3260"), found(parent=f"{B}:3260")))
    assert names(plan(both, asked(send_targets=[portal(A)]))) == [("remove_send_target", f"send target {B}:3260")]
    assert names(plan(both, asked(send_targets=[portal(B)]))) == [("remove_send_target", f"send target {A}:3260")]


def test_a_named_target_holds_what_the_portal_told_of():
    current = under_store(A, static_targets=(Target(A, 3260, IQN),))
    assert names(plan(current, asked(send_targets=[]))) == [("remove_send_target", f"send target {A}:3260")]
    assert cautions(current, asked(send_targets=[])) == []


@pytest.mark.parametrize(("said", "why"), [
    ({"volumes": (store(accessible=False),)}, "the datastore is lost already"),
    ({"volumes": (store("DT", "mpx.local"),), "luns": (lun(), lun(naa="mpx.local", adapter="vmhba0"))}, "it is elsewhere"),
    ({"luns": (lun(), lun(adapter="vmhba65"))}, "another adapter leads to it"),
])
def test_no_datastore_stands_on_it(said, why):
    current = under_store(A, **said)
    assert names(plan(current, asked(send_targets=[]))) == [("remove_send_target", f"send target {A}:3260")], why
    assert cautions(current, asked(send_targets=[])) == []


@pytest.mark.parametrize(("said", "why"), [
    ({"luns": (lun(), lun(adapter="vmhba65", alive=False))}, "the other adapter's way is dead"),
    ({"luns": (lun(), lun(naa="naa.2", adapter="vmhba65"))}, "the other adapter's disk is another"),
    ({"luns": (lun(adapter=""),)}, "the host does not say which adapter it is"),
    ({"discovered": (found(parent=UNKNOWN),)}, "the host does not say who told of it"),
    ({"luns": (lun(), lun(naa="naa.2", adapter="vmhba65")), "volumes": (store("DT", "naa.2", "naa.1"),)}, "half of it"),
])
def test_a_datastore_stands_on_it(said, why):
    current = under_store(A, **said)
    assert plan(current, asked(send_targets=[])) == [], why
    assert cautions(current, asked(send_targets=[])) == [kept(f"send target {A}:3260")]


def test_a_portal_is_known_by_its_port_too():
    current = replace(under_store(discovered=(found(parent=f"{A}:3261"),)), send_targets=(Target(A), Target(A, 3261)))
    assert names(plan(current, asked(send_targets=[]))) == [("remove_send_target", f"send target {A}:3260")]
    assert cautions(current, asked(send_targets=[])) == [kept(f"send target {A}:3261")]


def test_the_datastores_are_named():
    current = under_store(A, volumes=(store("b"), store("a"), store("lost", accessible=False)))
    assert cautions(current, asked(send_targets=[])) == [kept(f"send target {A}:3260", "a, b")]


def test_targets_of_an_unknown_portal_stay_while_no_portal_goes():
    current = replace(under_store(A, discovered=(found(parent=UNKNOWN),)), static_targets=(Target(B, 3260, OTHER),))
    assert names(plan(current, asked(static_targets=[]))) == [("remove_static_target", f"static target {B}:3260 {OTHER}")]


# -- what leads where -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "leads_there"), [
    (Target(A), True), (Target(A, 3260, IQN.upper()), True), (Target(A, 3260, OTHER), False), (Target(B, 3260, IQN), False),
    (Target(A, 3261, IQN), False), (Target("nas.lab", 3260, IQN), True), (Target("nas.lab", 3260, OTHER), False),
])
def test_what_leads_to_a_lun(target, leads_there):
    assert leads(target, lun()) is leads_there


def test_a_host_that_does_not_say_where_a_lun_is_reached():
    assert leads(Target(B, 3260, IQN), replace(lun(), addresses=())) is True
    assert leads(Target(B, 3260, IQN), replace(lun(), addresses=(), target=None)) is False


def test_declared():
    assert declared({"send_targets": None}, "send_targets") == []
    assert declared({"static_targets": [portal("[FD00::1]", iqn=" IQN.2001-01.A:B")]}, "static_targets") == [
        Target("fd00::1", 3260, IQN)]
