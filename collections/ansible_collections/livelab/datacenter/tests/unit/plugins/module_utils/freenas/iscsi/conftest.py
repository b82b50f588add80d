# SPDX-License-Identifier: GPL-3.0-or-later
"""NASes as states, and options as Ansible fills them in, for tests."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    Credential,
    Discovery,
    Disk,
    Extent,
    GlobalConfig,
    Group,
    Initiator,
    Listen,
    Pool,
    Portal,
    Service,
    Target,
    TargetExtent,
    Zvol,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import KINDS, Nas
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import Volumes

BASE = "iqn.2005-10.org.freenas.ctl"
IP = "192.0.2.9"
G = 1 << 30


def nas(version="13.0", *things, port=3260, discovery=None, enabled=False, running=False, **said):
    """A NAS with these objects."""
    known = Version.parse(version)
    by_kind = {kind: {} for kind in KINDS.values()}
    for thing in things:
        by_kind[type(thing)][thing.id] = thing
    volumes = Volumes(
        "nas",
        {"tank": Pool(1, "tank")},
        {"da5": Disk("da5")},
        {"tank": 100 * G},
        {f"tank/{one}": Zvol(f"tank/{one}", G) for one in "abc"},
    )
    config = GlobalConfig(BASE, port if known.has("service_port") else None)
    whole = {
        "config": config,
        "discovery": discovery or Discovery(),
        "service": Service(4, "iscsitarget", enabled, running),
        "addresses": None,
        "volumes": volumes,
        **said,
    }
    return Nas("nas", known, things=by_kind, **whole)


def portal(id=1, comment="storage", *listen):
    return Portal(id, comment, listen or (Listen(IP),))


def initiator(id=1, comment="all", *names, networks=()):
    return Initiator(id, comment, names, networks)


def user(id=1, tag=7, name="esxi", secret="s3cret-s3cret", peer="", peer_secret=""):
    return Credential(id, tag, name, secret, peer, peer_secret)


def target(id=1, name="vmware", *groups, alias="", networks=None):
    return Target(id, name, alias, groups or (Group(1, 1),), networks)


def extent(id=1, name="a", source="tank/a", serial="s1", kind="zvol", **said):
    return replace(Extent(id, name, kind, source, serial=serial, read_only=False, enabled=True), **said)


def link(id=1, lun=0, target=1, extent=1):
    return TargetExtent(id, target, extent, lun)


def whole():
    """One of each, by which an initiator reaches zvol tank/a as LUN 0."""
    return portal(), initiator(), target(), extent(), link()


def options(**said):
    """The module's options, filled in."""
    keys = {
        "portals": {"listen": None, "state": "present"},
        "initiators": {"initiators": None, "auth_network": None, "state": "present"},
        "auths": {"secret": "s3cret-s3cret", "peeruser": None, "peersecret": None, "state": "present"},
        "targets": dict.fromkeys(("alias", "portal", "initiator", "authmethod", "auth", "groups", "auth_networks"))
        | {"state": "present"},
        "extents": dict.fromkeys(
            (
                "type",
                "disk",
                "path",
                "filesize",
                "blocksize",
                "serial",
                "rpm",
                "insecure_tpc",
                "pblocksize",
                "comment",
                "avail_threshold",
                "ro",
                "enabled",
                "product_id",
            )
        )
        | {"state": "present"},
        "associations": {"lun": None, "state": "present"},
    }
    whole = dict.fromkeys(
        ("pool", "zvols", "basename", "iscsi_port", "isns_servers", "pool_avail_threshold", "discovery", "service", *keys)
    )
    filled = {
        name: [{**keys[name], **item} for item in value] if name in keys and value is not None else value
        for name, value in said.items()
    }
    return {**whole, "purge": False, "force": False, **filled}


def listen(*addresses, port=None):
    return [{"ip": ip, "port": port} for ip in addresses]
