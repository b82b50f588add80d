# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the NAS's plan that is about the pool and the zvols under its LUNs. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.sizes import size_in_bytes
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import Nas

# The least number of disks that a layout needs.
LAYOUTS = {"stripe": 1, "mirror": 2, "raid10": 4, "raidz1": 3, "raidz2": 4, "raidz3": 5}
_POOL = re.compile(r"^[A-Za-z][\w.:-]*$")
_ZVOL = re.compile(r"^[A-Za-z][\w.:-]*(/[\w.:-]+)+$")
# ZFS rounds a zvol's size up to whole blocks; the middleware refuses others. 16 KiB is its usual block.
_BLOCK = 16384


def topology(layout: str, disks: list[str]) -> list[dict[str, Any]]:
    """The vdevs of a pool, as the API takes them. RAID 10 is mirrors of two, striped."""
    if layout == "raid10":
        return [{"type": "MIRROR", "disks": disks[first : first + 2]} for first in range(0, len(disks), 2)]
    return [{"type": layout.upper(), "disks": disks}]


def plan_pool(goal: Nas, wanted: Mapping[str, Any] | None) -> list[Change]:
    """Make the pool. One that exists is never made over."""
    if not wanted:
        return []
    name, layout, disks = wanted["name"], wanted["layout"], wanted.get("disks")
    have = goal.pools.get(name)
    if have is None:
        _check_new(goal, name, layout, disks or [])
        goal.pools[name] = {"layout": layout, "disks": sorted(disks)}
        goal.disks = [disk for disk in goal.disks if disk not in disks]
        args = {"name": name, "vdevs": topology(layout, disks)}
        return [Change(f"pool {name}", None, dict(goal.pools[name]), "add_pool", args)]
    if disks is not None and (sorted(disks) != have["disks"] or layout != have["layout"]):
        raise ConvergeError(f"pool '{name}' of {goal.host} is a {have['layout']} of {', '.join(have['disks'])}, not a "
                            f"{layout} of {', '.join(sorted(disks))}; a pool's layout cannot be changed. Declare it as "
                            "it is, or leave 'disks' out.")
    return []


def _check_new(goal: Nas, name: str, layout: str, disks: list[str]) -> None:
    if not _POOL.match(name):
        raise ConvergeError(f"pool: name '{name}' must begin with a letter, and have only letters, digits and _ - . :")
    free = ", ".join(sorted(goal.disks)) or "none"
    for disk in disks:
        if disk not in goal.disks:
            raise ConvergeError(f"pool '{name}': {goal.host} has no free disk '{disk}'; free disks: {free}.")
    if len(set(disks)) != len(disks):
        raise ConvergeError(f"pool '{name}': a disk is given twice in {', '.join(disks)}.")
    if len(disks) < LAYOUTS[layout] or (layout == "raid10" and len(disks) % 2):
        wants = f"{LAYOUTS[layout]} disks at least" + (", and an even number" if layout == "raid10" else "")
        raise ConvergeError(f"pool '{name}': layout {layout} needs {wants}; {len(disks)} given. Free disks: {free}.")


def plan_zvols(goal: Nas, wanted: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Make zvols and grow them. They never shrink: that would cut off data."""
    return [change for zvol in wanted for change in _plan_zvol(goal, zvol)]


def _plan_zvol(goal: Nas, zvol: Mapping[str, Any]) -> list[Change]:
    name = zvol["name"]
    size = _whole_blocks(name, zvol)
    have = goal.zvols.get(name)
    if have is None:
        return _plan_new_zvol(goal, zvol, size)
    block = zvol.get("volblocksize")
    if block and have["volblocksize"] and block != have["volblocksize"]:
        raise ConvergeError(f"zvol '{name}' of {goal.host} has blocks of {have['volblocksize']}, not {block}; that "
                            "cannot be changed.")
    if size < have["size"]:
        raise ConvergeError(f"zvol '{name}' of {goal.host} has {have['size']} bytes; it cannot shrink to {size}.")
    if size == have["size"]:
        return []
    before, after = {"size": have["size"]}, {"size": size}
    have["size"] = size
    return [Change(f"zvol {name}", before, after, "grow_zvol", {"name": name})]


def _plan_new_zvol(goal: Nas, zvol: Mapping[str, Any], size: int) -> list[Change]:
    name = zvol["name"]
    if not _ZVOL.match(name):
        raise ConvergeError(f"zvols: name '{name}' must be a pool and a name, as in tank/vmware.")
    if name.split("/")[0] not in goal.pools:
        raise ConvergeError(f"zvol '{name}': {goal.host} has no pool '{name.split('/')[0]}'; it has: "
                            f"{', '.join(sorted(goal.pools)) or 'none'}.")
    after = {"size": size, "sparse": zvol["sparse"], "volblocksize": zvol.get("volblocksize")}
    goal.zvols[name] = {"size": size, "volblocksize": zvol.get("volblocksize") or ""}
    return [Change(f"zvol {name}", None, after, "add_zvol", {"name": name})]


def _whole_blocks(name: str, zvol: Mapping[str, Any]) -> int:
    size = size_in_bytes(f"zvols: size of '{name}'", zvol["size"])
    block = size_in_bytes("volblocksize", zvol["volblocksize"]) if zvol.get("volblocksize") else _BLOCK
    if size % block:
        raise ConvergeError(f"zvols: size of '{name}', {size} bytes, must be a multiple of its blocks of {block} "
                            "bytes.")
    return size
