# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks, pools and zvols of a NAS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    Disk,
    Filesystem,
    Pool,
    Vdev,
    Zvol,
)

# What is read, of which a plan can make use.
KINDS = (Pool, Disk, Filesystem, Zvol)


@dataclass(frozen=True)
class Volumes:
    """What plans are made from.

    :ivar host: the NAS's name, for messages.
    :ivar pools: by name.
    :ivar disks: those that nothing uses, by name.
    :ivar room: bytes available in each file system, by name; ``None`` where it is not told.
    :ivar zvols: by name, with their spaces: ``tank/my vol``.
    """

    host: str
    pools: Mapping[str, Pool] = field(default_factory=dict)
    disks: Mapping[str, Disk] = field(default_factory=dict)
    room: Mapping[str, int | None] = field(default_factory=dict)
    zvols: Mapping[str, Zvol] = field(default_factory=dict)


def from_api(host: str, found: Mapping[type, Iterable[Any]]) -> Volumes:
    """The state, from what was read of :data:`KINDS`."""
    return Volumes(
        host,
        {pool.name: pool for pool in found.get(Pool, ())},
        {disk.name: disk for disk in found.get(Disk, ())},
        {one.name: one.available for one in found.get(Filesystem, ())},
        {zvol.name: zvol for zvol in found.get(Zvol, ())},
    )


def zvol_name(text: str) -> str:
    """A zvol's name from any of the spellings that it has: ``tank/my vol``, ``zvol/tank/my+vol``, ``/dev/zvol/…``.

    ZFS allows no plus in a name: some versions write one for a space.
    """
    return text.removeprefix("/dev/").removeprefix("zvol/").replace("+", " ")


def layout_of(vdevs: Iterable[Vdev]) -> str:
    """The layout that parts of a pool make: ``stripe``, ``mirror``, ``raid10``, ``raidz1`` to ``3``; else ``mixed``."""
    kinds = [vdev.kind for vdev in vdevs]
    if kinds and set(kinds) == {"mirror"}:
        return "mirror" if len(kinds) == 1 else "raid10"
    if len(kinds) == 1 and kinds[0].startswith("raidz"):
        return kinds[0]
    return "stripe" if set(kinds) <= {"stripe"} else "mixed"


def shown(pool: Pool) -> dict[str, Any]:
    """A pool as it stands in a change."""
    return {"layout": layout_of(pool.vdevs), "disks": sorted(disk for vdev in pool.vdevs for disk in vdev.disks)}
