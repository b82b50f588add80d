# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the pools and zvols of a NAS as they are to those declared: a list of changes. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.sizes import size_in_bytes
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import Disk, Pool, Vdev, Zvol
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.check import block_size, check_blocks
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import (
    Volumes,
    shown,
    zvol_name,
)

# The block of a zvol for which nothing else is said.
_BLOCK = 16384
# ZFS keeps a 32nd of a pool to itself, and this many bytes at most.
_MOST_SLOP = 128 << 30
# Disks that a RAID-Z gives for its redundancy.
_PARITY = {"raidz1": 1, "raidz2": 2, "raidz3": 3}


def plan(current: Volumes, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :param current: the NAS as it is; it is not altered.
    :param desired: the module's options.
    :raises ConvergeError: when the NAS cannot take it; nothing has been changed then.
    """
    return planned(current, desired)[1]


def planned(current: Volumes, desired: Mapping[str, Any]) -> tuple[Volumes, list[Change]]:
    """The state that the changes lead to, and the changes; see :func:`plan`."""
    goal, changes = _plan_pool(current, desired.get("pool"))
    for zvol in desired.get("zvols") or ():
        goal, more = _plan_zvol(goal, zvol)
        changes = [*changes, *more]
    return goal, changes


# -- the pool -----------------------------------------------------------------------------------------------------------


def _plan_pool(current: Volumes, wanted: Mapping[str, Any] | None) -> tuple[Volumes, list[Change]]:
    """Make the pool. One that exists is never made over, and never extended."""
    if not wanted:
        return current, []
    name, layout, disks = wanted["name"], wanted["layout"], wanted.get("disks")
    have = current.pools.get(name)
    if have is None:
        return _new_pool(current, name, layout, disks or ())
    there = shown(have)
    if disks is not None and {"layout": layout, "disks": sorted(disks)} != there:
        raise ConvergeError(f"pool '{name}' of {current.host} is a {there['layout']} of {listing(there['disks'])}, not a "
                            f"{layout} of {listing(disks)}; a pool is not made over. Declare it as it is, or leave 'disks' "
                            "out.")
    return current, []


def _new_pool(current: Volumes, name: str, layout: str, disks: Sequence[str]) -> tuple[Volumes, list[Change]]:
    if not disks:
        raise ConvergeError(f"pool '{name}': {current.host} has no such pool; it has: {listing(current.pools)}. To make it, "
                            f"give 'disks', of these that are free: {listing(current.disks)}.")
    for disk in disks:
        _check_disk(current, name, disk)
    pool = Pool(None, name, _vdevs(layout, tuple(disks)))
    goal = replace(
        current,
        pools={**current.pools, name: pool},
        disks={disk: one for disk, one in current.disks.items() if disk not in disks},
        room={**current.room, name: _room(pool.vdevs, current.disks)},
    )
    return goal, [Change(f"pool {name}", None, shown(pool), "add", {"thing": pool})]


def _check_disk(current: Volumes, pool: str, disk: str) -> None:
    if disk not in current.disks:
        raise ConvergeError(f"pool '{pool}': {current.host} has no free disk '{disk}'; free disks: {listing(current.disks)}.")
    exported = current.disks[disk].exported_pool
    if exported:
        raise ConvergeError(f"pool '{pool}': disk '{disk}' of {current.host} is part of the exported pool '{exported}', which "
                            "would be lost. Import that, or wipe the disk on the NAS.")


def _vdevs(layout: str, disks: tuple[str, ...]) -> tuple[Vdev, ...]:
    """The parts of a pool. RAID 10 is mirrors of two, striped."""
    if layout == "raid10":
        return tuple(Vdev("mirror", disks[first : first + 2]) for first in range(0, len(disks), 2))
    return (Vdev(layout, disks),)


def _room(vdevs: tuple[Vdev, ...], disks: Mapping[str, Disk]) -> int | None:
    """The bytes that a new pool has at most; ``None`` where the disks do not tell their size."""
    total = 0
    for vdev in vdevs:
        sizes = [size for size in (disks[disk].size for disk in vdev.disks) if size is not None]
        if len(sizes) < len(vdev.disks):
            return None
        if vdev.kind == "stripe":
            total += sum(sizes)
        else:
            total += min(sizes) * (len(sizes) - _PARITY[vdev.kind] if vdev.kind in _PARITY else 1)
    return total - min(total // 32, _MOST_SLOP)


# -- zvols --------------------------------------------------------------------------------------------------------------


def _plan_zvol(current: Volumes, wanted: Mapping[str, Any]) -> tuple[Volumes, list[Change]]:
    """Make a zvol or grow it. It never shrinks: that would cut off data."""
    name = zvol_name(wanted["name"])
    size, oversize = size_in_bytes(f"zvols: size of '{name}'", wanted["size"]), bool(wanted.get("force_size"))
    block = block_size(wanted["volblocksize"]) if wanted.get("volblocksize") else None
    have = current.zvols.get(name)
    if have is None:
        zvol = Zvol(name, size, block, wanted["sparse"], None, oversize)
        return _new_zvol(current, zvol)
    if block and have.blocksize and block != have.blocksize:
        raise ConvergeError(f"zvol '{name}' of {current.host} has blocks of {have.blocksize} bytes, not {block}; that cannot "
                            "be changed.")
    if size < have.size:
        raise ConvergeError(f"zvol '{name}' of {current.host} has {have.size} bytes; it cannot shrink to {size}.")
    if size == have.size:
        return current, []
    check_blocks(name, size, have.blocksize or _BLOCK)
    zvol = replace(have, size=size, oversize=oversize)
    _check_room(current, zvol, have.used or 0)
    change = Change(f"zvol {name}", {"size": have.size}, {"size": size}, "update", {"thing": zvol, "names": ["size"]})
    return _with(current, zvol, have.used or 0), [change]


def _new_zvol(current: Volumes, zvol: Zvol) -> tuple[Volumes, list[Change]]:
    parent = zvol.name.rpartition("/")[0]
    if parent in current.zvols:
        raise ConvergeError(f"zvol '{zvol.name}': '{parent}' of {current.host} is a zvol itself; nothing can be below it.")
    if parent not in current.room and parent not in current.pools:
        kind = "dataset" if "/" in parent else "pool"
        there = current.room if "/" in parent else current.pools
        raise ConvergeError(f"zvol '{zvol.name}': {current.host} has no {kind} '{parent}'; it has: {listing(there)}.")
    if zvol.name in current.room:
        raise ConvergeError(f"zvol '{zvol.name}': {current.host} has a file system of that name.")
    check_blocks(zvol.name, zvol.size, zvol.blocksize or _BLOCK)
    _check_room(current, zvol, 0)
    after = {"size": zvol.size, "sparse": zvol.sparse, "volblocksize": zvol.blocksize}
    return _with(current, zvol, 0), [Change(f"zvol {zvol.name}", None, after, "add", {"thing": zvol})]


def _check_room(current: Volumes, zvol: Zvol, used: int) -> None:
    """Refuse what the NAS would: more than there is, and, unless told otherwise, more than 80 % of it."""
    parent = zvol.name.rpartition("/")[0]
    available = current.room.get(parent)
    if available is None:
        return
    room = available + used
    if not zvol.sparse and zvol.size > room:
        raise ConvergeError(f"zvol '{zvol.name}': its {zvol.size} bytes are more than the {room} that are available in "
                            f"'{parent}' of {current.host}.")
    if not zvol.oversize and zvol.size * 5 > room * 4:
        raise ConvergeError(f"zvol '{zvol.name}': its {zvol.size} bytes are more than 80 % of the {room} that are available "
                            f"in '{parent}' of {current.host}, which the NAS advises against; with 'force_size' it does it.")


def _with(current: Volumes, zvol: Zvol, used: int) -> Volumes:
    """The state with the zvol, and the room that it leaves in its whole pool."""
    taken = used if zvol.sparse else zvol.size
    pool = zvol.name.split("/")[0]
    room = {
        name: left if left is None or name.split("/")[0] != pool else max(left + used - taken, 0)
        for name, left in current.room.items()
    }
    return replace(current, zvols={**current.zvols, zvol.name: replace(zvol, used=taken)}, room=room)
