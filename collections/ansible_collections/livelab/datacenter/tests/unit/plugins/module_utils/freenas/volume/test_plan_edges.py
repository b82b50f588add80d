# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges of pools and zvols: the last byte of room, a dataset with room of its own, odd sizes."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import Disk, Pool, Vdev, Zvol
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.plan import planned
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import Volumes

G = 1 << 30
NAS = Volumes(
    "nas",
    {"tank": Pool(1, "tank", (Vdev("stripe", ("da0",)),))},
    {"odd": Disk("odd", 100 * G + 33)},
    {"tank": 20 * G, "tank/small": 5 * G},
    {"tank/bare": Zvol("tank/bare", 10 * G)},
)


def zvol(name, size, **said):
    return {"zvols": [{"name": name, "size": size, "sparse": False, "volblocksize": None, "force_size": True, **said}]}


def refused(desired):
    with pytest.raises(ConvergeError) as caught:
        planned(NAS, desired)
    return str(caught.value)


def test_a_dataset_may_have_less_room_than_its_pool():
    assert refused(zvol("tank/small/v", "6G")) == (
        f"zvol 'tank/small/v': its {6 * G} bytes are more than the {5 * G} that are available in 'tank/small' of nas.")


def test_all_the_room_there_is_and_a_block_more():
    goal, _changes = planned(NAS, zvol("tank/all", "20G"))
    assert goal.room["tank"] == 0
    assert refused(zvol("tank/all", 20 * G + 16384)) == (
        f"zvol 'tank/all': its {20 * G + 16384} bytes are more than the {20 * G} that are available in 'tank' of nas.")


def test_a_zvol_that_grows_where_the_nas_does_not_tell_what_it_uses():
    assert refused(zvol("tank/bare", "30G")) == (
        f"zvol 'tank/bare': its {30 * G} bytes are more than the {20 * G} that are available in 'tank' of nas.")
    goal, _changes = planned(NAS, zvol("tank/bare", "12G"))
    assert goal.room["tank"] == 8 * G


def test_the_room_of_a_pool_of_an_odd_size_is_whole_bytes():
    room = planned(NAS, {"pool": {"name": "new", "layout": "stripe", "disks": ["odd"]}})[0].room["new"]
    assert (room, type(room)) == (100 * G + 33 - (100 * G + 33) // 32, int)


def test_a_block_size_that_is_none_is_said_by_its_option():
    with pytest.raises(ConvergeError) as caught:
        check(zvol("tank/v", "12G", volblocksize="16X"))
    assert str(caught.value).startswith("volblocksize: '16X' is not a size;")
