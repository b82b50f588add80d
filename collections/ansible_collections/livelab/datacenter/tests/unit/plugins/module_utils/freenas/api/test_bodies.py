# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent: by version, and always such that the middleware's own schemas take it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import bodies, objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.middleware import Middleware
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

TOP = Path(__file__).parents[10]
PUBLISHED = {"25.04": "jsonrpc-25.04.2.json", "25.10": "jsonrpc-25.10.5.json", "26.0": "jsonrpc-26.0.0.json"}
OPTIONAL = ("iscsi_update", "remove", "force", "delete_extents", "options")

# One of each kind, with everything said that can be said.
ONE = [
    objects.GlobalConfig("iqn.2005-10.org.freenas.ctl", 3261, ("192.0.2.1:3205",), 80),
    objects.Portal(1, "storage", (objects.Listen("192.0.2.9", 3261), objects.Listen("2001:db8::9", 3261))),
    objects.Initiator(1, "all", ("iqn.1998-01.com.vmware:esxi1",), ("192.0.2.0/24",)),
    objects.Credential(1, 7, "esxi", "s3cret-s3cret", "nas", "p33r-p33r-p33r"),
    objects.Target(1, "vmware", "the LUNs", (objects.Group(1, 1, objects.CHAP, 7), objects.Group(2)), ("192.0.2.0/24",)),
    objects.Target(1, "bare"),
    objects.Extent(
        1,
        "zvol",
        "zvol",
        "tank/my vol",
        blocksize=4096,
        serial="10000001",
        threshold=90,
        read_only=True,
        enabled=True,
        product_id="iSCSI Disk",
    ),
    objects.Extent(1, "file", "file", "/mnt/tank/lun", 1 << 30, product_id=""),
    objects.TargetExtent(1, 1, 1, 5),
    objects.Pool(1, "tank", (objects.Vdev("mirror", ("sdb", "sdc")), objects.Vdev("raidz1", ("sdd", "sde", "sdf")))),
    objects.Pool(1, "tank", (objects.Vdev("stripe", ("sdb",)),)),
    objects.Zvol("tank/my vol", 1 << 30, 16384, True, None, True),
    objects.Zvol("tank/my vol", 1 << 30, 512, False),
    objects.Zvol("tank/my vol", 1 << 30),
    objects.Discovery(objects.CHAP, 7),
    objects.Discovery(objects.MUTUAL, 7),
    objects.Discovery(),
]
ROWS = [
    {"id": 1, "tag": 7, "user": "a", "peeruser": "", "discovery_auth": "NONE"},
    {"id": 2, "tag": 7, "user": "b", "peeruser": "nas", "discovery_auth": "NONE"},
    {"id": 3, "tag": 8, "user": "c", "peeruser": "nas", "discovery_auth": "CHAP_MUTUAL"},
]


class Recorder(Middleware):
    """Notes every call. What is made gets the id 9; jobs have ended."""

    hostname = "nas"

    def __init__(self, version):
        self.version, self.made = Version.parse(version), []

    def call(self, method, *args):
        if method.endswith(".query"):
            return ROWS if method == "iscsi.auth.query" else [{"id": 4}]
        if method == "core.get_jobs":
            return [{"state": "SUCCESS", "result": {"id": 9}}]
        self.made.append((method, args))
        return 5 if method == "pool.create" else {"id": 9}

    def run(self, service, running):
        self.call("service.control", "START" if running else "STOP", service.name)


def every_call(version):
    """All that the middleware is asked on a version: each kind created, changed as a whole and in each attribute, removed."""
    session = Recorder(version)
    for one in ONE:
        names = [field.name for field in fields(one) if field.name != "id"]
        if not isinstance(one, (objects.GlobalConfig, objects.Discovery)):
            session.create(replace(one, id=None) if hasattr(one, "id") else one)
        if isinstance(one, (objects.Pool, objects.Zvol)):
            names = ["size"] * isinstance(one, objects.Zvol)
        else:
            session.update(one, names)
        for name in names:
            session.update(one, [name])
    for one in ONE:
        if hasattr(one, "id") and not isinstance(one, objects.Pool):
            session.delete(one)
            session.delete(one, force=True)
    session.enable(objects.Service(4, objects.ISCSI_SERVICE, False, False), True)
    if version != "25.04":
        session.run(objects.Service(4, objects.ISCSI_SERVICE, False, False), True)
    return session.made


def published(version):
    for folder in (TOP / "../shared/truenas", TOP / "../../shared/truenas"):
        if (folder / PUBLISHED[version]).is_file():
            return json.loads((folder / PUBLISHED[version]).read_text(encoding="utf-8"))
    pytest.skip("not run: no ../shared/truenas")
    return None


def refusals(schemas, method, args):
    """What the published schema says against a call's arguments, given by position."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = schemas[method]
    # The file's properties are sorted by name; the middleware's order is that of "required", and then this.
    order = [*schema.get("required", ()), *(name for name in OPTIONAL if name in schema["properties"])]
    assert len(args) <= len(order), f"{method} takes fewer than {args}"
    named = dict(zip(order, args, strict=False))
    # JSON Schema takes True for 1, and 1.0; pydantic's strict models do not.
    strict = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
    )
    validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=strict)
    return [error.message for error in validator(schema).iter_errors(named)]


@pytest.mark.parametrize("version", PUBLISHED)
def test_the_published_schemas_take_every_body(version):
    schemas = published(version)
    seen = set()
    for method, args in every_call(version):
        if method not in schemas and version == "25.04":
            continue  # of 25.04 only iSCSI's are published
        assert refusals(schemas, method, args) == [], (method, args)
        seen.add(method)
    assert {"iscsi.portal.create", "iscsi.extent.update", "iscsi.targetextent.delete", "iscsi.global.update"} <= seen
    if version != "25.04":
        assert {"pool.create", "pool.dataset.create", "pool.dataset.update", "service.update", "service.control"} <= seen


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("iscsi.portal.create", ({"listen": [{"ip": "192.0.2.1", "port": 3260}]},)),
        ("iscsi.initiator.create", ({"auth_network": []},)),
        ("iscsi.targetextent.create", ({"target": 1, "extent": 1, "lunid": "0"},)),
        ("iscsi.targetextent.create", ({"target": 1, "extent": True, "lunid": 0},)),
    ],
)
def test_the_published_schemas_refuse_what_they_should(method, args):
    assert refusals(published("25.10"), method, args) != []


@pytest.mark.parametrize(("version", "want"), [("13.0", [{"ip": "192.0.2.9", "port": 3261}]), ("22.12", [{"ip": "192.0.2.9"}])])
def test_an_address_has_a_port_where_the_version_has_one_for_each(version, want):
    portal = objects.Portal(None, "storage", (objects.Listen("192.0.2.9", 3261),))
    assert bodies.body(Version.parse(version), portal) == {"comment": "storage", "listen": want}


@pytest.mark.parametrize(("version", "field"), [("13.0", None), ("22.12", 3261)])
def test_the_port_of_all_portals_is_in_the_global_configuration(version, field):
    body = bodies.body(Version.parse(version), objects.GlobalConfig("iqn.x", 3261))
    assert body.get("listen_port") == field


@pytest.mark.parametrize(
    ("version", "one", "want"),
    [
        (
            "13.0",
            objects.Initiator(None, "all", (), ("192.0.2.0/24",)),
            {"comment": "all", "initiators": [], "auth_network": ["192.0.2.0/24"]},
        ),
        ("22.12", objects.Initiator(None, "all", (), ("192.0.2.0/24",)), {"comment": "all", "initiators": []}),
        ("13.0", objects.Target(None, "t", networks=("192.0.2.0/24",)), {"name": "t", "alias": None, "groups": []}),
        (
            "22.12",
            objects.Target(None, "t", networks=("192.0.2.0/24",)),
            {"name": "t", "alias": None, "groups": [], "auth_networks": ["192.0.2.0/24"]},
        ),
        ("13.0", objects.Zvol("tank/z", 1024, 512), {"name": "tank/z", "type": "VOLUME", "volsize": 1024, "volblocksize": "512"}),
        (
            "13.0",
            objects.Zvol("tank/z", 1024, 131072, True, oversize=True),
            {"name": "tank/z", "type": "VOLUME", "volsize": 1024, "force_size": True, "sparse": True, "volblocksize": "128K"},
        ),
    ],
)
def test_bodies_by_version(version, one, want):
    assert bodies.body(Version.parse(version), one) == want


def test_an_extent_says_what_it_is_made_of():
    version = Version.parse("13.0")
    assert bodies.body(version, objects.Extent(1, "e", "zvol", "tank/my vol"), ["source"]) == {
        "type": "DISK",
        "disk": "zvol/tank/my+vol",
    }
    assert bodies.body(version, objects.Extent(1, "e", "disk", "da9"), ["kind"]) == {"type": "DISK", "disk": "da9"}
    file = objects.Extent(1, "e", "file", "/mnt/tank/f", 4096)
    assert bodies.body(version, file, ["source", "filesize"]) == {"type": "FILE", "path": "/mnt/tank/f", "filesize": 4096}
    whole = bodies.body(version, replace(file, product_id="x", enabled=False, read_only=True))
    assert whole["ro"] is True
    assert whole["enabled"] is False
    assert "product_id" not in whole
    assert "serial" not in whole


def test_discovery_of_users_takes_from_some_before_it_gives_to_another():
    session = Recorder("25.10")
    session.update(objects.Discovery(objects.MUTUAL, 7), ["method"])
    assert session.made == [
        ("iscsi.auth.update", (3, {"discovery_auth": "NONE"})),
        ("iscsi.auth.update", (2, {"discovery_auth": "CHAP_MUTUAL"})),
    ]


def test_discovery_of_portals_is_said_to_each_and_to_those_that_come_later():
    session = Recorder("13.0")
    session.update(objects.Discovery(objects.CHAP, 7), ["method"])
    session.create(objects.Portal(None, "p", ()))
    kept = {"discovery_authmethod": "CHAP", "discovery_authgroup": 7}
    assert session.made == [
        ("iscsi.portal.update", (4, kept)),
        ("iscsi.portal.create", ({"comment": "p", "listen": [], **kept},)),
    ]


def test_a_user_that_comes_later_has_the_discovery_of_its_group():
    session = Recorder("25.10")
    session.update(objects.Discovery(objects.CHAP, 7), ["method"])
    session.made.clear()
    session.create(objects.Credential(None, 7, "d", "x"))
    session.create(objects.Credential(None, 8, "d", "x"))
    assert [args[0]["discovery_auth"] for _method, args in session.made] == ["CHAP", "NONE"]


def test_what_changes_nothing_is_not_sent():
    session = Recorder("25.10")
    session.update(objects.Initiator(1, "all", (), ("192.0.2.0/24",)), ["networks"])
    assert session.made == []
