# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of REST API v1.0 and the vocabulary, in both directions. No I/O.

Sources: the API's own documentation of 9.3 (``docs/api/resources``) and the forms it is checked by (``gui/services/forms.py``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import answers, bodies, objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

Row = Mapping[str, Any]
Fields = dict[str, Any]

_METHODS = {objects.NONE: "None", objects.CHAP: "CHAP", objects.MUTUAL: "CHAP Mutual"}
_FROM_METHODS = {said: method for method, said in _METHODS.items()}
_EXTENT = "iscsi_target_extent_"
# What a list of initiators or networks says for "all".
_ALL = "ALL"
_PARTITION = re.compile(r"(.*\d)p\d+(?:\.eli)?")
_VDEV = re.compile(r"(mirror|raidz[123]?|stripe)(?:-\d+)?")


# -- from the NAS -----------------------------------------------------------------------------------------------------


def global_config(_version: Version, row: Row) -> objects.GlobalConfig:
    servers = tuple((row.get("iscsi_isns_servers") or "").split())
    return objects.GlobalConfig(row["iscsi_basename"], None, servers, row.get("iscsi_pool_avail_threshold"))


def portal(_version: Version, row: Row) -> objects.Portal:
    listen = []
    for where in row["iscsi_target_portal_ips"]:
        ip, _colon, port = where.rpartition(":")
        listen.append(objects.Listen(ip.strip("[]"), int(port)))
    return objects.Portal(row["id"], row.get("iscsi_target_portal_comment") or "", tuple(listen))


def _list(text: str | None) -> tuple[str, ...]:
    words = tuple((text or "").split())
    return () if [word.upper() for word in words] in ([], [_ALL]) else words


def initiator(_version: Version, row: Row) -> objects.Initiator:
    before = "iscsi_target_initiator_"
    return objects.Initiator(row["id"], row.get(f"{before}comment") or "", _list(row.get(f"{before}initiators")),
                             _list(row.get(f"{before}auth_network")))


def credential(_version: Version, row: Row) -> objects.Credential:
    words = (row.get(f"iscsi_target_auth_{name}") or "" for name in ("user", "secret", "peeruser", "peersecret"))
    return objects.Credential(row["id"], int(row["iscsi_target_auth_tag"]), *words)


def group(row: Row) -> objects.Group:
    """A target's group: a resource of its own, or, in the first schema of 9.3, part of the target."""
    return objects.Group(row.get("iscsi_target_portalgroup"), row.get("iscsi_target_initiatorgroup"),
                         method(row.get("iscsi_target_authtype")), _tag(row.get("iscsi_target_authgroup")))


def method(said: str | None) -> str:
    """How one proves who one is; Auto, which documents name and no form takes, is neither."""
    return _FROM_METHODS.get(said or "None", objects.NONE)


def _tag(number: Any) -> int | None:
    return None if number in (None, "", -1, "-1") else int(number)


def discovery(row: Row, before: str) -> objects.Discovery:
    """Discovery's authentication as a row keeps it, its fields beginning with ``before``."""
    how = method(row.get(f"{before}discoveryauthmethod"))
    return objects.Discovery(how, None if how == objects.NONE else _tag(row.get(f"{before}discoveryauthgroup")))


def target(version: Version, row: Row, groups: Collection[Row] = ()) -> objects.Target:
    """A target with its groups.

    :param groups: all rows of the resource of groups; of no interest where targets have none of it.
    """
    if version.has("target_group"):
        own = tuple(group(one) for one in groups if one["iscsi_target"] == row["id"])
    else:
        own = (group(row),) if row.get("iscsi_target_portalgroup") is not None else ()
    return objects.Target(row["id"], row["iscsi_target_name"], row.get("iscsi_target_alias") or "", own)


def extent(version: Version, row: Row) -> objects.Extent:
    def said(name: str) -> Any:
        return row.get(f"{_EXTENT}{name}")

    path = said("path") or ""
    kind, source = ("file", path) if said("type") == "File" else answers.source_of(path)
    return objects.Extent(
        row["id"], said("name"), kind, source,
        int(said("filesize") or 0) if kind == "file" else 0,
        int(said("blocksize") or 512), said("serial") or "", (said("rpm") or "SSD").upper(),
        bool(said("insecure_tpc")), bool(said("pblocksize")), said("comment") or "", said("avail_threshold"), bool(said("xen")),
        bool(said("ro")) if version.has("read_only") else None,
        bool(said("enabled")) if version.has("extent_enabled") else None,
        naa=said("naa") or "",
    )


def link(_version: Version, row: Row) -> objects.TargetExtent:
    return objects.TargetExtent(row["id"], row["iscsi_target"], row["iscsi_extent"], row["iscsi_lunid"])


def service(_version: Version, row: Row) -> objects.Service:
    """A service that is enabled runs: the API has one word for both."""
    return objects.Service(row["id"], row["srv_service"], bool(row["srv_enable"]), bool(row["srv_enable"]))


def addresses(rows: Collection[Row]) -> tuple[objects.Address, ...]:
    """Where a portal can listen: on what the interfaces have, and on every address."""
    lists = ("ipv4_addresses", "ipv6_addresses", "int_aliases")
    own = {row.get("int_ipv4address") or "" for row in rows}
    own |= {str(one).split("/", maxsplit=1)[0] for row in rows for name in lists for one in row.get(name) or ()}
    return tuple(objects.Address(ip) for ip in sorted({"0.0.0.0", *own} - {""}))


def vdevs(rows: Collection[Row]) -> tuple[objects.Vdev, ...]:
    """A pool's parts, from its status: a tree whose leaves are partitions."""
    found = []
    for row in rows:
        kind = _VDEV.fullmatch(str(row.get("name")))
        if kind:
            found.append(objects.Vdev("raidz1" if kind[1] == "raidz" else kind[1], tuple(_leaves(row))))
        else:
            found += vdevs(row.get("children") or ())
    return tuple(found)


def _leaves(row: Row) -> Iterator[str]:
    children = row.get("children") or ()
    for child in children:
        yield from _leaves(child)
    if not children:
        partition = _PARTITION.fullmatch(row["name"])
        yield partition[1] if partition else row["name"]


# -- to the NAS -------------------------------------------------------------------------------------------------------


def body(version: Version, thing: Any, names: Collection[str] | None = None) -> Fields:
    """The fields of an object, by attribute if ``names`` are given. Its groups, id and what refers to them are not among them."""
    return bodies.chosen(_FIELDS[type(thing)](version, thing), names)


def _text(words: Collection[str]) -> str:
    return "\n".join(words) or _ALL


def _global(_version: Version, one: objects.GlobalConfig) -> dict[str, Fields]:
    return {
        "basename": {"iscsi_basename": one.basename},
        "isns_servers": {"iscsi_isns_servers": "\n".join(one.isns_servers)},
        # What is null is passed over; an empty text empties the field.
        "pool_threshold": {"iscsi_pool_avail_threshold": _or_empty(one.pool_threshold)},
    }


def _or_empty(number: int | None) -> int | str:
    return "" if number is None else number


def where(listen: Collection[objects.Listen]) -> list[str]:
    """Addresses as the API writes them."""
    return [f"{f'[{one.ip}]' if ':' in one.ip else one.ip}:{one.port}" for one in listen]


def _portal(_version: Version, one: objects.Portal) -> dict[str, Fields]:
    return {"comment": {"iscsi_target_portal_comment": one.comment}, "listen": {"iscsi_target_portal_ips": where(one.listen)}}


def _initiator(_version: Version, one: objects.Initiator) -> dict[str, Fields]:
    before = "iscsi_target_initiator_"
    return {
        "comment": {f"{before}comment": one.comment},
        "initiators": {f"{before}initiators": _text(one.initiators)},
        "networks": {f"{before}auth_network": _text(one.networks or ())},
    }


def _credential(_version: Version, one: objects.Credential) -> dict[str, Fields]:
    said = {"tag": one.tag, "user": one.user, "secret": one.secret, "peer_user": one.peer_user, "peer_secret": one.peer_secret}
    return {name: {f"iscsi_target_auth_{name.replace('_', '')}": value} for name, value in said.items()}


def groups(one: objects.Target) -> list[Fields]:
    """A target's groups, as resources of their own or as parts of the target."""
    return [
        {
            "iscsi_target_portalgroup": each.portal,
            "iscsi_target_initiatorgroup": each.initiator,
            "iscsi_target_authtype": _METHODS[each.method],
            "iscsi_target_authgroup": -1 if each.tag is None else each.tag,
        }
        for each in one.groups
    ]


def _target(version: Version, one: objects.Target) -> dict[str, Fields]:
    fields = {"name": {"iscsi_target_name": one.name}, "alias": {"iscsi_target_alias": one.alias}}
    if not version.has("target_group") and one.groups:
        fields["groups"] = groups(one)[0]
    return fields


def _extent(version: Version, one: objects.Extent) -> dict[str, Fields]:
    if one.kind == "file":
        source = {"type": "File", "path": one.source}
    else:
        device = bodies.zvol_path(one.source) if one.kind == "zvol" else one.source
        source = {"type": "Disk", "disk": device}
    fields: dict[str, Fields] = {
        "name": {"name": one.name},
        "kind": source,
        "source": source,
        "tpc": {"insecure_tpc": one.tpc},
        "comment": {"comment": one.comment},
    }
    if one.kind == "file":
        fields["filesize"] = {"filesize": str(one.filesize)}
    if version.has("extent_details"):
        fields |= {
            "blocksize": {"blocksize": one.blocksize},
            "rpm": {"rpm": "Unknown" if one.rpm == "UNKNOWN" else one.rpm},
            "hide_pblocksize": {"pblocksize": one.hide_pblocksize},
            "threshold": {"avail_threshold": _or_empty(one.threshold)},
            "xen": {"xen": one.xen},
        }
        if one.serial:
            fields["serial"] = {"serial": one.serial}
    if version.has("read_only") and one.read_only is not None:
        fields["read_only"] = {"ro": one.read_only}
    if version.has("extent_enabled") and one.enabled is not None:
        fields["enabled"] = {"enabled": one.enabled}
    return {name: {f"{_EXTENT}{field}": value for field, value in said.items()} for name, said in fields.items()}


def _link(_version: Version, one: objects.TargetExtent) -> dict[str, Fields]:
    return {"target": {"iscsi_target": one.target}, "extent": {"iscsi_extent": one.extent}, "lun": {"iscsi_lunid": one.lun}}


def _pool(_version: Version, one: objects.Pool) -> dict[str, Fields]:
    layout = [{"vdevtype": "raidz" if vdev.kind == "raidz1" else vdev.kind, "disks": list(vdev.disks)} for vdev in one.vdevs]
    return {"name": {"volume_name": one.name}, "vdevs": {"layout": layout}}


def _zvol(_version: Version, one: objects.Zvol) -> dict[str, Fields]:
    fields: dict[str, Fields] = {"name": {"name": one.name.partition("/")[2]}, "size": {"volsize": str(one.size)}}
    if one.sparse is not None:
        fields["sparse"] = {"sparse": one.sparse}
    return fields


def discovery_fields(wanted: objects.Discovery, before: str) -> Fields:
    """Discovery's authentication as a row keeps it."""
    tag = -1 if wanted.tag is None else wanted.tag
    return {f"{before}discoveryauthmethod": _METHODS[wanted.method], f"{before}discoveryauthgroup": tag}


_FIELDS = {
    objects.GlobalConfig: _global,
    objects.Portal: _portal,
    objects.Initiator: _initiator,
    objects.Credential: _credential,
    objects.Target: _target,
    objects.Extent: _extent,
    objects.TargetExtent: _link,
    objects.Pool: _pool,
    objects.Zvol: _zvol,
}
