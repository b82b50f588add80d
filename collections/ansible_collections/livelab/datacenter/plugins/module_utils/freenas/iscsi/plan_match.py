# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which object of the NAS a declared one is. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    Credential,
    Extent,
    Listen,
    Portal,
    Target,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.goal import Goal
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import KINDS, Handle, names, socket

Item = Mapping[str, Any]


def match(goal: Goal, option: str, item: Item, listen: tuple[Listen, ...], desired: Mapping[str, Any]) -> Handle:
    """The handle of the object that an entry of the options is about; ``None``: there is none.

    :param option: the list that the entry is in: ``portals``.
    :param listen: of a portal, the addresses that are declared for it, in the state's form.
    :raises ConvergeError: when it may be any of several that look alike.
    """
    kind = KINDS[option]
    if kind is Credential:
        alike = [handle for handle, one in goal.things[kind].items() if (one.tag, one.user) == (item["tag"], item["user"])]
    elif option == "associations":
        return _association(goal, item)
    else:
        alike = goal.find(kind, item["name"] if kind in (Target, Extent) else item["comment"])
    if kind is Portal and not alike:
        return _adopted(goal, listen, desired)
    if len(alike) < 2:
        return alike[0] if alike else None
    return _told_apart(goal, kind, alike, item, listen)


def _association(goal: Goal, item: Item) -> Handle:
    targets, extents = goal.find(KINDS["targets"], item["target"]), goal.find(KINDS["extents"], item["extent"])
    links = goal.things[KINDS["associations"]].items()
    return next((handle for handle, one in links if one.target in targets and one.extent in extents), None)


def _adopted(goal: Goal, listen: tuple[Listen, ...], desired: Mapping[str, Any]) -> Handle:
    """A portal of another comment that listens where the declared one should: two cannot listen on one address.

    Only one that nobody else declares. When all its addresses are not the same, only one that would be purged.
    """
    declared = {item["comment"] for item in desired["portals"]}
    others = {
        handle: one
        for handle, one in goal.things[Portal].items()
        if handle not in goal.declared[Portal] and goal.key(one) not in declared and listen
    }
    same = [handle for handle, one in others.items() if one.listen == listen]
    if not same and desired.get("purge"):
        same = [handle for handle, one in others.items() if set(one.listen) & set(listen)]
    return same[0] if same else None


def _told_apart(goal: Goal, kind: type, alike: Sequence[Handle], item: Item, listen: tuple[Listen, ...]) -> Handle:
    """The one of several alike that is as declared; by some of its addresses, if that is one only."""
    things = goal.things[kind]
    tests: list[Callable[[Any], bool]] = []
    if kind is Portal:
        tests = [lambda one: one.listen == listen, lambda one: bool(set(one.listen) & set(listen))]
    elif kind is not Credential:
        tests = [lambda one: one.initiators == names(item.get("initiators") or ())]
    for test in tests:
        found = [handle for handle in alike if test(things[handle])]
        if len(found) == 1:
            return found[0]
    key = goal.key(things[alike[0]])
    wanted = f" None of them is on {', '.join(map(socket, listen))} alone." if listen else ""
    raise ConvergeError(f"{goal.host} has {len(alike)} objects that are all {goal.title(things[alike[0]]).split()[0]} "
                        f"'{key}': {goal.list_alike(kind, list(alike))}.{wanted} Give them different names on the NAS, or "
                        "declare the one that is meant as it is.")
