# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks, pools and zvols, from what was read of them."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import Disk, Filesystem, Pool, Vdev, Zvol
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import (
    Volumes,
    from_api,
    layout_of,
    shown,
    zvol_name,
)


def test_by_name():
    pool, disk, zvol = Pool(1, "tank"), Disk("da1"), Zvol("tank/z", 1)
    found = {Pool: [pool], Disk: [disk], Filesystem: [Filesystem("tank", 5)], Zvol: [zvol]}
    assert from_api("nas", found) == Volumes("nas", {"tank": pool}, {"da1": disk}, {"tank": 5}, {"tank/z": zvol})
    assert from_api("nas", {}) == Volumes("nas")


@pytest.mark.parametrize("text", ["tank/my vol", "tank/my+vol", "zvol/tank/my vol", "zvol/tank/my+vol", "/dev/zvol/tank/my+vol"])
def test_a_zvols_name_in_every_spelling(text):
    assert zvol_name(text) == "tank/my vol"


@pytest.mark.parametrize(
    ("kinds", "layout"),
    [
        ([], "stripe"),
        (["stripe"], "stripe"),
        (["stripe", "stripe"], "stripe"),
        (["mirror"], "mirror"),
        (["mirror", "mirror"], "raid10"),
        (["raidz1"], "raidz1"),
        (["raidz3"], "raidz3"),
        (["raidz1", "raidz1"], "mixed"),
        (["mirror", "stripe"], "mixed"),
        (["draid1"], "mixed"),
    ],
)
def test_layouts(kinds, layout):
    assert layout_of([Vdev(kind, ()) for kind in kinds]) == layout


def test_a_pool_is_shown_by_its_disks():
    pool = Pool(1, "tank", (Vdev("mirror", ("da4", "da3")), Vdev("mirror", ("da2", "da1"))))
    assert shown(pool) == {"layout": "raid10", "disks": ["da1", "da2", "da3", "da4"]}
