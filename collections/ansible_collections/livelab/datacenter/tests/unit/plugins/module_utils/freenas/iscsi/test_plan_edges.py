# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges of the iSCSI service's plan: CHAP users that discovery asks for, portals that look alike, LUNs that are taken."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import MUTUAL, Discovery, Listen
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan import plan

from .conftest import IP, extent, link, listen, nas, options, portal, target, user, whole


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
