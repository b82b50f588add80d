# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools, zvols and the iSCSI service of a NAS as plain data, with names where the API has numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Nas:
    """The state that plans are made from. Objects are kept by their key; each also has its ``id``.

    :ivar host: the NAS's name, for messages.
    :ivar pools: ``{name: {"layout", "disks"}}``
    :ivar disks: the disks that are in no pool.
    :ivar addresses: the addresses that a portal can listen on; ``None``: not asked.
    :ivar zvols: ``{"tank/vmware": {"size": bytes, "volblocksize": "16K"}}``
    :ivar objects: ``{kind: {key: {…}}}`` of the kinds in :data:`KINDS`.
    :ivar service: ``{"enabled": bool, "running": bool}``
    """

    host: str
    pools: dict[str, dict[str, Any]] = field(default_factory=dict)
    disks: list[str] = field(default_factory=list)
    addresses: list[str] | None = None
    zvols: dict[str, dict[str, Any]] = field(default_factory=dict)
    basename: str = ""
    objects: dict[str, dict[Any, dict[str, Any]]] = field(default_factory=dict)
    service: dict[str, bool] = field(default_factory=dict)


ADDRESSES = "iscsi/portal/listen_ip_choices"
# The kinds of objects the service is made of, each after those it refers to: {kind: the API's path}.
KINDS = {
    "portals": "iscsi/portal",
    "initiators": "iscsi/initiator",
    "auths": "iscsi/auth",
    "targets": "iscsi/target",
    "extents": "iscsi/extent",
    "associations": "iscsi/targetextent",
}


def from_api(host: str, answers: Mapping[str, Any]) -> Nas:
    """The state, from the API's answers by path."""
    service = next(iter(answers["service"]), {})
    nas = Nas(
        host=host,
        pools={pool["name"]: _pool(pool) for pool in answers.get("pool", ())},
        disks=[disk["name"] for disk in answers.get("disk/get_unused", ())],
        addresses=sorted(answers[ADDRESSES]) if ADDRESSES in answers else None,
        zvols={item["id"]: _zvol(item) for item in answers.get("pool/dataset", ()) if item["type"] == "VOLUME"},
        basename=answers["iscsi/global"]["basename"],
        service={"enabled": bool(service.get("enable")), "running": service.get("state") == "RUNNING"},
    )
    raw = {kind: answers[path] for kind, path in KINDS.items()}
    names = {
        "portals": {item["id"]: comment_of(item) for item in raw["portals"]},
        "initiators": {item["id"]: comment_of(item) for item in raw["initiators"]},
        "targets": {item["id"]: item["name"] for item in raw["targets"]},
        "extents": {item["id"]: item["name"] for item in raw["extents"]},
    }
    nas.objects = {
        "portals": _by("comment", map(_portal, raw["portals"])),
        "initiators": _by("comment", map(_initiator, raw["initiators"])),
        "auths": {(item["tag"], item["user"]): item for item in map(_auth, raw["auths"])},
        "targets": _by("name", (_target(item, names) for item in raw["targets"])),
        "extents": _by("name", map(_extent, raw["extents"])),
        "associations": {
            (item["target"], item["extent"]): item for item in (_association(one, names) for one in raw["associations"])
        },
    }
    return nas


def comment_of(item: Mapping[str, Any]) -> str:
    """What a portal or a group of initiators is known by: its comment, or its number when it has none."""
    return item.get("comment") or f"#{item['id']}"


def _by(key: str, items: Iterable[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {item[key]: item for item in items}


def _pool(pool: Mapping[str, Any]) -> dict[str, Any]:
    vdevs = (pool.get("topology") or {}).get("data") or []
    disks = [child for vdev in vdevs for child in (vdev.get("children") or [vdev])]
    kinds = [vdev.get("type", "DISK") for vdev in vdevs]
    return {"layout": layout_of(kinds), "disks": sorted(filter(None, map(disk_of, disks)))}


def disk_of(device: Mapping[str, Any]) -> str | None:
    """The disk of a pool's member: the API tells it, or at least the partition, ``da1p2``."""
    if device.get("disk"):
        return device["disk"]
    return re.sub(r"p\d+$", "", device["device"]) if device.get("device") else None


def layout_of(kinds: list[str]) -> str:
    """The layout that vdevs of these types make."""
    if kinds and all(kind == "MIRROR" for kind in kinds):
        return "mirror" if len(kinds) == 1 else "raid10"
    if len(set(kinds)) == 1 and kinds[0].startswith("RAIDZ"):
        return kinds[0].lower()
    return "stripe" if all(kind in ("DISK", "STRIPE") for kind in kinds) else "mixed"


def _zvol(item: Mapping[str, Any]) -> dict[str, Any]:
    block = item.get("volblocksize") or {}
    return {"size": int(_value(item["volsize"])), "volblocksize": str(block.get("value") or "")}


def _value(number: Any) -> Any:
    """ZFS properties come as ``{"parsed": 1024, "rawvalue": "1024", "value": "1K"}``."""
    return number["parsed"] if isinstance(number, dict) else number


def _portal(item: Mapping[str, Any]) -> dict[str, Any]:
    listen = sorted((one["ip"], int(one.get("port") or 3260)) for one in item["listen"])
    return {"id": item["id"], "comment": comment_of(item), "listen": [f"{ip}:{port}" for ip, port in listen]}


def _initiator(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": item["id"],
        "comment": comment_of(item),
        "initiators": sorted(item.get("initiators") or ()),
        "auth_network": sorted(item.get("auth_network") or ()),
    }


def _auth(item: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("id", "tag", "user", "secret", "peeruser", "peersecret")
    return {key: item.get(key) or "" if key not in ("id", "tag") else item[key] for key in keys}


def _target(item: Mapping[str, Any], names: Mapping[str, Mapping[int, str]]) -> dict[str, Any]:
    groups = item.get("groups") or [{}]
    group = groups[0]
    return {
        "id": item["id"],
        "name": item["name"],
        "alias": item.get("alias") or "",
        "portal": names["portals"].get(group.get("portal")),
        "initiator": names["initiators"].get(group.get("initiator")),
        "authmethod": group.get("authmethod") or "NONE",
        "auth": group.get("auth"),
        # Further groups of the same target are left as they are.
        "more": groups[1:],
    }


def _extent(item: Mapping[str, Any]) -> dict[str, Any]:
    is_disk = item["type"] == "DISK"
    return {
        "id": item["id"],
        "name": item["name"],
        "type": item["type"].lower(),
        "disk": (item.get("disk") or item.get("path")) if is_disk else None,
        "path": None if is_disk else item.get("path"),
        "filesize": None if is_disk else int(item.get("filesize") or 0),
        "blocksize": item["blocksize"],
        "serial": item.get("serial") or "",
        "rpm": item.get("rpm") or "SSD",
        "insecure_tpc": bool(item.get("insecure_tpc")),
        "pblocksize": bool(item.get("pblocksize")),
    }


def _association(item: Mapping[str, Any], names: Mapping[str, Mapping[int, str]]) -> dict[str, Any]:
    return {
        "id": item["id"],
        "target": names["targets"].get(item["target"], f"#{item['target']}"),
        "extent": names["extents"].get(item["extent"], f"#{item['extent']}"),
        "lun": item["lunid"],
    }
