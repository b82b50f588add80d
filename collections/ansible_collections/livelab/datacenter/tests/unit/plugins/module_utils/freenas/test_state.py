# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a NAS from its API's answers, and sizes."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import (
    from_api,
    layout_of,
)

ANSWERS = {
    "iscsi/global": {"basename": "iqn.2005-10.org.freenas.ctl"},
    "iscsi/portal": [{"id": 1, "comment": "storage", "listen": [{"ip": "10.0.2.2", "port": 3260}, {"ip": "10.0.2.1"}]},
                     {"id": 2, "comment": "", "listen": [{"ip": "10.0.2.3", "port": 3261}]}],
    "iscsi/initiator": [{"id": 4, "comment": "all", "initiators": ["b", "a"]}],
    "iscsi/auth": [{"id": 5, "tag": 1, "user": "esxi", "secret": "s", "peeruser": None, "peersecret": None}],
    "iscsi/target": [{"id": 6, "name": "vmware", "alias": None, "groups": [
        {"portal": 1, "initiator": 4, "authmethod": "CHAP", "auth": 1}, {"portal": 2}]},
        {"id": 7, "name": "bare", "groups": []}],
    "iscsi/extent": [
        {"id": 8, "name": "disk", "type": "DISK", "disk": "zvol/tank/a", "path": "zvol/tank/a", "blocksize": 512,
         "serial": "s1", "rpm": "SSD", "insecure_tpc": True, "pblocksize": False, "filesize": "0"},
        {"id": 9, "name": "file", "type": "FILE", "path": "/mnt/tank/f", "filesize": "1024", "blocksize": 4096},
    ],
    "iscsi/targetextent": [{"id": 10, "target": 6, "extent": 8, "lunid": 3}],
    "service": [{"id": 1, "service": "iscsitarget", "enable": True, "state": "STOPPED"}],
    "pool": [{"name": "tank", "topology": {"data": [{"type": "MIRROR", "children": [{"disk": "da2"}, {
        "device": "da1p2"}]}]}}],
    "pool/dataset": [{"id": "tank", "type": "FILESYSTEM"},
                     {"id": "tank/a", "type": "VOLUME", "volsize": {"parsed": 1024}, "volblocksize": {"value": "16K"}}],
}


def test_names_for_numbers():
    nas = from_api("nas", ANSWERS)
    objects = nas.objects
    assert objects["portals"]["storage"]["listen"] == ["10.0.2.1:3260", "10.0.2.2:3260"]
    assert list(objects["portals"]) == ["storage", "#2"]
    assert objects["initiators"]["all"]["initiators"] == ["a", "b"]
    assert objects["auths"][1, "esxi"]["peeruser"] == ""
    assert objects["targets"]["vmware"] == {
        "id": 6, "name": "vmware", "alias": "", "portal": "storage", "initiator": "all", "authmethod": "CHAP",
        "auth": 1, "more": [{"portal": 2}],
    }
    assert objects["targets"]["bare"]["portal"] is None
    assert objects["extents"]["file"]["filesize"] == 1024
    assert objects["extents"]["disk"]["disk"] == "zvol/tank/a"
    assert objects["associations"]["vmware", "disk"]["lun"] == 3


def test_storage_and_service():
    nas = from_api("nas", ANSWERS)
    assert nas.pools == {"tank": {"layout": "mirror", "disks": ["da1", "da2"]}}
    assert nas.zvols == {"tank/a": {"size": 1024, "volblocksize": "16K"}}
    assert nas.service == {"enabled": True, "running": False}
    assert nas.addresses is None
    assert from_api("nas", {**ANSWERS, "iscsi/portal/listen_ip_choices": {"b": "b", "a": "a"}}).addresses == ["a", "b"]


@pytest.mark.parametrize(("kinds", "layout"), [
    (["DISK", "DISK"], "stripe"), (["STRIPE"], "stripe"), (["MIRROR"], "mirror"), (["MIRROR", "MIRROR"], "raid10"),
    (["RAIDZ2"], "raidz2"), (["MIRROR", "RAIDZ1"], "mixed"),
])
def test_layouts(kinds, layout):
    assert layout_of(kinds) == layout
