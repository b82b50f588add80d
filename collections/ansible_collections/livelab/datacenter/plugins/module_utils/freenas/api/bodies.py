# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the middleware (API v2.0 by REST or JSON-RPC) is sent for an object, as each version spells it. No I/O.

Every function returns ``{attribute: {field: value}}``: what is sent for each attribute of the object.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

Fields = dict[str, dict[str, Any]]


def body(version: Version, thing: Any, names: Collection[str] | None = None) -> dict[str, Any]:
    """The body of a request that creates or changes an object.

    :param names: the attributes that change; ``None``: all, for a new one.
    """
    return chosen(_FIELDS[type(thing)](version, thing), names)


def chosen(fields: Fields, names: Collection[str] | None) -> dict[str, Any]:
    """The fields of these attributes, or of all."""
    sent: dict[str, Any] = {}
    for name, said in fields.items():
        if names is None or name in names:
            sent.update(said)
    return sent


def discovery(version: Version, wanted: objects.Discovery) -> dict[str, Any]:
    """What a portal is sent of discovery's authentication; nothing where it is not kept in portals."""
    if not version.has("discovery_portal") or wanted.method == objects.MIXED:
        return {}
    return {"discovery_authmethod": wanted.method, "discovery_authgroup": wanted.tag}


def zvol_path(name: str) -> str:
    """A zvol as an extent's disk: with a plus for each space."""
    return f"zvol/{name.replace(' ', '+')}"


def block_size(size: int) -> str:
    """A zvol's block size as the API has it: ``512``, ``16K``."""
    return f"{size // 1024}K" if size % 1024 == 0 else str(size)


def _global(version: Version, one: objects.GlobalConfig) -> Fields:
    fields = {
        "basename": {"basename": one.basename},
        "isns_servers": {"isns_servers": list(one.isns_servers)},
        "pool_threshold": {"pool_avail_threshold": one.pool_threshold},
    }
    if version.has("service_port") and one.port is not None:
        fields["port"] = {"listen_port": one.port}
    return fields


def _portal(version: Version, one: objects.Portal) -> Fields:
    ports = version.has("address_port")
    listen = [{"ip": at.ip, "port": at.port} if ports else {"ip": at.ip} for at in one.listen]
    return {"comment": {"comment": one.comment}, "listen": {"listen": listen}}


def _initiator(version: Version, one: objects.Initiator) -> Fields:
    fields = {"comment": {"comment": one.comment}, "initiators": {"initiators": list(one.initiators)}}
    if version.has("initiator_networks") and one.networks is not None:
        fields["networks"] = {"auth_network": list(one.networks)}
    return fields


def _credential(_version: Version, one: objects.Credential) -> Fields:
    return {
        "tag": {"tag": one.tag},
        "user": {"user": one.user},
        "secret": {"secret": one.secret},
        "peer_user": {"peeruser": one.peer_user},
        "peer_secret": {"peersecret": one.peer_secret},
    }


def _target(version: Version, one: objects.Target) -> Fields:
    groups = [
        {"portal": group.portal, "initiator": group.initiator, "authmethod": group.method, "auth": group.tag}
        for group in one.groups
    ]
    # The API takes no empty alias, but null.
    fields = {"name": {"name": one.name}, "alias": {"alias": one.alias or None}, "groups": {"groups": groups}}
    if version.has("target_networks") and one.networks is not None:
        fields["networks"] = {"auth_networks": list(one.networks)}
    return fields


def _extent(version: Version, one: objects.Extent) -> Fields:
    fields: Fields = {
        "name": {"name": one.name},
        "blocksize": {"blocksize": one.blocksize},
        "rpm": {"rpm": one.rpm},
        "tpc": {"insecure_tpc": one.tpc},
        "hide_pblocksize": {"pblocksize": one.hide_pblocksize},
        "comment": {"comment": one.comment},
        "threshold": {"avail_threshold": one.threshold},
        "xen": {"xen": one.xen},
    }
    if one.kind == "file":
        source = {"type": "FILE", "path": one.source}
        fields["filesize"] = {"filesize": one.filesize}
    else:
        source = {"type": "DISK", "disk": zvol_path(one.source) if one.kind == "zvol" else one.source}
    fields["source"] = fields["kind"] = source
    if one.serial:
        fields["serial"] = {"serial": one.serial}
    for feature, name, field in (
        ("read_only", "read_only", "ro"),
        ("extent_enabled", "enabled", "enabled"),
    ):
        if version.has(feature) and getattr(one, name) is not None:
            fields[name] = {field: getattr(one, name)}
    if version.has("product_id") and one.product_id is not None:
        fields["product_id"] = {"product_id": one.product_id or None}
    return fields


def _link(_version: Version, one: objects.TargetExtent) -> Fields:
    return {"target": {"target": one.target}, "extent": {"extent": one.extent}, "lun": {"lunid": one.lun}}


def _pool(_version: Version, one: objects.Pool) -> Fields:
    data = [{"type": vdev.kind.upper(), "disks": list(vdev.disks)} for vdev in one.vdevs]
    return {"name": {"name": one.name}, "vdevs": {"topology": {"data": data}}}


def _zvol(_version: Version, one: objects.Zvol) -> Fields:
    fields: Fields = {"name": {"name": one.name, "type": "VOLUME"}, "size": {"volsize": one.size}}
    if one.oversize:
        fields["size"]["force_size"] = True
    if one.sparse is not None:
        fields["sparse"] = {"sparse": one.sparse}
    if one.blocksize is not None:
        fields["blocksize"] = {"volblocksize": block_size(one.blocksize)}
    return fields


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
