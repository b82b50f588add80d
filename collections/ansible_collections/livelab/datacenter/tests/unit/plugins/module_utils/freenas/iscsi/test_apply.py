# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a NAS, what is asked of it for a change, and what an initiator that is logged in forbids."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    Address,
    Discovery,
    Disk,
    Filesystem,
    GlobalConfig,
    Group,
    Pool,
    Service,
    Session,
    Zvol,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.apply import IscsiWork
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import READ

from .conftest import BASE, IP, G, extent, initiator, link, listen, options, portal, target, whole


class Nas:
    """A NAS that holds objects; notes what it is asked."""

    hostname = "nas"
    version = Version.parse("13.0")

    def __init__(self, *things, sessions=()):
        base = (GlobalConfig(BASE), Discovery(), Service(4, "iscsitarget", False, False), Zvol("tank/a", G), Zvol("tank/b", G))
        self.things, self.sessions = [*base, *things], sessions
        self.reads, self.said = [], []

    def read(self, *kinds):
        self.reads.append(kinds)
        return {
            kind: tuple(self.sessions if kind is Session else (one for one in self.things if isinstance(one, kind)))
            for kind in kinds
        }

    def create(self, thing):
        self.said.append(("create", thing))
        return replace(thing, id=90 + len(self.said)) if hasattr(thing, "id") else thing

    def update(self, thing, names):
        self.said.append(("update", thing, names))

    def delete(self, thing, force=False):
        self.said.append(("delete", thing, force))

    def enable(self, service, enabled):
        self.said.append(("enable", service.id, enabled))

    def run(self, service, running):
        self.said.append(("run", service.id, running))


def ran(nas, **said):
    """Run it all, and return the work."""
    work = IscsiWork(options(**said), lambda params: nas)
    changes = plan(work.read(), work.params)
    work.verify(changes)
    for change in changes:
        work.apply(change)
    return work


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({}, []),
        ({"zvols": [{}]}, [Pool, Filesystem, Zvol]),
        ({"extents": [{"name": "e", "disk": "tank/a"}]}, [Zvol]),
        ({"extents": [{"name": "e", "disk": "da5"}]}, [Disk]),
        ({"extents": [{"name": "e", "path": "/mnt/tank/f"}]}, [Pool]),
        ({"extents": [{"name": "e", "blocksize": 512}]}, [Zvol]),
        ({"extents": [{"name": "e", "rpm": "SSD"}]}, []),
    ],
)
def test_each_kind_is_read_once(said, kinds):
    nas = Nas()
    IscsiWork(options(**said), lambda params: nas).read()
    assert nas.reads == [(*READ, *kinds)]


def test_addresses_are_asked_for_when_one_is_new():
    nas = Nas(portal())
    state = IscsiWork(options(portals=[{"comment": "storage", "listen": listen(IP)}]), lambda params: nas).read()
    assert state.addresses is None
    state = IscsiWork(options(portals=[{"comment": "storage", "listen": listen("192.0.2.10")}]), lambda params: nas).read()
    assert state.addresses == ()
    assert nas.reads[-1] == (Address,)


def test_what_was_made_is_referred_to_by_its_id():
    nas = Nas()
    nas.things.append(Address(IP))
    ran(
        nas,
        portals=[{"comment": "p", "listen": listen(IP)}],
        initiators=[{"comment": "i"}],
        targets=[{"name": "t", "portal": "p", "initiator": "i"}],
        extents=[{"name": "e", "disk": "tank/a"}],
        associations=[{"target": "t", "extent": "e"}],
        service={"enabled": True, "running": True},
    )
    made = [thing for _create, thing in nas.said[:5]]
    assert [thing.id for thing in made] == [None] * 5
    assert made[2].groups == (Group(91, 92),)
    assert (made[4].target, made[4].extent) == (93, 94)
    assert nas.said[5:] == [("enable", 4, True), ("run", 4, True)]


def test_updates_and_removals():
    nas = Nas(*whole())
    ran(nas, extents=[{"name": "a", "rpm": "5400"}], initiators=[], portals=[], targets=[], associations=[], purge=True)
    assert nas.said == [
        ("delete", link(), False),
        ("delete", target(), False),
        ("delete", portal(), False),
        ("delete", initiator(), False),
        ("update", extent(rpm="5400"), ["rpm"]),
    ]


def test_what_a_purge_leaves_is_said_once():
    work = ran(Nas(*whole()), portals=[], purge=True)
    assert work.warnings == ["portal storage is not listed, but was not purged: target 'vmware' is reached by it."]


LOGGED_IN = [Session("iqn.esxi2", "192.0.2.12", f"{BASE}:VMWARE"), Session("iqn.esxi1", "192.0.2.11", f"{BASE}:vmware")]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"extents": [{"name": "a", "rpm": "5400"}]}, "extent a"),
        ({"extents": [{"name": "a", "state": "absent"}]}, "extent a"),
        ({"targets": [{"name": "vmware", "state": "absent"}]}, "target vmware"),
        ({"associations": [{"target": "vmware", "extent": "a", "state": "absent"}]}, "extent a at target vmware"),
        ({"associations": [{"target": "vmware", "extent": "a", "lun": 3}]}, "extent a at target vmware"),
        ({"basename": "iqn.2026-01.org.example"}, "iSCSI service"),
    ],
)
def test_a_lun_is_not_taken_from_who_is_logged_in(said, what):
    nas = Nas(*whole(), sessions=LOGGED_IN)
    with pytest.raises(ConvergeError) as caught:
        ran(nas, **said)
    assert str(caught.value) == (
        f"{what}: iqn.esxi1, iqn.esxi2 is logged in at {BASE}:vmware and would lose or confuse its LUN. Log it out first, or set "
        "'force'."
    )
    assert nas.said == []
    ran(nas, **said, force=True)
    assert all(call[2] is True for call in nas.said if call[0] == "delete")
    assert nas.said


@pytest.mark.parametrize(
    "said",
    [
        {"targets": [{"name": "vmware", "alias": "x"}]},
        {"initiators": [{"comment": "all", "initiators": ["iqn.a"]}]},
        {"extents": [{"name": "b", "disk": "tank/b"}]},
        {"extents": [{"name": "free", "rpm": "5400"}]},
        {"pool_avail_threshold": 9},
    ],
)
def test_what_takes_nothing_from_anybody(said):
    nas = Nas(*whole(), extent(2, "free", "tank/c", "s2"), sessions=LOGGED_IN)
    ran(nas, **said)
    assert len(nas.said) == 1
    assert all(Session not in kinds for kinds in nas.reads)


def test_whoever_is_logged_in_elsewhere_is_no_matter():
    nas = Nas(*whole(), sessions=[Session("iqn.esxi1", "192.0.2.11", f"{BASE}:other")])
    ran(nas, extents=[{"name": "a", "rpm": "5400"}])
    assert len(nas.said) == 1


def test_the_whole_names_of_targets():
    work = ran(Nas(*whole()), targets=[{"name": "VMware"}, {"name": "gone", "state": "absent"}])
    assert work.result() == {"targets": [f"{BASE}:vmware"]}
    work.params["basename"] = "IQN.2026-01.org.x"
    assert work.result() == {"targets": ["iqn.2026-01.org.x:vmware"]}
