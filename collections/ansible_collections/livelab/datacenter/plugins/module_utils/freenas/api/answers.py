# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the middleware (API v2.0 by REST or JSON-RPC) tells to the vocabulary. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

Row = Mapping[str, Any]
# A partition, and the disk that it is on: da1p2, nvme0n1p2; sdb1.
_PARTITION = re.compile(r"(.*\d)p\d+|((?:sd|vd|xvd|hd)[a-z]+)\d+")


def parsed(version: Version, kind: type, answer: Any) -> tuple[Any, ...]:
    """The objects of a kind.

    :param answer: what the method that reads the kind returned: rows, or a single object, or a map of choices.
    """
    if kind is objects.Address:
        return tuple(objects.Address(ip) for ip in sorted(answer))
    rows = [answer] if isinstance(answer, Mapping) else answer
    wanted = {objects.Zvol: "VOLUME", objects.Filesystem: "FILESYSTEM"}.get(kind)
    return tuple(_READERS[kind](version, row) for row in rows if wanted is None or row["type"] == wanted)


def discovery(version: Version, rows: Iterable[Row]) -> objects.Discovery:
    """Discovery's authentication, from the portals or CHAP users that keep it."""
    if version.has("discovery_credential"):
        return _discovery_of_users(rows)
    said = {(row.get("discovery_authmethod") or objects.NONE, row.get("discovery_authgroup")) for row in rows}
    said = {(method, None if method == objects.NONE else tag) for method, tag in said} or {(objects.NONE, None)}
    return objects.Discovery(*said.pop()) if len(said) == 1 else objects.Discovery(objects.MIXED)


def _discovery_of_users(rows: Iterable[Row]) -> objects.Discovery:
    """The method is said of users, and holds for all portals. Only one user may be there for mutual CHAP."""
    rows = list(rows)
    said = [(row["tag"], row["discovery_auth"]) for row in rows if row.get("discovery_auth", objects.NONE) != objects.NONE]
    if not said:
        return objects.Discovery()
    tags, methods = {tag for tag, _method in said}, {method for _tag, method in said}
    whole = methods == {objects.MUTUAL} or len(said) == sum(row["tag"] in tags for row in rows)
    if len(tags) > 1 or len(methods) > 1 or not whole:
        return objects.Discovery(objects.MIXED)
    return objects.Discovery(methods.pop(), tags.pop())


def _global(version: Version, row: Row) -> objects.GlobalConfig:
    return objects.GlobalConfig(
        row["basename"],
        row.get("listen_port") if version.has("service_port") else None,
        tuple(row.get("isns_servers") or ()),
        row.get("pool_avail_threshold"),
    )


def _portal(_version: Version, row: Row) -> objects.Portal:
    listen = tuple(objects.Listen(one["ip"], int(one.get("port") or 3260)) for one in row["listen"])
    return objects.Portal(row["id"], row.get("comment") or "", listen)


def _initiator(version: Version, row: Row) -> objects.Initiator:
    networks = tuple(row.get("auth_network") or ()) if version.has("initiator_networks") else None
    return objects.Initiator(row["id"], row.get("comment") or "", tuple(row.get("initiators") or ()), networks)


def _credential(_version: Version, row: Row) -> objects.Credential:
    words = (row.get(name) or "" for name in ("user", "secret", "peeruser", "peersecret"))
    return objects.Credential(row["id"], row["tag"], *words)


def _target(version: Version, row: Row) -> objects.Target:
    groups = tuple(
        objects.Group(group["portal"], group.get("initiator"), group.get("authmethod") or objects.NONE, group.get("auth"))
        for group in row.get("groups") or ()
    )
    networks = tuple(row.get("auth_networks") or ()) if version.has("target_networks") else None
    return objects.Target(row["id"], row["name"], row.get("alias") or "", groups, networks)


def _extent(version: Version, row: Row) -> objects.Extent:
    kind, source = _source(row)
    return objects.Extent(
        row["id"],
        row["name"],
        kind,
        source,
        int(row.get("filesize") or 0) if kind == "file" else 0,
        row["blocksize"],
        row.get("serial") or "",
        row.get("rpm") or "SSD",
        bool(row.get("insecure_tpc")),
        bool(row.get("pblocksize")),
        row.get("comment") or "",
        row.get("avail_threshold"),
        bool(row.get("xen")),
        bool(row.get("ro")) if version.has("read_only") else None,
        bool(row.get("enabled", True)) if version.has("extent_enabled") else None,
        (row.get("product_id") or "") if version.has("product_id") else None,
        row.get("naa") or "",
    )


def _source(row: Row) -> tuple[str, str]:
    if row["type"] == "FILE":
        return "file", row.get("path") or ""
    return source_of(row.get("disk") or row.get("path") or "")


def source_of(device: str) -> tuple[str, str]:
    """What a device is, and its name; some versions write a plus for a space of a zvol's."""
    device = device.removeprefix("/dev/")
    if device.startswith("zvol/"):
        return "zvol", device.removeprefix("zvol/").replace("+", " ")
    return "disk", device


def _link(_version: Version, row: Row) -> objects.TargetExtent:
    return objects.TargetExtent(row["id"], row["target"], row["extent"], row["lunid"])


def _session(_version: Version, row: Row) -> objects.Session:
    return objects.Session(row.get("initiator") or "", row.get("initiator_addr") or "", row.get("target") or "")


def _service(_version: Version, row: Row) -> objects.Service:
    return objects.Service(row["id"], row["service"], bool(row["enable"]), row["state"] == "RUNNING")


def _disk(_version: Version, row: Row) -> objects.Disk:
    size = row.get("size")
    return objects.Disk(row["name"], int(size) if size is not None else None, row.get("serial") or "", row.get("exported_zpool"))


def _pool(_version: Version, row: Row) -> objects.Pool:
    data = (row.get("topology") or {}).get("data") or []
    return objects.Pool(row["id"], row["name"], tuple(map(_vdev, data)))


def _vdev(row: Row) -> objects.Vdev:
    disks = filter(None, map(_disk_of, row.get("children") or [row]))
    kind = row.get("type", "DISK").lower()
    return objects.Vdev("stripe" if kind == "disk" else kind, tuple(disks))


def _disk_of(device: Row) -> str | None:
    """The disk of a pool's member: the API tells it, or at least the partition, ``da1p2`` or ``sdb1``."""
    if device.get("disk"):
        return device["disk"]
    name = device.get("device") or ""
    partition = _PARTITION.fullmatch(name)
    return (partition[1] or partition[2]) if partition else name or None


def _filesystem(_version: Version, row: Row) -> objects.Filesystem:
    return objects.Filesystem(row["name"], _number(row.get("available")))


def _zvol(_version: Version, row: Row) -> objects.Zvol:
    reserved = _number(row.get("refreservation")) if "refreservation" in row else None
    sparse = None if "refreservation" not in row else not reserved
    return objects.Zvol(row["name"], _number(row["volsize"]) or 0, _number(row.get("volblocksize")), sparse,
                        _number(row.get("used")))


def _number(value: Any) -> int | None:
    """ZFS properties come as ``{"parsed": 1024, "rawvalue": "1024", "value": "1K"}``."""
    if isinstance(value, Mapping):
        value = value.get("rawvalue") or value.get("parsed")
    return int(value) if value is not None and str(value).isdigit() else None


_READERS = {
    objects.GlobalConfig: _global,
    objects.Portal: _portal,
    objects.Initiator: _initiator,
    objects.Credential: _credential,
    objects.Target: _target,
    objects.Extent: _extent,
    objects.TargetExtent: _link,
    objects.Session: _session,
    objects.Service: _service,
    objects.Disk: _disk,
    objects.Pool: _pool,
    objects.Filesystem: _filesystem,
    objects.Zvol: _zvol,
}
