# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes: what is declared absent, and what is not listed where a purge is asked for. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    MUTUAL,
    Credential,
    Extent,
    Initiator,
    Portal,
    Target,
    TargetExtent,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.goal import Goal
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import KINDS, Handle

# What refers goes before what it refers to.
_TOP_DOWN = ("associations", "targets", "extents", "portals", "initiators", "auths")


def remove(goal: Goal, desired: Mapping[str, Any], absent: Mapping[type, set[Handle]]) -> list[str]:
    """Take what goes out of the goal, which has everything that is declared already.

    :param absent: the handles of what is declared absent, by kind.
    :returns: what a purge leaves because something that stays uses it: texts for the user.
    :raises ConvergeError: when something that is declared absent is used by what stays.
    """
    kept: list[str] = []
    for option in _TOP_DOWN:
        kind = KINDS[option]
        gone = absent.get(kind, set())
        if kind in (Target, Extent):
            _drop_links(goal, kind, gone)
        unlisted: set[Handle] = set()
        if desired.get("purge") and desired.get(option) is not None:
            unlisted = set(goal.things[kind]) - goal.declared[kind] - gone
        _refuse_used(goal, kind, gone)
        _drop(goal, kind, gone)
        kept += _purge(goal, kind, unlisted)
    return kept


def _drop(goal: Goal, kind: type, handles: set[Handle]) -> None:
    goal.things[kind] = {handle: one for handle, one in goal.things[kind].items() if handle not in handles}


def _drop_links(goal: Goal, kind: type, handles: set[Handle]) -> None:
    """A target or extent that is declared absent takes its LUNs along."""
    end = "target" if kind is Target else "extent"
    _drop(goal, TargetExtent, {handle for handle, one in goal.things[TargetExtent].items() if getattr(one, end) in handles})


def _refuse_used(goal: Goal, kind: type, gone: set[Handle]) -> None:
    for handle in sorted(gone, key=str):
        thing = goal.things[kind][handle]
        user = _user(goal, thing, gone)
        if user:
            raise ConvergeError(f"{goal.title(thing)} cannot be removed: {user}.")


def _purge(goal: Goal, kind: type, unlisted: set[Handle]) -> list[str]:
    kept = []
    staying: set[Handle] = set()
    for handle in sorted(unlisted, key=str):
        thing = goal.things[kind][handle]
        user = _user(goal, thing, unlisted - staying)
        if user:
            staying.add(handle)
            kept.append(f"{goal.title(thing)} is not listed, but was not purged: {user}.")
    _drop(goal, kind, unlisted - staying)
    return kept


def _user(goal: Goal, thing: Any, going: set[Handle]) -> str | None:
    """What uses an object, as the end of a sentence.

    :param going: the handles of its kind that would go with it.
    """
    if isinstance(thing, TargetExtent):
        return None
    if isinstance(thing, (Target, Extent)):
        return _lun(goal, thing)
    for target in goal.things[Target].values():
        for group in target.groups:
            if isinstance(thing, Portal) and group.portal == thing.id:
                return f"target '{goal.key(target)}' is reached by it"
            if isinstance(thing, Initiator) and group.initiator == thing.id:
                return f"target '{goal.key(target)}' lets it in"
            if isinstance(thing, Credential) and group.tag == thing.tag and _needed(goal, thing, going, group.method):
                return f"target '{goal.key(target)}' asks for its group {thing.tag}"
    asks = isinstance(thing, Credential) and goal.discovery.tag == thing.tag
    if asks and _needed(goal, thing, going, goal.discovery.method):
        return f"discovery asks for its group {thing.tag}"
    return None


def _lun(goal: Goal, thing: Any) -> str | None:
    end, other, kind = ("target", "extent", Extent) if isinstance(thing, Target) else ("extent", "target", Target)
    for link in goal.things[TargetExtent].values():
        if getattr(link, end) == thing.id:
            name = goal.name(kind, getattr(link, other))
            return f"extent '{name}' is its LUN {link.lun}" if kind is Extent else f"it is LUN {link.lun} of target '{name}'"
    return None


def _needed(goal: Goal, thing: Credential, going: set[Handle], method: str) -> bool:
    """Whether a group of CHAP users can not do without this one: the others that stay do not suffice."""
    others = [
        one for handle, one in goal.things[Credential].items()
        if one.tag == thing.tag and handle != thing.id and handle not in going
    ]
    if method == MUTUAL:
        return bool(thing.peer_user) and not any(one.peer_user for one in others)
    return not others
