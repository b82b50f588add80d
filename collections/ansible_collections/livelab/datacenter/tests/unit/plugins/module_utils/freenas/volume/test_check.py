# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools and zvols that no NAS could take."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.check import LAYOUTS, block_size, check

POOL_RULE = (
    "must be 1 to 50 letters, digits and _ - . : that begin with a letter, and must not begin with mirror, raidz, draid or "
    "spare, nor be log."
)
ZVOL_RULE = "must be a pool and a name, as in tank/vmware: letters, digits, spaces and _ - . :, 255 at most."


def pool(name="tank", layout="stripe", disks=("da1",)):
    return {"pool": {"name": name, "layout": layout, "disks": None if disks is None else list(disks)}}


def zvols(*names, size="12G", block=None):
    return {"zvols": [{"name": name, "size": size, "volblocksize": block} for name in names]}


def refused(desired):
    with pytest.raises(ConvergeError) as caught:
        check(desired)
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "1tank", "my tank", "tank/x", "mirror1", "raidz", "draid", "spare", "log", "tank\n", "t" * 51, "ä"]
)
def test_names_of_pools(name):
    assert refused(pool(name)) == f"pool: name '{name}' {POOL_RULE}"


@pytest.mark.parametrize("name", ["t", "tank-1_a.b:c", "logs", "t" * 50])
def test_names_that_pools_can_have(name):
    check(pool(name))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_how_many_disks_a_layout_needs(layout):
    least = {"stripe": 1, "mirror": 2, "raid10": 4, "raidz1": 3, "raidz2": 4, "raidz3": 5}[layout]
    disks = [f"da{number}" for number in range(least)]
    check(pool(layout=layout, disks=disks))
    even = " and an even number" if layout == "raid10" else ""
    assert refused(pool(layout=layout, disks=disks[1:])) == (
        f"pool 'tank': layout {layout} needs {least} disks at least{even}; {least - 1} given."
    )


def test_pairs_are_even():
    said = refused(pool(layout="raid10", disks=["da1", "da2", "da3", "da4", "da5"]))
    assert said == "pool 'tank': layout raid10 needs 4 disks at least and an even number; 5 given."


def test_a_disk_twice():
    assert refused(pool(layout="mirror", disks=["da1", "da2", "da1"])) == "pool 'tank': disk 'da1' is given twice."


def test_what_is_not_said_is_not_looked_at():
    check(pool(disks=None))
    check({})
    check({"pool": None, "zvols": None})


@pytest.mark.parametrize(
    "name", ["tank", "", "/z", "tank/", "tank//z", "tank/ z", "tank/z ", "tank/-z", "tank/z@1", "tank/z\n", "t/" + "z" * 254]
)
def test_names_of_zvols(name):
    assert refused(zvols(name)) == f"zvols: name '{name}' {ZVOL_RULE}"


@pytest.mark.parametrize("name", ["tank/z", "tank/my vol", "tank/a/b", "tank/1", "t/" + "z" * 253, "zvol/tank/my+vol"])
def test_names_that_zvols_can_have(name):
    check(zvols(name))


def test_a_zvol_twice_in_two_spellings():
    assert refused(zvols("tank/my vol", "tank/z", "zvol/tank/my+vol")) == "zvols: 'tank/my vol' is given twice."


def test_sizes():
    assert refused(zvols("tank/z", size="12 apples")).startswith("zvols: size of 'tank/z': '12 apples' is not a size")
    check(zvols("tank/z", size="16K", block="16K"))
    assert refused(zvols("tank/z", size="20K", block="16K")) == (
        "zvols: size of 'tank/z', 20480 bytes, must be a multiple of its blocks of 16384 bytes; the next are 16384 and 32768."
    )


def test_blocks_are_in_bytes():
    assert (block_size("512"), block_size("128K")) == (512, 131072)
