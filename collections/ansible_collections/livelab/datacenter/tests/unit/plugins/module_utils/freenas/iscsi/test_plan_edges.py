# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges of the iSCSI service's plan: CHAP users that discovery asks for, portals that look alike, LUNs that are taken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    CHAP,
    MUTUAL,
    Discovery,
    Group,
    Listen,
    Zvol,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan import plan

from .conftest import IP, G, extent, initiator, link, listen, nas, options, portal, target, user, whole


def what(current, **said):
    return [f"{change.apply} {change.what}" for change in plan(current, options(**said))]


def refused(current, **said):
    with pytest.raises(ConvergeError) as caught:
        plan(current, options(**said))
    return str(caught.value)


@pytest.mark.parametrize(("declared", "gone"), [
    # The one that the NAS proves itself to has to stay; the other need not, nor one of two that can.
    (["b", "c"], []),
    (["a"], ["b", "c"]),
    (["a", "d"], ["b", "c"]),
    (["d"], ["a", "b", "c"]),
])
def test_discovery_with_mutual_chap_keeps_one_user_that_can(declared, gone):
    users = [user(1, 7, "a", peer="nas", peer_secret="x"), user(2, 7, "b"), user(3, 7, "c")]
    if "d" in declared:
        users.append(user(4, 7, "d", peer="nas", peer_secret="x"))
    current = nas("13.0", *users, discovery=Discovery(MUTUAL, 7))
    entries = [
        {"tag": 7, "user": one.user, "peeruser": one.peer_user or None, "peersecret": one.peer_secret or None}
        for one in users if one.user in declared
    ]
    assert what(current, auths=entries, purge=True) == [f"remove CHAP user {name} of group 7" for name in gone]


def test_a_lun_that_another_extent_has_is_not_taken_whichever_comes_first():
    for ids in ((1, 2), (2, 1)):
        current = nas("13.0", *whole()[:4], extent(2, "b", "tank/b", "s2"), link(ids[0], 0, 1, 1), link(ids[1], 1, 1, 2))
        assert refused(current, associations=[{"target": "vmware", "extent": "a", "lun": 1}]) == (
            "LUN 1 of target 'vmware' cannot be extent 'a': it is 'b'. Choose another number, or purge that one.")


def test_where_no_portal_of_several_alike_is_meant_the_addresses_are_said():
    current = nas("13.0", portal(1, "lab", Listen(IP)), portal(2, "lab", Listen("192.0.2.10")), target())
    assert " None of them is on 192.0.2.11:3260, 192.0.2.12:3260 alone." in refused(
        current, portals=[{"comment": "lab", "listen": listen("192.0.2.11", "192.0.2.12")}])


def test_an_isns_server_may_have_brackets_and_a_port():
    check(options(isns_servers=["[2001:db8::1]:3205", "192.0.2.1:3205", "2001:db8::2"]))
    with pytest.raises(ConvergeError):
        check(options(isns_servers=["X192.0.2.1X:3205"]))


def test_what_another_extent_has_is_not_taken_whichever_comes_first():
    for ids in ((1, 2), (2, 1)):
        current = nas("13.0", *whole()[:3], extent(ids[0]), extent(ids[1], "b", "tank/b", "s2"))
        assert refused(current, extents=[{"name": "a", "disk": "tank/b"}]) == (
            "extent 'a': 'tank/b' is extent 'b' of nas already; two would write over each other.")
        assert refused(current, extents=[{"name": "a", "serial": "s2"}]) == (
            "extent 'a': serial 's2' is that of extent 'b' of nas already; initiators would take them for one disk.")


def test_the_blocks_of_an_extent_that_is_there_fit_its_zvol():
    volumes = nas().volumes
    odd = replace(volumes, zvols={"tank/a": Zvol("tank/a", G + 512)})
    assert refused(nas("13.0", *whole(), volumes=odd), extents=[{"name": "a", "blocksize": 4096}]) == (
        f"extent 'a': zvol 'tank/a' has {G + 512} bytes, which is no multiple of blocks of 4096.")


def test_a_group_of_a_target_with_a_portal_that_is_not_there():
    group = {"portal": "nowhere", "initiator": None, "authmethod": None, "auth": None}
    assert refused(nas("13.0", *whole()), targets=[{"name": "vmware", "groups": [group]}]).startswith("target 'vmware': ")


def test_extents_without_a_serial_do_not_wait_for_each_other():
    current = nas("13.0", extent(1, serial=""), extent(2, "b", "tank/b", ""))
    entries = [{"name": "a", "comment": "one"}, {"name": "b", "comment": "two"}]
    assert what(current, extents=entries) == ["update extent a", "update extent b"]


def test_an_alias_is_given_up_before_another_target_takes_it():
    current = nas("13.0", portal(), initiator(), target(1, "one", alias="x"), target(2, "two", alias="y"))
    entries = [{"name": "one", "alias": "y"}, {"name": "two", "alias": "z"}]
    assert what(current, targets=entries) == ["update target two", "update target one"]


@pytest.mark.parametrize(("said", "lun"), [
    ({"targets": [{"name": "vmware", "state": "absent"}]}, 2),
    ({"extents": [{"name": "a", "state": "absent"}]}, 1),
])
def test_what_is_to_go_takes_along_its_own_luns(said, lun):
    # The ids of targets and of extents are the same, and mean nothing to each other.
    current = nas("13.0", portal(), initiator(), target(1), target(2, "other"), extent(1), extent(2, "b", "tank/b", "s2"),
                  link(1, 0, 2, 1), link(2, 0, 1, 2))
    gone = [change.args["thing"] for change in plan(current, options(**said))]
    assert [one.id for one in gone] == [lun, 1]
    assert gone[0] == link(lun, 0, *((2, 1) if lun == 1 else (1, 2)))


def test_a_user_of_a_group_goes_where_another_is_left():
    current = nas("13.0", portal(), user(1, 7, "a"), user(2, 7, "b"), target(1, "vmware", Group(1, None, CHAP, 7)))
    assert what(current, auths=[{"tag": 7, "user": "a", "state": "absent"}]) == ["remove CHAP user a of group 7"]
