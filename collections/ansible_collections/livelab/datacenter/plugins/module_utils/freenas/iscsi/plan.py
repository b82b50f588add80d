# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the iSCSI service of a NAS as it is to the one declared: a list of changes. No I/O.

The order: what is no longer wanted goes, from the associations down; then storage, then the service's parts from the
bottom up; last the service itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change
from ansible_collections.livelab.datacenter.plugins.module_utils.core.sizes import size_in_bytes
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi import check
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import KINDS, Nas
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume import plan as storage

# How messages call an object of a kind, from its key.
_NOUNS = {
    "portals": "portal {0}",
    "initiators": "initiators {0}",
    "auths": "CHAP user {0[1]} of group {0[0]}",
    "targets": "target {0}",
    "extents": "extent {0}",
    "associations": "LUN of extent {0[1]} at target {0[0]}",
}
# What the module says of a new object that the user does not.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "portals": {"listen": []},
    "initiators": {"initiators": [], "auth_network": []},
    "auths": {"secret": "", "peeruser": "", "peersecret": ""},
    "targets": {"alias": "", "portal": None, "initiator": None, "authmethod": "NONE", "auth": None, "more": []},
    "extents": {
        "type": "disk",
        "disk": None,
        "path": None,
        "filesize": None,
        "blocksize": 512,
        "serial": "",
        "rpm": "SSD",
        "insecure_tpc": True,
        "pblocksize": False,
    },
    "associations": {"lun": 0},
}
_SECRETS = ("secret", "peersecret")
# Linked by the kinds before them: removed in this order, added in the other.
_REMOVED_FIRST = ("associations", "targets", "extents", "portals", "initiators", "auths")


def key_of(kind: str, item: Mapping[str, Any]) -> Any:
    """What tells an object of a kind from the others."""
    if kind == "auths":
        return item["tag"], item["user"]
    if kind == "associations":
        return item["target"], item["extent"]
    return item["comment"] if kind in ("portals", "initiators") else item["name"]


def plan(current: Nas, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :param current: the NAS as it is; it is not altered.
    :param desired: the module's options.
    :raises ConvergeError: when the NAS cannot take it; nothing has been changed then.
    """
    wanted = {kind: [_normal(kind, item) for item in desired.get(kind) or ()] for kind in KINDS}
    check.check(wanted, key_of)
    goal = deepcopy(current)
    _adopt_portals(goal, wanted["portals"])
    changes = _plan_purge(goal, desired, wanted)
    changes += storage.plan_pool(goal, desired.get("pool"))
    changes += storage.plan_zvols(goal, desired.get("zvols") or ())
    changes += _plan_basename(goal, desired.get("basename"))
    for kind in KINDS:
        changes += [change for item in wanted[kind] for change in _plan_object(goal, kind, item)]
    check.check_links(goal, {kind: [key_of(kind, item) for item in items] for kind, items in wanted.items()})
    return changes + _plan_service(goal, desired.get("service"))


def _normal(kind: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of the options in the form of the state, less what it does not say."""
    said = {name: value for name, value in item.items() if value is not None}
    if kind == "portals" and "listen" in said:
        said["listen"] = [f"{one['ip']}:{one['port']}" for one in sorted(said["listen"], key=lambda one: one["ip"])]
    if kind == "initiators":
        said.update({name: sorted(said[name]) for name in ("initiators", "auth_network") if name in said})
    if kind == "extents":
        if said.get("disk") and "/" in said["disk"] and not said["disk"].startswith("zvol/"):
            said["disk"] = f"zvol/{said['disk']}"
        if "filesize" in said:
            said["filesize"] = size_in_bytes(f"extents: filesize of '{said['name']}'", said["filesize"])
    return said


def _adopt_portals(goal: Nas, wanted: Iterable[Mapping[str, Any]]) -> None:
    """Take a portal that listens where a declared one should for that one; two cannot listen on the same address.

    It then has the declared key, but still its own comment, so that the comment is planned as a change.
    """
    portals = goal.objects["portals"]
    declared = {item["comment"] for item in wanted}
    for item in wanted:
        same = [key for key, have in portals.items() if have["listen"] == item.get("listen") and key not in declared]
        if item["comment"] in portals or not same:
            continue
        portals[item["comment"]] = portals.pop(same[0])
        for target in goal.objects["targets"].values():
            if target["portal"] == same[0]:
                target["portal"] = item["comment"]


def _plan_purge(goal: Nas, desired: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Change]:
    changes: list[Change] = []
    for kind in _REMOVED_FIRST if desired.get("purge") else ():
        if desired.get(kind) is None:
            continue
        kept = {key_of(kind, item) for item in wanted[kind]}
        for key in [key for key in goal.objects[kind] if key not in kept]:
            have = goal.objects[kind].pop(key)
            args = {"kind": kind, "key": key, "id": have["id"]}
            changes.append(Change(_NOUNS[kind].format(key), _shown(have), None, "remove", args))
    return changes


def _plan_basename(goal: Nas, basename: str | None) -> list[Change]:
    if basename is None or basename == goal.basename:
        return []
    before, goal.basename = goal.basename, basename
    return [Change("iSCSI base name", {"basename": before}, {"basename": basename}, "set_basename")]


def _plan_object(goal: Nas, kind: str, item: Mapping[str, Any]) -> list[Change]:
    key = key_of(kind, item)
    before = goal.objects[kind].get(key)
    after = {**(before or {"id": None, **_DEFAULTS[kind]}), **item}
    if kind == "auths" and before and "*" in before["secret"]:
        # A NAS that hides its secrets: the declared ones cannot be told from them.
        after.update({name: before[name] for name in _SECRETS})
    if after == before:
        return []
    goal.objects[kind][key] = after
    args = {"kind": kind, "key": key, "id": after["id"], "value": after}
    shown_before = _shown(before) if before else None
    what = _NOUNS[kind].format(key)
    return [Change(what, shown_before, _shown(after, before), "update" if before else "add", args)]


def _shown(item: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An object as it stands in a change: without its number and without secrets, but saying whether they change."""
    shown = {name: value for name, value in item.items() if name not in ("id", "more")}
    for name in _SECRETS:
        if shown.get(name):
            changed = before is not None and before[name] != item[name]
            shown[name] = "(hidden, changed)" if changed else "(hidden)"
    return shown


def _plan_service(goal: Nas, wanted: Mapping[str, Any] | None) -> list[Change]:
    changes = []
    for name, step in (("enabled", "enable_service"), ("running", "run_service")):
        after = (wanted or {}).get(name)
        if after is not None and after != goal.service[name]:
            changes.append(Change(f"iSCSI service {name}", {name: not after}, {name: after}, step))
    return changes
