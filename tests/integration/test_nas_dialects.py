# SPDX-License-Identifier: GPL-3.0-or-later
"""Each dialect of a NAS's API, on each version: every kind of object is made, read back as it was made, changed and removed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.connect import DIALECTS, connect

from tests.support.twin import Twin

pytestmark = pytest.mark.integration

# What is spoken where, the one that "auto" chooses first.
SPOKEN = {
    "9.3.0": ["v1.0"],
    "9.3.1": ["v1.0"],
    "11.3": ["v2.0", "v1.0"],
    "13.0": ["v2.0"],
    "22.12": ["v2.0"],
    "24.10": ["v2.0"],
    "25.04": ["jsonrpc", "v2.0"],
    "25.10": ["jsonrpc", "v2.0"],
    "26.0": ["jsonrpc"],
}
ESXI = "iqn.1998-01.com.vmware:esxi1"


@pytest.fixture(scope="module")
def twin(request, tmp_path_factory):
    """A data centre whose NAS is of one version."""
    twin = Twin(tmp_path_factory.mktemp("lab"), config=f'nas:\n  version: "{request.param}"\n')
    twin.up()
    yield twin
    twin.down()


versions = pytest.mark.parametrize(("twin", "version"), [(name, name) for name in SPOKEN], indirect=["twin"])
dialects = pytest.mark.parametrize(
    ("twin", "version", "dialect"), [(name, name, one) for name, spoken in SPOKEN.items() for one in spoken], indirect=["twin"]
)


def options(twin, **more):
    return {
        "hostname": f"{twin.control}.131",
        "port": 8443,
        "username": "root",
        "password": twin.secret("nas"),
        "api_key": None,
        "api_version": "auto",
        "ca_path": str(twin.dir / "ca.pem"),
        "validate_certs": True,
        "thumbprint": None,
        "timeout": 30,
        **more,
    }


@versions
def test_auto_speaks_the_newest(twin, version):
    session = connect(options(twin))
    assert type(session) is DIALECTS[SPOKEN[version][0]]
    # A release has more to its number than the name of its series.
    assert session.version.number[:2] == tuple(map(int, version.split(".")))[:2]
    session.close()


@versions
def test_what_a_version_does_not_speak_is_said(twin, version):
    for name, dialect in DIALECTS.items():
        if name not in SPOKEN[version]:
            with pytest.raises(ConvergeError) as caught:
                connect(options(twin, api_version=name))
            assert dialect.label in str(caught.value)
            assert "it is a" in str(caught.value)


@versions
def test_a_wrong_password_is_said_by_every_dialect(twin, version):
    for name in ("auto", *SPOKEN[version]):
        with pytest.raises(ConvergeError, match="refuses the login: wrong user name 'root' or wrong password"):
            connect(options(twin, api_version=name, password="no-such-one"))


class Lifecycle:
    """One session, and short ways to say what is expected of it."""

    def __init__(self, session):
        self.session, self.version = session, session.version

    def all(self, kind):
        return self.session.read(kind)[kind]

    def one(self, kind, **wanted):
        found = [thing for thing in self.all(kind) if all(getattr(thing, name) == value for name, value in wanted.items())]
        assert len(found) == 1, (wanted, self.all(kind))
        return found[0]

    def make(self, thing, known="id"):
        """Make it; it reads back as it was made, in all that was said."""
        made = self.session.create(thing)
        there = self.one(type(thing), **{known: getattr(made, known)})
        self.same(thing, there, known)
        return there

    def change(self, thing, known="id", **said):
        wanted = replace(thing, **said)
        self.session.update(wanted, list(said))
        there = self.one(type(thing), **{known: getattr(thing, known)})
        self.same(wanted, there, known)
        return there

    def same(self, wanted, there, known):
        hidden = ("secret", "peer_secret") if isinstance(wanted, objects.Credential) else ()
        for name, value in vars(wanted).items():
            chosen = name in ("serial", "naa") and not value
            if value is not None and not chosen and name not in (known, "id", "oversize", *hidden):
                assert getattr(there, name) == value, name

    def remove(self, thing):
        self.session.delete(thing)
        assert not [one for one in self.all(type(thing)) if one.id == thing.id]


@dialects
def test_everything_is_made_read_changed_and_removed(twin, version, dialect):
    session = connect(options(twin, api_version=dialect))
    try:
        live(Lifecycle(session), twin, f"p{SPOKEN[version].index(dialect)}")
    finally:
        session.close()


def live(nas: Lifecycle, twin: Twin, pool: str) -> None:
    has = nas.version.has
    # API v1.0 does not tell which disk the NAS itself is on: the first.
    disk = next(one for one in nas.all(objects.Disk) if one.name not in ("da0", "ada0"))
    made = nas.session.create(objects.Pool(None, pool, (objects.Vdev("stripe", (disk.name,)),)))
    there = nas.one(objects.Pool, name=pool)
    assert there.id == made.id
    assert there.vdevs == (objects.Vdev("stripe", (disk.name,)),)
    assert disk.name not in [one.name for one in nas.all(objects.Disk)]
    assert pool in [one.name for one in nas.all(objects.Filesystem)]
    zvol = make_zvol(nas, pool)
    zvol = nas.change(zvol, known="name", size=2 << 30)

    configuration = nas.one(objects.GlobalConfig)
    port = configuration.port
    changed = replace(configuration, basename="iqn.2016-06.lab:nas", pool_threshold=80)
    nas.session.update(changed, ["basename", "pool_threshold"])
    assert nas.one(objects.GlobalConfig) == changed
    nas.session.update(replace(changed, pool_threshold=None), ["pool_threshold"])
    assert nas.one(objects.GlobalConfig).pool_threshold is None
    assert (port is None) == has("address_port")

    addresses = [one.ip for one in nas.all(objects.Address)]
    assert f"{twin.data}.129" in addresses
    portal = nas.make(objects.Portal(None, "data", (objects.Listen(f"{twin.data}.129"),)))
    initiator = nas.make(objects.Initiator(None, "all", ()))
    initiator = nas.change(initiator, initiators=(ESXI,))
    chap = nas.make(objects.Credential(None, 1, "esxi", "twelve-chars", "nas", "other-twelve"))
    nas.make(objects.Credential(None, 2, "other", "twelve-chars"))
    for how, tag in ((objects.CHAP, 1), (objects.MUTUAL, 1), (objects.NONE, None)):
        nas.session.update(objects.Discovery(how, tag), ["method", "tag"])
        assert nas.one(objects.Discovery) == objects.Discovery(how, tag)

    target = nas.make(objects.Target(None, "vmware", "a name", (objects.Group(portal.id, initiator.id),)))
    target = nas.change(target, groups=(objects.Group(portal.id, initiator.id, objects.CHAP, 1),))
    target = nas.change(target, alias="")
    extent = nas.make(objects.Extent(None, "vmware", "zvol", zvol.name, comment="one"))
    assert bool(extent.serial) == has("extent_details")
    assert (extent.read_only is None, extent.enabled is None) == (not has("read_only"), not has("extent_enabled"))
    extent = nas.change(extent, comment="two", tpc=False)
    if has("extent_details"):
        extent = nas.change(extent, rpm="UNKNOWN", threshold=70, hide_pblocksize=True)
        extent = nas.change(extent, threshold=None)
    serial = f"{pool}serial1" if has("extent_details") else ""
    file = nas.make(objects.Extent(None, "file", "file", f"/mnt/{pool}/iso", filesize=1 << 20, serial=serial))
    assert file.serial == serial
    link = nas.make(objects.TargetExtent(None, target.id, extent.id, 3))
    nas.session.update(replace(link, lun=5), ["lun"])
    link = nas.one(objects.TargetExtent, extent=extent.id)
    assert (link.target, link.lun) == (target.id, 5)

    # The portal moves; what is reached by it stays.
    data, control = objects.Listen(f"{twin.data}.129"), objects.Listen(f"{twin.control}.131")
    for listen in [(control,), (control, data)] + [(data,)] * (nas.version.number > (9, 3, 0)):
        nas.session.update(replace(portal, listen=listen), ["listen"])
        now = nas.one(objects.Portal, comment="data")
        assert set(now.listen) == set(listen)
        assert nas.one(objects.Target, name=target.name).groups == (objects.Group(now.id, initiator.id, objects.CHAP, 1),)
    if nas.version.number == (9, 3, 0):
        with pytest.raises(ConvergeError, match="takes no address from a portal"):
            nas.session.update(replace(portal, listen=(data,)), ["listen"])
    portal = nas.one(objects.Portal, comment="data")

    service = nas.one(objects.Service)
    nas.session.enable(service, True)
    nas.session.run(service, True)
    assert (nas.one(objects.Service).enabled, nas.one(objects.Service).running) == (True, True)
    nas.session.run(service, False)
    nas.session.enable(service, False)
    assert (nas.one(objects.Service).enabled, nas.one(objects.Service).running) == (False, False)
    assert nas.all(objects.Session) == ()

    target, other = nas.one(objects.Target, name=target.name), nas.one(objects.Credential, tag=2)
    for thing in (link, extent, file, target, portal, initiator, chap, other):
        nas.remove(thing)


def make_zvol(nas: Lifecycle, pool: str) -> objects.Zvol:
    zvol = objects.Zvol(f"{pool}/vmware", 1 << 30, sparse=True)
    if not isinstance(nas.session, DIALECTS["v1.0"]):
        return nas.make(zvol, known="name")
    # API v1.0 does not tell whether it is sparse.
    nas.session.create(zvol)
    return nas.one(objects.Zvol, name=zvol.name)
