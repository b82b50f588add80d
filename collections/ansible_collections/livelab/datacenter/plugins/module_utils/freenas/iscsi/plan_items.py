# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an entry of the options to the object that it declares, in the state's form. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.sizes import size_in_bytes
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    NONE,
    Credential,
    Extent,
    Group,
    Initiator,
    Listen,
    Portal,
    Target,
    TargetExtent,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.goal import EXTENT_WORDS, Goal
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import listens, names, networks, source_of

Item = Mapping[str, Any]


def portal(goal: Goal, item: Item, have: Portal | None, listen: tuple[Listen, ...]) -> Portal:
    """A portal. ``listen`` comes in the state's form; empty: not said."""
    if have is None and not listen:
        raise ConvergeError(f"portal '{item['comment']}': {goal.host} has no such portal; to make it, 'listen' must have one "
                            "address at least.")
    base = have or Portal(None, "", ())
    comment = base.comment if item["comment"] == f"#{base.id}" else item["comment"]
    return replace(base, comment=comment, listen=listen or base.listen)


def listen_of(goal: Goal, item: Item, have: Portal | None, port: int | None) -> tuple[Listen, ...]:
    """The declared addresses of a portal.

    :param port: that of the options, for addresses that have none of their own.
    """
    kept = {at.ip: at.port for at in have.listen} if have else {}
    default = port or goal.config.port
    said = [Listen(one["ip"], one.get("port") or default or 0) for one in item.get("listen") or ()]
    return tuple(
        at if at.port else Listen(at.ip, kept.get(at.ip, 3260)) for at in listens(said)
    )


def initiator(goal: Goal, item: Item, have: Initiator | None, _listen: Any) -> Initiator:
    """A group of initiators."""
    what = f"initiators '{item['comment']}': auth_network"
    if item.get("auth_network"):
        goal.version.must_have("initiator_networks", what, "Use 'auth_networks' of the targets, or leave it out.")
    has = goal.version.has("initiator_networks")
    base = have or Initiator(None, "", (), () if has else None)
    comment = base.comment if item["comment"] == f"#{base.id}" else item["comment"]
    said: dict[str, Any] = {"comment": comment}
    if item.get("initiators") is not None:
        said["initiators"] = names(item["initiators"])
    if item.get("auth_network") is not None and has:
        said["networks"] = networks(item["auth_network"])
    return replace(base, **said)


def credential(_goal: Goal, item: Item, have: Credential | None, _listen: Any) -> Credential:
    """A CHAP user. Of a NAS that hides its secrets, the declared ones cannot be told from them."""
    base = have or Credential(None, item["tag"], item["user"])
    said = {"secret": item["secret"], "peer_user": item.get("peeruser"), "peer_secret": item.get("peersecret")}
    hidden = bool(base.secret) and set(base.secret) == {"*"}
    unsaid = ("secret", "peer_secret") if hidden else ()
    return replace(base, **{name: value for name, value in said.items() if value is not None and name not in unsaid})


def target(goal: Goal, item: Item, have: Target | None, _listen: Any) -> Target:
    """A target, with its groups."""
    name = goal.target_key(item["name"])
    if item.get("auth_networks"):
        goal.version.must_have("target_networks", f"target '{name}': auth_networks", "Use 'auth_network' of the initiators, or "
                               "leave it out.")
    has = goal.version.has("target_networks")
    base = have or Target(None, name, "", (), () if has else None)
    said: dict[str, Any] = {"groups": _groups(goal, item, base, f"target '{name}'")}
    if item.get("alias") is not None:
        said["alias"] = item["alias"]
    if item.get("auth_networks") is not None and has:
        said["networks"] = networks(item["auth_networks"])
    return replace(base, **said)


def _groups(goal: Goal, item: Item, base: Target, who: str) -> tuple[Group, ...]:
    if item.get("groups") is not None:
        return tuple(_group(goal, one, None, who) for one in item["groups"])
    said = {option: item[option] for option in ("portal", "initiator", "authmethod", "auth") if item.get(option) is not None}
    if not said and base.groups:
        return base.groups
    portal_of = goal.refer(Portal, said["portal"], who) if "portal" in said else None
    same = [place for place, group in enumerate(base.groups) if group.portal == portal_of]
    if len(base.groups) > 1 and not same:
        raise ConvergeError(f"{who}: it has {len(base.groups)} groups, and 'portal' says none of them: "
                            f"{', '.join(goal.name(Portal, group.portal) for group in base.groups)}. Declare them all in "
                            "'groups'.")
    place = same[0] if same else 0
    have = base.groups[place] if base.groups else None
    return (*base.groups[:place], _group(goal, said, have, who), *base.groups[place + 1 :])


def _group(goal: Goal, said: Item, have: Group | None, who: str) -> Group:
    portal_name = said.get("portal")
    if have is None and portal_name is None:
        known = ", ".join(sorted(map(goal.key, goal.things[Portal].values()))) or "none"
        raise ConvergeError(f"{who}: 'portal' must name one of the portals of {goal.host}: {known}.")
    group = have or Group(None)
    if portal_name is not None:
        group = replace(group, portal=goal.refer(Portal, portal_name, who))
    if said.get("initiator") is not None:
        group = replace(group, initiator=goal.refer(Initiator, said["initiator"], who))
    group = replace(group, method=said.get("authmethod") or group.method, tag=said.get("auth", group.tag))
    return replace(group, tag=None) if group.method == NONE else group


def extent(goal: Goal, item: Item, have: Extent | None, _listen: Any) -> Extent:
    """An extent."""
    who, has = f"extent '{item['name']}'", goal.version.has
    base = have or Extent(None, item["name"], "", "", read_only=False if has("read_only") else None,
                          enabled=True if has("extent_enabled") else None, product_id="" if has("product_id") else None)
    base = replace(base, **_source(goal, item, have, who))
    said = {name: item[word] for name, word in EXTENT_WORDS.items() if item.get(word) is not None}
    # What a version does not have is refused when it would say something; the rest is as it is without.
    for name, feature, nothing in (("read_only", "read_only", False), ("enabled", "extent_enabled", True),
                                   ("product_id", "product_id", "")):
        if name in said and not has(feature):
            if said[name] != nothing:
                goal.version.must_have(feature, f"{who}: {EXTENT_WORDS[name]}")
            del said[name]
    return replace(base, **said)


def _source(goal: Goal, item: Item, have: Extent | None, who: str) -> dict[str, Any]:
    file = item.get("path") is not None or item.get("type") == "file"
    said: dict[str, Any] = {}
    if item.get("disk") is not None:
        kind, source = source_of(item["disk"])
        said = {"kind": kind, "source": source, "filesize": 0}
        if kind == "disk":
            goal.version.must_have("raw_disk", f"{who}: disk '{source}'", "Put a zvol on it.")
    elif item.get("path") is not None:
        said = {"kind": "file", "source": item["path"]}
    elif have is None:
        needed = "'path' must be a file below /mnt" if file else "'disk' must be a zvol, as in tank/vmware, or a disk"
        raise ConvergeError(f"{who}: {goal.host} has no such extent; to make it, {needed}.")
    elif item.get("type") and (item["type"] == "file") != (have.kind == "file"):
        raise ConvergeError(f"{who}: it is a {have.kind} now; to make it a {item['type']}, give "
                            f"'{'path' if file else 'disk'}'.")
    if item.get("filesize") is not None:
        plain = str(item["filesize"]).strip()
        said["filesize"] = 0 if plain == "0" else size_in_bytes(f"{who}: filesize", item["filesize"])
    return said


def association(goal: Goal, item: Item, have: TargetExtent | None, _listen: Any) -> TargetExtent:
    """An extent as a LUN of a target."""
    who = f"associations: extent '{item['extent']}' at target '{item['target']}'"
    base = have or TargetExtent(None, goal.refer(Target, item["target"], who), goal.refer(Extent, item["extent"], who), 0)
    return base if item.get("lun") is None else replace(base, lun=item["lun"])
