# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of the state that a plan leads to. No I/O."""

from __future__ import annotations

from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    MIXED,
    MUTUAL,
    NONE,
    Credential,
    Extent,
    Portal,
    Target,
    TargetExtent,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.goal import Goal
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import socket


def check_links(goal: Goal) -> None:
    """Refuse a state in which something that is declared is not what the NAS takes, or clashes with something else.

    :raises ConvergeError: naming the object, the value, and what there is.
    """
    checks = {
        Portal: _check_portal,
        Target: _check_target,
        Extent: _check_extent,
        TargetExtent: _check_lun,
    }
    for kind, check in checks.items():
        for handle, thing in goal.things[kind].items():
            if handle in goal.declared[kind]:
                check(goal, thing)
    if goal.discovery != goal.nas.discovery:
        _check_asked(goal, "discovery", goal.discovery.method, goal.discovery.tag)


def _check_portal(goal: Goal, portal: Portal) -> None:
    name = f"portal '{portal.comment}'"
    have = goal.nas.things[Portal].get(portal.id)
    known = {at.ip for at in have.listen} if have else set()
    for at in portal.listen:
        if goal.nas.addresses is not None and at.ip not in {*goal.nas.addresses, *known}:
            raise ConvergeError(f"{name}: {goal.host} has no address '{at.ip}'; it has: {listing(goal.nas.addresses)}.")
    others = [one for one in goal.things[Portal].values() if one.id != portal.id]
    for at in portal.listen:
        for other in others:
            clash = [there for there in other.listen if _same_place(goal, at, there)]
            if clash and other.id in goal.declared[Portal]:
                raise ConvergeError(f"{name} and portal '{other.comment}' would both listen on {socket(clash[0])}; only one can.")
            if clash:
                raise ConvergeError(f"{name}: portal '{goal.key(other)}' of {goal.host} listens on {socket(clash[0])} already; "
                                    "only one can.")


def _same_place(goal: Goal, one: Any, other: Any) -> bool:
    return canonical_host(one.ip) == canonical_host(other.ip) and (one.port == other.port or goal.version.has("service_port"))


def _check_target(goal: Goal, target: Target) -> None:
    name = f"target '{goal.key(target)}'"
    if not target.groups:
        raise ConvergeError(f"{name}: 'groups' must have one entry at least, with a portal by which it is reached.")
    for group in target.groups:
        _check_asked(goal, name, group.method, group.tag)
    for other in goal.things[Target].values():
        if target.alias and other.id != target.id and other.alias == target.alias:
            raise ConvergeError(f"{name}: alias '{target.alias}' is that of target '{goal.key(other)}' already.")


def _check_asked(goal: Goal, name: str, method: str, tag: int | None) -> None:
    if method in (NONE, MIXED):
        return
    group = [one for one in goal.things[Credential].values() if one.tag == tag]
    if not group:
        tags = listing(one.tag for one in goal.things[Credential].values())
        raise ConvergeError(f"{name}: authmethod {method} needs 'auth', the tag of a group of CHAP users; {goal.host} has: "
                            f"{tags}.")
    if method == MUTUAL and not any(one.peer_user for one in group):
        raise ConvergeError(f"{name}: authmethod {method} needs a CHAP user with 'peeruser' in group {tag}.")


def _check_extent(goal: Goal, extent: Extent) -> None:
    name, version = f"extent '{extent.name}'", goal.version
    if len(extent.name) > version.most("extent_name"):
        raise ConvergeError(f"{name}: its name has {len(extent.name)} characters; {version.name} takes "
                            f"{version.most('extent_name')} at most.")
    if len(extent.serial) > version.most("serial"):
        raise ConvergeError(f"{name}: serial '{extent.serial}' has {len(extent.serial)} characters; {version.name} takes "
                            f"{version.most('serial')} at most.")
    _check_source(goal, extent, name)
    for other in goal.things[Extent].values():
        if other.id == extent.id:
            continue
        if other.source == extent.source:
            raise ConvergeError(f"{name}: '{extent.source}' is extent '{other.name}' of {goal.host} already; two would write "
                                "over each other.")
        if extent.serial and other.serial == extent.serial:
            raise ConvergeError(f"{name}: serial '{extent.serial}' is that of extent '{other.name}' of {goal.host} already; "
                                "initiators would take them for one disk.")


def _check_source(goal: Goal, extent: Extent, name: str) -> None:
    have = goal.nas.things[Extent].get(extent.id)
    if extent.kind == "file" and extent.filesize % extent.blocksize:
        raise ConvergeError(f"{name}: filesize {extent.filesize} must be a multiple of its blocks of {extent.blocksize} bytes.")
    if have is not None and have.source == extent.source and extent.kind != "zvol":
        return
    if extent.kind == "file":
        pool = extent.source.split("/")[2]
        if pool not in goal.volumes.pools:
            raise ConvergeError(f"{name}: path '{extent.source}': {goal.host} has no pool '{pool}'; it has: "
                                f"{listing(goal.volumes.pools)}.")
        return
    if extent.kind == "disk":
        if extent.source not in goal.volumes.disks:
            raise ConvergeError(f"{name}: {goal.host} has no free disk '{extent.source}'; free disks: "
                                f"{listing(goal.volumes.disks)}.")
        return
    zvol = goal.volumes.zvols.get(extent.source)
    if zvol is None and (have is None or have.source != extent.source):
        raise ConvergeError(f"{name}: {goal.host} has no zvol '{extent.source}'; it has: {listing(goal.volumes.zvols)}.")
    if zvol is not None and zvol.size % extent.blocksize:
        raise ConvergeError(f"{name}: zvol '{extent.source}' has {zvol.size} bytes, which is no multiple of blocks of "
                            f"{extent.blocksize}.")


def _check_lun(goal: Goal, link: TargetExtent) -> None:
    target, extent = goal.name(Target, link.target), goal.name(Extent, link.extent)
    if link.lun > goal.version.most("lun"):
        raise ConvergeError(f"associations: lun {link.lun} of extent '{extent}' must be from 0 to {goal.version.most('lun')}; "
                            f"{goal.version.name} has no more.")
    for other in goal.things[TargetExtent].values():
        if other.id == link.id:
            continue
        if (other.target, other.lun) == (link.target, link.lun):
            raise ConvergeError(f"LUN {link.lun} of target '{target}' cannot be extent '{extent}': it is "
                                f"'{goal.name(Extent, other.extent)}'. Choose another number, or purge that one.")
        if other.extent == link.extent and not goal.version.has("many_targets"):
            raise ConvergeError(f"extent '{extent}' cannot be a LUN of target '{target}': it is one of "
                                f"'{goal.name(Target, other.target)}'. An extent belongs to a single target.")
