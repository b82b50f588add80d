# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a NAS's pool and zvols: what changes, in what order, and what is refused."""

from __future__ import annotations

from copy import deepcopy

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import Disk, Pool, Vdev, Zvol
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.plan import plan, planned
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import Volumes

G = 1 << 30
TANK = Pool(1, "tank", (Vdev("stripe", ("da0",)),))
DISKS = {f"da{number}": Disk(f"da{number}", 100 * G) for number in range(1, 7)}
NAS = Volumes(
    "nas",
    {"tank": TANK},
    {**DISKS, "old": Disk("old", 10 * G, exported_pool="vault"), "mute": Disk("mute")},
    {"tank": 100 * G, "tank/sub": 100 * G, "other": 7 * G, "mute": None},
    {"tank/z": Zvol("tank/z", 10 * G, 16384, True, 4 * G), "tank/bare": Zvol("tank/bare", 10 * G)},
)


def pool(name="pool", layout="stripe", disks=("da1",)):
    return {"pool": {"name": name, "layout": layout, "disks": None if disks is None else list(disks)}}


def zvol(name="tank/new", size="12G", sparse=True, block=None, force=False):
    return {"zvols": [{"name": name, "size": size, "sparse": sparse, "volblocksize": block, "force_size": force}]}


def refused(desired, nas=NAS):
    before = deepcopy(nas)
    with pytest.raises(ConvergeError) as caught:
        plan(nas, desired)
    assert nas == before
    return str(caught.value)


@pytest.mark.parametrize(
    ("layout", "disks", "vdevs"),
    [
        ("stripe", ("da2", "da1"), (Vdev("stripe", ("da2", "da1")),)),
        ("mirror", ("da1", "da2"), (Vdev("mirror", ("da1", "da2")),)),
        ("raid10", ("da1", "da2", "da3", "da4"), (Vdev("mirror", ("da1", "da2")), Vdev("mirror", ("da3", "da4")))),
        ("raidz1", ("da1", "da2", "da3"), (Vdev("raidz1", ("da1", "da2", "da3")),)),
    ],
)
def test_a_pool_is_made(layout, disks, vdevs):
    after = {"layout": layout, "disks": sorted(disks)}
    made = Change("pool pool", None, after, "add", {"thing": Pool(None, "pool", vdevs)})
    assert plan(NAS, pool(layout=layout, disks=disks)) == [made]


@pytest.mark.parametrize(
    ("layout", "disks", "room"),
    [
        ("stripe", ("da1", "da2"), 200),
        ("mirror", ("da1", "da2"), 100),
        ("raid10", ("da1", "da2", "da3", "da4"), 200),
        ("raidz1", ("da1", "da2", "da3"), 200),
        ("raidz2", ("da1", "da2", "da3", "da4"), 200),
        ("raidz3", ("da1", "da2", "da3", "da4", "da5"), 200),
    ],
)
def test_the_room_of_a_new_pool(layout, disks, room):
    goal, _changes = planned(NAS, pool(layout=layout, disks=disks))
    assert goal.room["pool"] == room * G - room * G // 32
    assert set(goal.disks) == set(NAS.disks) - set(disks)
    assert "pool" in goal.pools
    assert goal.room["tank"] == 100 * G


def test_zfs_keeps_so_much_and_no_more_to_itself():
    disks = {"big": Disk("big", 100 << 40)}
    assert planned(Volumes("nas", disks=disks), pool(disks=["big"]))[0].room["pool"] == (100 << 40) - 128 * G


def test_the_smallest_disk_counts():
    disks = {"a": Disk("a", 32 * G), "b": Disk("b", 64 * G)}
    assert planned(Volumes("nas", disks=disks), pool(layout="mirror", disks=["a", "b"]))[0].room["pool"] == 31 * G


def test_disks_that_do_not_tell_their_size():
    assert planned(NAS, pool(disks=["mute", "da1"]))[0].room["pool"] is None


def test_a_pool_that_is_there_is_left_alone():
    for wanted in (pool("tank", disks=["da0"]), pool("tank", disks=None), pool("tank", "mirror", None)):
        assert plan(NAS, wanted) == []


@pytest.mark.parametrize(
    ("desired", "said"),
    [
        (
            pool("tank", disks=["da1", "da0"]),
            "pool 'tank' of nas is a stripe of da0, not a stripe of da0, da1; a pool is not made over. Declare it as it is, or "
            "leave 'disks' out.",
        ),
        (
            pool("tank", "mirror", ["da0"]),
            "pool 'tank' of nas is a stripe of da0, not a mirror of da0; a pool is not made over. Declare it as it is, or leave "
            "'disks' out.",
        ),
        (pool(disks=["da9"]), "pool 'pool': nas has no free disk 'da9'; free disks: da1, da2, da3, da4, da5, da6, mute, old."),
        (
            pool(disks=["da1", "old"]),
            "pool 'pool': disk 'old' of nas is part of the exported pool 'vault', which would be lost. Import that, or wipe the "
            "disk on the NAS.",
        ),
        (
            pool(disks=None),
            "pool 'pool': nas has no such pool; it has: tank. To make it, give 'disks', of these that are free: da1, da2, da3, "
            "da4, da5, da6, mute, old.",
        ),
    ],
)
def test_pools_that_are_refused(desired, said):
    assert refused(desired) == said


def test_a_zvol_is_made():
    made = Zvol("tank/new", 12 * G, 4096, True)
    shown = {"size": 12 * G, "sparse": True, "volblocksize": 4096}
    assert plan(NAS, zvol(block="4K")) == [Change("zvol tank/new", None, shown, "add", {"thing": made})]
    (change,) = plan(NAS, zvol(sparse=False))
    assert change.args["thing"] == Zvol("tank/new", 12 * G, None, False)
    (change,) = plan(NAS, zvol("tank/sub/my+vol", force=True))
    assert change.args["thing"] == Zvol("tank/sub/my vol", 12 * G, None, True, None, True)


def test_a_zvol_in_a_pool_that_is_made():
    changes = plan(NAS, {**pool(), **zvol("pool/new")})
    assert [change.what for change in changes] == ["pool pool", "zvol pool/new"]


def test_a_zvol_in_another_spelling_is_the_same():
    assert plan(NAS, zvol("zvol/tank/z", "10G")) == []
    assert plan(NAS, zvol("tank/z", "10G", block="16K")) == []


def test_a_zvol_grows():
    grown = Zvol("tank/z", 12 * G, 16384, True, 4 * G)
    want = Change("zvol tank/z", {"size": 10 * G}, {"size": 12 * G}, "update", {"thing": grown, "names": ["size"]})
    assert plan(NAS, zvol("tank/z")) == [want]
    (change,) = plan(NAS, zvol("tank/z", force=True))
    assert change.args["thing"].oversize is True
    (change,) = plan(NAS, zvol("tank/bare", "11G", block="4K"))
    assert change.args["thing"] == Zvol("tank/bare", 11 * G)


@pytest.mark.parametrize(
    ("desired", "said"),
    [
        (zvol("tank/z", "9G"), f"zvol 'tank/z' of nas has {10 * G} bytes; it cannot shrink to {9 * G}."),
        (zvol("tank/z", "10G", block="4K"), "zvol 'tank/z' of nas has blocks of 16384 bytes, not 4096; that cannot be changed."),
        (
            zvol("tank/z", str(10 * G + 512)),
            f"zvols: size of 'tank/z', {10 * G + 512} bytes, must be a multiple of its blocks of 16384 bytes; the next are "
            f"{10 * G} and {10 * G + 16384}.",
        ),
        (
            zvol("tank/bare", str(10 * G + 512)),
            f"zvols: size of 'tank/bare', {10 * G + 512} bytes, must be a multiple of its blocks of 16384 bytes; the next are "
            f"{10 * G} and {10 * G + 16384}.",
        ),
        (
            zvol(size="513"),
            "zvols: size of 'tank/new', 513 bytes, must be a multiple of its blocks of 16384 bytes; the next are 0 and 16384.",
        ),
        (
            zvol(size="1536", block="1K"),
            "zvols: size of 'tank/new', 1536 bytes, must be a multiple of its blocks of 1024 bytes; the next are 1024 and 2048.",
        ),
        (zvol("no/z"), "zvol 'no/z': nas has no pool 'no'; it has: tank."),
        (zvol("tank/no/z"), "zvol 'tank/no/z': nas has no dataset 'tank/no'; it has: mute, other, tank, tank/sub."),
        (zvol("tank/z/below"), "zvol 'tank/z/below': 'tank/z' of nas is a zvol itself; nothing can be below it."),
        (zvol("tank/sub"), "zvol 'tank/sub': nas has a file system of that name."),
        (
            zvol(size="101G", sparse=False, force=True),
            f"zvol 'tank/new': its {101 * G} bytes are more than the {100 * G} that are available in 'tank' of nas.",
        ),
        (
            zvol(size="81G"),
            f"zvol 'tank/new': its {81 * G} bytes are more than 80 % of the {100 * G} that are available in 'tank' of nas, which "
            "the NAS advises against; with 'force_size' it does it.",
        ),
        (
            zvol("tank/z", "84G"),
            f"zvol 'tank/z': its {84 * G} bytes are more than 80 % of the {104 * G} that are available in 'tank' of nas, which "
            "the NAS advises against; with 'force_size' it does it.",
        ),
    ],
)
def test_zvols_that_are_refused(desired, said):
    assert refused(desired) == said


@pytest.mark.parametrize(
    "desired",
    [
        zvol(size="80G"),
        zvol(size="80G", sparse=False),
        zvol(size="100G", sparse=False, force=True),
        zvol(size="900G", force=True),
        zvol("mute/z", "900G"),
        zvol("tank/z", "83G"),
    ],
)
def test_what_there_is_room_for(desired):
    nas = Volumes(NAS.host, {**NAS.pools, "mute": TANK}, NAS.disks, NAS.room, NAS.zvols)
    assert len(plan(nas, desired)) == 1


@pytest.mark.parametrize(
    ("sparse", "room"), [(True, {"tank": 100 * G, "tank/sub": 100 * G}), (False, {"tank": 60 * G, "tank/sub": 60 * G})]
)
def test_what_a_zvol_leaves_to_its_pool(sparse, room):
    goal, _changes = planned(NAS, zvol(size="40G", sparse=sparse))
    assert goal.room == {**NAS.room, **room}
    assert goal.zvols["tank/new"].used == (0 if sparse else 40 * G)


def test_what_a_grown_zvol_leaves():
    full = Volumes("nas", {"tank": TANK}, room={"tank": 50 * G}, zvols={"tank/f": Zvol("tank/f", 10 * G, 16384, False, 10 * G)})
    goal, _changes = planned(full, zvol("tank/f", "30G"))
    assert goal.room == {"tank": 30 * G}
    assert goal.zvols["tank/f"].used == 30 * G


def test_two_zvols_share_the_room():
    both = {"zvols": [*zvol("tank/a", "60G", False)["zvols"], *zvol("tank/b", "60G", False)["zvols"]]}
    assert refused(both).startswith(f"zvol 'tank/b': its {60 * G} bytes are more than the {40 * G} that are available")


def test_nothing_is_wanted():
    assert plan(NAS, {}) == []
    assert plan(NAS, {"pool": None, "zvols": None}) == []
