# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the middleware tells, in the forms that versions tell it in, to the vocabulary."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import answers, objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

OLD, NEW = Version.parse("13.0"), Version.parse("25.10.5")


def one(kind, row, version=OLD):
    (found,) = answers.parsed(version, kind, [row])
    return found


def test_the_port_is_told_where_the_version_has_one():
    row = {"basename": "iqn.x", "listen_port": 3261, "isns_servers": ["a"], "pool_avail_threshold": 80}
    assert answers.parsed(NEW, objects.GlobalConfig, row) == (objects.GlobalConfig("iqn.x", 3261, ("a",), 80),)
    assert answers.parsed(OLD, objects.GlobalConfig, {"basename": "iqn.x"}) == (objects.GlobalConfig("iqn.x"),)


def test_portals():
    row = {"id": 1, "comment": None, "listen": [{"ip": "0.0.0.0"}, {"ip": "::1", "port": 3261}]}
    assert one(objects.Portal, row) == objects.Portal(1, "", (objects.Listen("0.0.0.0", 3260), objects.Listen("::1", 3261)))


def test_networks_are_where_the_version_has_them():
    group = {"id": 1, "comment": "c", "initiators": ["iqn.a"], "auth_network": ["192.0.2.0/24"]}
    assert one(objects.Initiator, group) == objects.Initiator(1, "c", ("iqn.a",), ("192.0.2.0/24",))
    assert one(objects.Initiator, {"id": 1, "initiators": None}, NEW) == objects.Initiator(1, "")
    target = {"id": 1, "name": "t", "alias": None, "groups": [{"portal": 1}], "auth_networks": ["192.0.2.0/24"]}
    assert one(objects.Target, target, NEW) == objects.Target(1, "t", "", (objects.Group(1),), ("192.0.2.0/24",))
    assert one(objects.Target, target).networks is None


def test_groups_of_a_target():
    group = {"portal": 1, "initiator": 2, "authmethod": "CHAP", "auth": 7}
    assert one(objects.Target, {"id": 1, "name": "t", "alias": "a", "groups": [group]}) == objects.Target(
        1, "t", "a", (objects.Group(1, 2, "CHAP", 7),)
    )


def test_users_show_no_secret():
    row = {"id": 1, "tag": 7, "user": "u", "secret": "s3cret", "peeruser": None, "peersecret": "p33r"}
    user = one(objects.Credential, row)
    assert user == objects.Credential(1, 7, "u", "s3cret", "", "p33r")
    assert "s3cret" not in repr(user)
    assert "p33r" not in repr(user)


EXTENT = {"id": 1, "name": "e", "blocksize": 512}


@pytest.mark.parametrize(
    ("row", "kind", "source"),
    [
        ({"type": "DISK", "disk": "zvol/tank/my+vol"}, "zvol", "tank/my vol"),
        ({"type": "DISK", "disk": None, "path": "/dev/zvol/tank/vol"}, "zvol", "tank/vol"),
        ({"type": "DISK", "disk": "da9"}, "disk", "da9"),
        ({"type": "DISK"}, "disk", ""),
        ({"type": "FILE", "path": "/mnt/tank/a+b"}, "file", "/mnt/tank/a+b"),
        ({"type": "FILE"}, "file", ""),
    ],
)
def test_what_an_extent_is_made_of(row, kind, source):
    extent = one(objects.Extent, {**EXTENT, **row})
    assert (extent.kind, extent.source, extent.filesize) == (kind, source, 0)


def test_extents():
    said = {
        "type": "FILE",
        "path": "/mnt/x",
        "filesize": "4096",
        "serial": "s",
        "rpm": "5400",
        "insecure_tpc": False,
        "pblocksize": True,
        "comment": "c",
        "avail_threshold": 9,
        "xen": True,
        "ro": True,
        "enabled": False,
        "product_id": None,
        "naa": "0x6",
    }
    want = objects.Extent(1, "e", "file", "/mnt/x", 4096, 512, "s", "5400", False, True, "c", 9, True, True, False, "", "0x6")
    assert one(objects.Extent, {**EXTENT, **said}, NEW) == want
    assert one(objects.Extent, {**EXTENT, **said}).product_id is None
    bare = one(objects.Extent, {**EXTENT, "type": "FILE"}, Version.parse("9.3.0"))
    assert (bare.read_only, bare.enabled, bare.rpm, bare.tpc, bare.serial) == (None, None, "SSD", False, "")
    assert one(objects.Extent, {**EXTENT, "type": "FILE"}).enabled is True


def size(number):
    return {"parsed": number, "rawvalue": str(number), "value": "?"}


def test_volumes_and_file_systems_come_in_one_answer():
    rows = [
        {"name": "tank", "type": "FILESYSTEM", "available": size(1000)},
        {
            "name": "tank/my vol",
            "type": "VOLUME",
            "volsize": size(4096),
            "volblocksize": size(512),
            "refreservation": size(0),
            "used": size(10),
        },
        {"name": "tank/full", "type": "VOLUME", "volsize": {"parsed": 4096}, "refreservation": size(4096)},
        {"name": "tank/bare", "type": "VOLUME", "volsize": 4096, "refreservation": None},
        {"name": "tank/old", "type": "VOLUME", "volsize": 4096},
    ]
    assert answers.parsed(OLD, objects.Filesystem, rows) == (objects.Filesystem("tank", 1000),)
    assert answers.parsed(OLD, objects.Zvol, rows) == (
        objects.Zvol("tank/my vol", 4096, 512, True, 10),
        objects.Zvol("tank/full", 4096, None, False),
        objects.Zvol("tank/bare", 4096, None, True),
        objects.Zvol("tank/old", 4096),
    )


@pytest.mark.parametrize(
    ("device", "disk"),
    [
        ({"disk": "da1", "device": "da1p2"}, "da1"),
        ({"device": "da1p2"}, "da1"),
        ({"device": "nvme0n1p1"}, "nvme0n1"),
        ({"device": "sdb1"}, "sdb"),
        ({"device": "sdb"}, "sdb"),
        ({"device": "ada0"}, "ada0"),
    ],
)
def test_the_disk_of_a_pools_member(device, disk):
    pool = {
        "id": 1,
        "name": "tank",
        "topology": {"data": [{"type": "DISK", **device}, {"type": "MIRROR", "children": [device, {}]}]},
    }
    assert one(objects.Pool, pool).vdevs == (objects.Vdev("stripe", (disk,)), objects.Vdev("mirror", (disk,)))


def test_a_pool_that_tells_no_topology():
    assert one(objects.Pool, {"id": 1, "name": "tank", "topology": None}) == objects.Pool(1, "tank", ())


def test_the_small_ones():
    assert answers.parsed(OLD, objects.Address, {"::": "::", "0.0.0.0": "0.0.0.0"}) == (
        objects.Address("0.0.0.0"),
        objects.Address("::"),
    )
    assert one(objects.Disk, {"name": "da1", "size": "10", "serial": None, "exported_zpool": "old"}) == objects.Disk(
        "da1", 10, "", "old"
    )
    assert one(objects.Disk, {"name": "da1"}) == objects.Disk("da1")
    assert one(objects.TargetExtent, {"id": 1, "target": 2, "extent": 3, "lunid": 4}) == objects.TargetExtent(1, 2, 3, 4)
    assert one(objects.Session, {"initiator": "iqn.a", "initiator_addr": "192.0.2.1", "target": "iqn.b"}) == objects.Session(
        "iqn.a", "192.0.2.1", "iqn.b"
    )
    assert one(objects.Service, {"id": 4, "service": "iscsitarget", "enable": True, "state": "UNKNOWN"}) == objects.Service(
        4, "iscsitarget", True, False
    )


def portals(*said):
    return [{"discovery_authmethod": method, "discovery_authgroup": tag} for method, tag in said]


@pytest.mark.parametrize(
    ("rows", "want"),
    [
        ([], objects.Discovery()),
        (portals((None, None)), objects.Discovery()),
        (portals(("NONE", 3), ("NONE", None)), objects.Discovery()),
        (portals(("CHAP", 7), ("CHAP", 7)), objects.Discovery("CHAP", 7)),
        (portals(("CHAP", 7), ("CHAP", 8)), objects.Discovery(objects.MIXED)),
        (portals(("CHAP", 7), ("NONE", None)), objects.Discovery(objects.MIXED)),
    ],
)
def test_discovery_of_portals(rows, want):
    assert answers.discovery(OLD, rows) == want


def users(*said):
    return [{"tag": tag, "discovery_auth": method} for tag, method in said]


@pytest.mark.parametrize(
    ("rows", "want"),
    [
        ([], objects.Discovery()),
        ([{"tag": 7}], objects.Discovery()),
        (users((7, "NONE"), (8, "NONE")), objects.Discovery()),
        (users((7, "CHAP"), (7, "CHAP"), (8, "NONE")), objects.Discovery("CHAP", 7)),
        (users((7, "CHAP"), (7, "NONE")), objects.Discovery(objects.MIXED)),
        (users((7, "CHAP"), (8, "CHAP")), objects.Discovery(objects.MIXED)),
        (users((7, "CHAP_MUTUAL"), (7, "NONE")), objects.Discovery("CHAP_MUTUAL", 7)),
        (users((7, "CHAP_MUTUAL"), (7, "CHAP")), objects.Discovery(objects.MIXED)),
    ],
)
def test_discovery_of_users(rows, want):
    assert answers.discovery(NEW, rows) == want
