# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state that a plan leads to, while it is being made, and how its objects are called. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    Credential,
    Extent,
    Initiator,
    Portal,
    Target,
    TargetExtent,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import Handle, Nas, socket, whole_name

# How messages and changes call a kind.
_NOUNS = {
    Portal: "portal",
    Initiator: "initiators",
    Credential: "CHAP user",
    Target: "target",
    Extent: "extent",
    TargetExtent: "extent",
}


class Goal:
    """A copy of the state, that a plan alters.

    :ivar things: the objects by kind and handle.
    :ivar declared: the handles of those that the options mention, by kind.
    """

    def __init__(self, nas: Nas) -> None:
        self.nas = nas
        self.host, self.version = nas.host, nas.version
        self.config, self.discovery, self.service = nas.config, nas.discovery, nas.service
        self.volumes = nas.volumes
        self.things: dict[type, dict[Handle, Any]] = {kind: dict(things) for kind, things in nas.things.items()}
        self.declared: dict[type, set[Handle]] = {kind: set() for kind in nas.things}

    def key(self, thing: Any) -> str:
        """What an object is known by in the options."""
        if isinstance(thing, (Portal, Initiator)):
            return thing.comment or f"#{thing.id}"
        if isinstance(thing, Credential):
            return f"{thing.user} of group {thing.tag}"
        if isinstance(thing, TargetExtent):
            return f"{self.name(Extent, thing.extent)} at target {self.name(Target, thing.target)}"
        return self.target_key(thing.name) if isinstance(thing, Target) else thing.name

    def target_key(self, name: str) -> str:
        """A target's own name, without a base name that is now, or will be, before all of them."""
        small = name.lower()
        for base in (self.nas.config.basename, self.config.basename):
            small = small.removeprefix(f"{base}:")
        return small

    def name(self, kind: type, handle: Handle) -> str:
        """What the object of a handle is known by; its number when there is none."""
        thing = self.things[kind].get(handle) or self.nas.things[kind].get(handle)
        return self.key(thing) if thing else f"#{handle}"

    def title(self, thing: Any) -> str:
        """What a change of an object is called: unique within a plan."""
        kind = type(thing)
        title = f"{_NOUNS[kind]} {self.key(thing)}"
        known = {**self.nas.things[kind], **self.things[kind]}
        alike = [one for handle, one in known.items() if handle != thing.id and self.key(one) == self.key(thing)]
        # Only one of them can be new.
        return f"{title} #{thing.id}" if alike and thing.id in self.nas.things[kind] else title

    def find(self, kind: type, key: str) -> list[Handle]:
        """The handles of the objects that are known by this key: those that are declared, when there are such."""
        wanted = self.target_key(key) if kind is Target else key
        found = [
            handle for handle, one in self.things[kind].items() if wanted in (self.key(one), f"#{handle}")
        ]
        declared = [handle for handle in found if handle in self.declared[kind]]
        return declared or found

    def refer(self, kind: type, key: str, who: str) -> Handle:
        """The handle of the one object that is known by this key.

        :param who: the object that refers to it, for the error.
        :raises ConvergeError: when there is none, or more than one.
        """
        found = self.find(kind, key)
        if len(found) == 1:
            return found[0]
        one, many = ("group of initiators", "groups of initiators") if kind is Initiator else (_NOUNS[kind], f"{_NOUNS[kind]}s")
        if not found:
            raise ConvergeError(f"{who}: {self.host} has no {one} '{key}'; it has: "
                                f"{listing(map(self.key, self.things[kind].values()))}.")
        raise ConvergeError(f"{who}: {self.host} has {len(found)} {many} '{key}': {self.list_alike(kind, found)}. Refer to it "
                            f"by number, as in '#{found[0]}'.")

    def list_alike(self, kind: type, handles: list[Handle]) -> str:
        """Objects of one name, told apart."""
        return ", ".join(f"#{handle} ({self._told(self.things[kind][handle])})" for handle in handles)

    def _told(self, thing: Any) -> str:
        if isinstance(thing, Portal):
            return "on " + (", ".join(map(socket, thing.listen)) or "no address")
        if isinstance(thing, Initiator):
            return "of " + (", ".join(thing.initiators) or "all")
        return self.key(thing)

    def shown(self, thing: Any) -> dict[str, Any]:
        """An object as it stands in a change: in the options' words, without secrets."""
        return _SHOWN[type(thing)](self, thing)

    def whole_target(self, thing: Target) -> str:
        """A target's name as initiators know it now."""
        return whole_name(self.nas.config.basename, thing.name)


def _portal(_goal: Goal, one: Portal) -> dict[str, Any]:
    return {"comment": one.comment, "listen": list(map(socket, one.listen))}


def _initiator(_goal: Goal, one: Initiator) -> dict[str, Any]:
    shown: dict[str, Any] = {"comment": one.comment, "initiators": list(one.initiators)}
    return shown if one.networks is None else {**shown, "auth_network": list(one.networks)}


def _credential(_goal: Goal, one: Credential) -> dict[str, Any]:
    hidden = {name: "(hidden)" for name, value in (("secret", one.secret), ("peersecret", one.peer_secret)) if value}
    return {"tag": one.tag, "user": one.user, "peeruser": one.peer_user, **hidden}


def _target(goal: Goal, one: Target) -> dict[str, Any]:
    groups = [
        {
            "portal": goal.name(Portal, group.portal),
            "initiator": None if group.initiator is None else goal.name(Initiator, group.initiator),
            "authmethod": group.method,
            "auth": group.tag,
        }
        for group in one.groups
    ]
    shown: dict[str, Any] = {"name": one.name, "alias": one.alias, "groups": groups}
    return shown if one.networks is None else {**shown, "auth_networks": list(one.networks)}


# The options' words for the attributes of an extent.
EXTENT_WORDS = {
    "blocksize": "blocksize",
    "serial": "serial",
    "rpm": "rpm",
    "tpc": "insecure_tpc",
    "hide_pblocksize": "pblocksize",
    "comment": "comment",
    "threshold": "avail_threshold",
    "read_only": "ro",
    "enabled": "enabled",
    "product_id": "product_id",
}


def _extent(_goal: Goal, one: Extent) -> dict[str, Any]:
    file = one.kind == "file"
    source = {"path": one.source, "filesize": one.filesize} if file else {"disk": one.source}
    said = {word: getattr(one, name) for name, word in EXTENT_WORDS.items() if getattr(one, name) is not None}
    return {"name": one.name, "type": "file" if file else "disk", **source, **said}


def _link(goal: Goal, one: TargetExtent) -> dict[str, Any]:
    return {"target": goal.name(Target, one.target), "extent": goal.name(Extent, one.extent), "lun": one.lun}


_SHOWN: Mapping[type, Any] = {
    Portal: _portal,
    Initiator: _initiator,
    Credential: _credential,
    Target: _target,
    Extent: _extent,
    TargetExtent: _link,
}


def put(goal: Goal, thing: Any, handle: Handle) -> Any:
    """Put an object into the goal under its handle, which it then has as its id, and return it."""
    placed = replace(thing, id=handle)
    goal.things[type(thing)][handle] = placed
    goal.declared[type(thing)].add(handle)
    return placed
