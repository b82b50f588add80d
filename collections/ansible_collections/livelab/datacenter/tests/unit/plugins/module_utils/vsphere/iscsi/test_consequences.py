# SPDX-License-Identifier: GPL-3.0-or-later
"""What has come of the declared targets, in words that name the cause and the remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.consequences import describe, lost, unreached
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import (
    UNKNOWN,
    Adapter,
    Chap,
    Target,
    Volume,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun

IQN, OTHER = "iqn.2001-01.a:b", "iqn.2001-01.a:c"
A, B = "10.0.2.1", "10.0.2.2"
LUN = Lun("naa.1", IQN, 0, 2**30, "", addresses=(f"{A}:3260",), adapter="vmhba64")
HOST = Adapter("esxi1", enabled=True, hba="vmhba64", iqn="iqn.1998-01.com.vmware:x", luns=(LUN,))
BLIND = replace(HOST, luns=())


def sends(*addresses):
    return {"send_targets": [{"address": address, "port": 3260} for address in addresses]}


def statics(address, iqn=IQN):
    return {"static_targets": [{"address": address, "port": 3260, "iqn": iqn}]}


@pytest.mark.parametrize(("discovered", "desired", "missing"), [
    ((), {}, []),
    ((), sends(A), []),
    ((), sends(A, B), [f"{B}:3260"]),
    ((), sends("nas"), ["nas:3260"]),
    (((A, "nas:3260"),), sends("NAS"), []),
    (((A, "nas:3260"),), sends("other"), ["other:3260"]),
    (((B, "nas:3260"),), sends("nas"), ["nas:3260"]),
    (((A, UNKNOWN),), sends("nas"), []),
    # The portal tells of a target at another address.
    (((A, f"{B}:3260"),), sends(B), []),
    # It tells of itself too, but is not reached.
    (((A, f"{B}:3260"), (B, f"{B}:3260")), sends(B), [f"{B}:3260"]),
    ((), statics(A, IQN.upper()), []),
    ((), statics("nas"), []),
    ((), statics(A, OTHER), [f"{A}:3260 {OTHER}"]),
    ((), statics(B), [f"{B}:3260 {IQN}"]),
    ((), {**sends(B), **statics(B)}, [f"{B}:3260", f"{B}:3260 {IQN}"]),
])
def test_behind_which_targets_no_lun_is_reached(discovered, desired, missing):
    told = tuple(Target(address, 3260, IQN, parent) for address, parent in discovered)
    assert list(map(str, unreached(replace(HOST, discovered=told), desired))) == missing


def test_a_lun_that_is_out_of_reach_is_not_reached():
    dead = replace(HOST, luns=(replace(LUN, alive=False),))
    assert unreached(dead, sends(A)) == [Target(A)]
    assert unreached(dead, statics(A)) == [Target(A, 3260, IQN)]


def test_lost_datastores():
    assert lost(replace(HOST, volumes=(Volume("a", ("naa.1",)), Volume("b", ("naa.1",), False)))) == ["b"]


NO_CHAP = "The host uses no CHAP ('chap'): a target that asks for it refuses the login."
WITH_CHAP = "The host uses CHAP (required) as 'esxi': user and secret must be those of the target."
MUTUAL = (" It asks the target to prove itself as 'nas' (mutual CHAP): a target that has no such peer user and secret fails; "
          "set them there, or leave 'mutual_user' out.")


def described(current, desired, *events, before=HOST):
    return describe(current, before, desired, events)


@pytest.mark.parametrize(("chap", "words"), [
    (Chap(), NO_CHAP), (Chap("esxi", "required"), WITH_CHAP), (Chap("esxi", "required", "nas"), WITH_CHAP + MUTUAL),
])
def test_what_is_not_reached_names_what_to_look_at(chap, words):
    assert described(replace(BLIND, chap=chap), sends(B, A)) == [
        f"esxi1 finds no LUN behind {A}:3260, {B}:3260. Is the target up, does it let the initiator "
        f"iqn.1998-01.com.vmware:x in, and has it a LUN? {words}"]


def test_a_datastore_that_is_lost_names_the_remedy():
    chap = Chap("esxi", "required", "nas")
    current = replace(BLIND, chap=chap, volumes=(Volume("DT", ("naa.1",), False), Volume("fine", ("naa.2",))))
    had = replace(HOST, volumes=(Volume("DT", ("naa.1",)),))
    why = ("Is the target up, does it let the initiator iqn.1998-01.com.vmware:x in, and has it a LUN? " + WITH_CHAP + MUTUAL)
    assert described(current, {}, before=had) == [
        f"the datastore 'DT' is not accessible any more on esxi1: it has no way to its disk. {why}"]
    assert described(current, {}, before=current) == [
        f"the datastore 'DT' is not accessible on esxi1: it has no way to its disk. {why}"]


def test_nothing_is_said_when_all_is_reached():
    assert described(HOST, {**sends(A), **statics(A)}, "an old event about CHAP") == []


@pytest.mark.parametrize(("event", "why"), [
    ("Target returned login error of: 0201.", f"The login fails at CHAP. {NO_CHAP}"),
    ("Initiator could not authenticate.", f"The login fails at CHAP. {NO_CHAP}"),
    ("chap failure", f"The login fails at CHAP. {NO_CHAP}"),
    ("login error of: 0x0202",
     "The target does not let the initiator iqn.1998-01.com.vmware:x in; add that to those it allows."),
    ("Initiator is not allowed",
     "The target does not let the initiator iqn.1998-01.com.vmware:x in; add that to those it allows."),
    ("could not establish a network connection to the target",
     "The portal does not answer; is it up, and is there a way to it from the bound VMkernel adapters?"),
    ("something else", f"Is the target up, does it let the initiator iqn.1998-01.com.vmware:x in, and has it a LUN? {NO_CHAP}"),
])
def test_the_cause_as_the_host_reports_it(event, why):
    assert described(BLIND, sends(A), event, event) == [
        f"esxi1 finds no LUN behind {A}:3260. {why} The host reports: {event.rstrip('.')}."]


def test_the_login_comes_before_the_connection():
    (text,) = described(BLIND, sends(A), "no connection", "login error: 0201")
    assert "The login fails at CHAP." in text
    assert text.endswith("The host reports: no connection; login error: 0201.")
