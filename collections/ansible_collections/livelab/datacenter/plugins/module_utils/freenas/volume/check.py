# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declared pool and declared zvols must be by themselves, whatever the NAS has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.sizes import size_in_bytes
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import zvol_name

# The least number of disks that a layout needs.
LAYOUTS = {"stripe": 1, "mirror": 2, "raid10": 4, "raidz1": 3, "raidz2": 4, "raidz3": 5}
# ZFS's own rules. A pool's name is none of the words with which it describes a pool's parts.
_POOL = re.compile(r"(?!(?:mirror|raidz|draid|spare)|log$)[A-Za-z][A-Za-z0-9_.:-]*")
_DATASET = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.: -]*[A-Za-z0-9_.:-])?")
_LONGEST_POOL = 50
_LONGEST = 255


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no NAS could take.

    :param desired: the module's options, of which ``pool`` and ``zvols`` are looked at.
    :raises ConvergeError: naming the option, the value and what it must be.
    """
    if desired.get("pool"):
        _check_pool(desired["pool"])
    zvols = desired.get("zvols") or ()
    for name in twice(zvol_name(zvol["name"]) for zvol in zvols):
        raise ConvergeError(f"zvols: '{name}' is given twice.")
    for zvol in zvols:
        _check_zvol(zvol)


def _check_pool(pool: Mapping[str, Any]) -> None:
    name, layout, disks = pool["name"], pool["layout"], pool.get("disks")
    if not _POOL.fullmatch(name) or len(name) > _LONGEST_POOL:
        raise ConvergeError(f"pool: name '{name}' must be 1 to {_LONGEST_POOL} letters, digits and _ - . : that begin with a "
                            "letter, and must not begin with mirror, raidz, draid or spare, nor be log.")
    if disks is None:
        return
    for disk in twice(disks):
        raise ConvergeError(f"pool '{name}': disk '{disk}' is given twice.")
    if len(disks) < LAYOUTS[layout] or (layout == "raid10" and len(disks) % 2):
        even = " and an even number" if layout == "raid10" else ""
        raise ConvergeError(f"pool '{name}': layout {layout} needs {LAYOUTS[layout]} disks at least{even}; {len(disks)} "
                            "given.")


def _check_zvol(zvol: Mapping[str, Any]) -> None:
    name = zvol_name(zvol["name"])
    parts = name.split("/")
    if len(parts) < 2 or len(name) > _LONGEST or not all(map(_DATASET.fullmatch, parts)):
        raise ConvergeError(f"zvols: name '{zvol['name']}' must be a pool and a name, as in tank/vmware: letters, digits, "
                            f"spaces and _ - . :, {_LONGEST} at most.")
    size = size_in_bytes(f"zvols: size of '{name}'", zvol["size"])
    if zvol.get("volblocksize"):
        check_blocks(name, size, block_size(zvol["volblocksize"]))


def block_size(text: str) -> int:
    """The bytes of a ``volblocksize``: ``512``, ``16K``."""
    return size_in_bytes("volblocksize", text)


def check_blocks(name: str, size: int, block: int) -> None:
    """Refuse a size that is not a whole number of blocks, both in bytes."""
    if size % block:
        raise ConvergeError(f"zvols: size of '{name}', {size} bytes, must be a multiple of its blocks of {block} bytes; the "
                            f"next are {size - size % block} and {size - size % block + block}.")
