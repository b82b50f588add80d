# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets' part of the plan: what is added, what is purged, and what is not because a datastore stands on it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host, is_address
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import UNKNOWN, Adapter, Target
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.scsi_names import canonical_node, portal

_OPTIONS = ("send_targets", "static_targets")


def plan(current: Adapter, desired: Mapping[str, Any]) -> list[Change]:
    """The changes of targets: those to go first, of each kind."""
    going, _kept = _purged(current, desired)
    # What discovery has found is there, and a host does not take it a second time.
    found = {target.key for target in _staying(current, going)}
    changes = []
    for option in _OPTIONS:
        have = {target.key for target in getattr(current, option)} | found
        gone = [target for target in going if target in getattr(current, option)]
        changes += [_change(option[:-1], target, False) for target in gone]
        changes += [_change(option[:-1], target, True) for target in declared(desired, option) if target.key not in have]
    return changes


def cautions(current: Adapter, desired: Mapping[str, Any]) -> list[str]:
    """A sentence for each target that is not listed and is kept nevertheless."""
    _going, kept = _purged(current, desired)
    return [f"{_name('static_target' if target.iqn else 'send_target', target)} is not purged: {current.host} reaches the "
            f"datastore {listing(stores)} by it and by no other. Unmount or remove that first, or list the target."
            for target, stores in kept.items()]


def declared(desired: Mapping[str, Any], option: str) -> list[Target]:
    """The targets that an option lists, spelt as hosts have them."""
    return [
        Target(canonical_host(target["address"]), target["port"], canonical_node(target.get("iqn", "")))
        for target in desired.get(option) or ()
    ]


def _purged(current: Adapter, desired: Mapping[str, Any]) -> tuple[list[Target], dict[Target, list[str]]]:
    """The targets to go, and those that a datastore needs, with its name: a disk keeps one way to it at least."""
    wanted = {target.key for option in _OPTIONS for target in declared(desired, option)}
    unlisted = [target for option in _OPTIONS if desired["purge"] and desired.get(option) is not None
                for target in getattr(current, option) if target.key not in wanted]
    going: list[Target] = []
    kept: dict[Target, list[str]] = {}
    for target in unlisted:
        stores = _stranded(current, [*going, target]) - _stranded(current, going)
        if stores:
            kept[target] = sorted(stores)
        else:
            going.append(target)
    return going, kept


def _stranded(current: Adapter, going: list[Target]) -> set[str]:
    """The datastores that would be out of reach without these targets."""
    staying = _staying(current, going)
    return {
        volume.name
        for volume in current.volumes
        if volume.accessible and not all(_reached(current, disk, staying) for disk in volume.disks)
    }


def _staying(current: Adapter, going: list[Target]) -> list[Target]:
    """The targets that are left when these go, and with each portal those that it told of."""
    parents = {portal(target.address, target.port) for target in going if not target.iqn}
    # A host that does not tell who told of a target may have had it from any of its portals.
    lost = {*parents, UNKNOWN} if parents else set()
    return [target for target in (*current.static_targets, *current.discovered)
            if target not in going and target.parent not in lost]


def _reached(current: Adapter, disk: str, targets: list[Target]) -> bool:
    """Whether a disk has a way that does not need this adapter, or one by these targets."""
    ways = [lun for lun in current.luns if lun.naa == disk and lun.alive]
    return any(lun.adapter not in ("", current.hba) or any(leads(target, lun) for target in targets) for lun in ways)


def leads(target: Target, lun: Lun) -> bool:
    """Whether a target leads to a LUN. What an address given by name resolves to is not known: its iSCSI name decides."""
    same_node = not target.iqn or canonical_node(target.iqn) == canonical_node(lun.target or "")
    return same_node and (target.key[0] in lun.addresses or not (lun.addresses and is_address(target.address)))


def _change(kind: str, target: Target, present: bool) -> Change:
    value = {"address": target.address, "port": target.port, **({"iqn": target.iqn} if target.iqn else {})}
    step = f"{'add' if present else 'remove'}_{kind}"
    return Change(_name(kind, target), None if present else value, value if present else None, step, {"target": target})


def _name(kind: str, target: Target) -> str:
    return f"{kind.replace('_', ' ')} {target}"
