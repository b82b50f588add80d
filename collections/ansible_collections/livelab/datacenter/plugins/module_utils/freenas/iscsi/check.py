# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declared iSCSI service must be: each object by itself, and the links between them. No I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import Nas

_TARGET = re.compile(r"^[-a-z0-9.:]{1,120}$")


def check(wanted: Mapping[str, list[dict[str, Any]]], key_of: Callable[[str, Mapping[str, Any]], Any]) -> None:
    """Refuse objects that no NAS could take.

    :raises ConvergeError: naming the option, the value and what it must be.
    """
    for kind, items in wanted.items():
        twice = [key for key, count in Counter(key_of(kind, item) for item in items).items() if count > 1]
        if twice:
            raise ConvergeError(f"{kind}: {_key(twice[0])} is given twice.")
    for item in wanted["auths"]:
        _check_auth(item)
    for item in wanted["targets"]:
        if not _TARGET.match(item["name"]):
            raise ConvergeError(f"target '{item['name']}': its name must be small letters, digits, dots, hyphens and "
                                "colons; the base name is put before it.")
    for item in wanted["associations"]:
        if item.get("lun") is not None and item["lun"] not in range(1024):
            raise ConvergeError(f"associations: lun {item['lun']} of extent '{item['extent']}' must be from 0 to 1023.")


def _check_auth(item: Mapping[str, Any]) -> None:
    name = f"CHAP user '{item['user']}'"
    for option in ("secret", "peersecret"):
        secret = item.get(option)
        if secret and not 12 <= len(secret) <= 16:
            raise ConvergeError(f"{name}: '{option}' has {len(secret)} characters; it must have 12 to 16.")
    if bool(item.get("peeruser")) != bool(item.get("peersecret")):
        raise ConvergeError(f"{name}: 'peeruser' and 'peersecret' belong together; only one of them is given.")
    if item.get("peersecret") and item["peersecret"] == item.get("secret"):
        raise ConvergeError(f"{name}: 'peersecret' must not be the same as 'secret'.")


def check_links(goal: Nas, declared: Mapping[str, Iterable[Any]]) -> None:
    """Refuse a state in which something that is declared refers to what is not there.

    :param goal: the state that the plan leads to.
    :param declared: ``{kind: keys}``.
    :raises ConvergeError: naming what refers, to what, and what there is.
    """
    objects = goal.objects
    for key in declared["portals"]:
        _check_portal(goal, objects["portals"][key])
    for key in declared["targets"]:
        _check_target(goal, objects["targets"][key])
    for key in declared["extents"]:
        _check_extent(goal, objects["extents"][key])
    for association in (objects["associations"][key] for key in declared["associations"]):
        name = f"LUN {association['lun']} of target '{association['target']}'"
        _must_be(goal, name, "target", association["target"], objects["targets"])
        _must_be(goal, name, "extent", association["extent"], objects["extents"])
    _check_unique(objects["associations"].values())


def _check_portal(goal: Nas, portal: Mapping[str, Any]) -> None:
    name = f"portal '{portal['comment']}'"
    if not portal["listen"]:
        raise ConvergeError(f"{name}: 'listen' must have one address at least.")
    for one in portal["listen"] if goal.addresses is not None else ():
        _must_be(goal, name, "address", one.rpartition(":")[0], goal.addresses)


def _check_target(goal: Nas, target: Mapping[str, Any]) -> None:
    name, objects = f"target '{target['name']}'", goal.objects
    if target["portal"] is None:
        raise ConvergeError(f"{name}: 'portal' must name one of the portals of {goal.host}: "
                            f"{_list(objects['portals'])}.")
    _must_be(goal, name, "portal", target["portal"], objects["portals"])
    if target["initiator"] is not None:
        _must_be(goal, name, "initiator", target["initiator"], objects["initiators"])
    if target["authmethod"] == "NONE":
        return
    group = [auth for auth in objects["auths"].values() if auth["tag"] == target["auth"]]
    if not group:
        tags = _list(str(auth["tag"]) for auth in objects["auths"].values())
        raise ConvergeError(f"{name}: authmethod {target['authmethod']} needs 'auth', the tag of a group of CHAP "
                            f"users; {goal.host} has: {tags}.")
    if target["authmethod"] == "CHAP_MUTUAL" and not any(auth["peeruser"] for auth in group):
        raise ConvergeError(f"{name}: authmethod CHAP_MUTUAL needs a CHAP user with 'peeruser' in group "
                            f"{target['auth']}.")


def _check_extent(goal: Nas, extent: Mapping[str, Any]) -> None:
    name = f"extent '{extent['name']}'"
    if extent["type"] == "file":
        if not extent["path"] or not extent["path"].startswith("/mnt/"):
            raise ConvergeError(f"{name}: 'path' must be a file below /mnt, as in /mnt/tank/lun0; it is "
                                f"'{extent['path']}'.")
        return
    if not extent["disk"]:
        raise ConvergeError(f"{name}: 'disk' must be a zvol, as in tank/vmware, or a disk.")
    zvol = extent["disk"].removeprefix("zvol/")
    if extent["disk"].startswith("zvol/") and zvol not in goal.zvols:
        raise ConvergeError(f"{name}: {goal.host} has no zvol '{zvol}'; it has: {_list(goal.zvols)}.")


def _must_be(goal: Nas, name: str, kind: str, wanted: str, there: Iterable[str]) -> None:
    if wanted not in there:
        raise ConvergeError(f"{name}: {goal.host} has no {kind} '{wanted}'; it has: {_list(there)}.")


def _check_unique(associations: Iterable[Mapping[str, Any]]) -> None:
    luns: dict[tuple[str, int], str] = {}
    extents: dict[str, str] = {}
    for item in associations:
        other = luns.setdefault((item["target"], item["lun"]), item["extent"])
        if other != item["extent"]:
            raise ConvergeError(f"LUN {item['lun']} of target '{item['target']}' cannot be extent '{item['extent']}': "
                                f"it is '{other}'. Choose another number, or purge that one.")
        target = extents.setdefault(item["extent"], item["target"])
        if target != item["target"]:
            raise ConvergeError(f"extent '{item['extent']}' cannot be a LUN of target '{item['target']}': it is one of "
                                f"'{target}'. An extent belongs to a single target.")


def _key(key: Any) -> str:
    return " / ".join(f"'{part}'" for part in key) if isinstance(key, tuple) else f"'{key}'"


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(map(str, names)))) or "none"
