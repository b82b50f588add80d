# SPDX-License-Identifier: GPL-3.0-or-later
"""freenas_iscsi and freenas_volume: what a run would refuse, check mode refuses in the same words; what is spelt otherwise."""

from __future__ import annotations

import pytest

from tests.support import states

pytestmark = pytest.mark.integration

OTHER = "127.0.0.9"


@pytest.fixture(scope="module")
def nas(ansible, twin):
    """A NAS that serves a LUN, with a second volume and portal, and a pool of the second disk left out."""
    more = [{"name": "tank/my vol", "size": "1G", "sparse": True}, {"name": "tank/odd", "size": "64512", "volblocksize": "512"}]
    whole = states.target(twin)
    whole["zvols"] = [*whole["zvols"], *more]
    whole["portals"] = [*whole["portals"], {"comment": "control", "listen": [{"ip": f"{twin.control}.131"}]}]
    whole["auths"] = [{"tag": 7, "user": "esxi", "secret": "s3cret-s3cret"}]
    done = ansible.run("freenas_iscsi", whole, "nas")
    assert not done.failed, done.msg
    return ansible


def extent(**said) -> dict:
    return {"extents": [{"name": "new", **said}]}


def zvol(size: str, **said) -> dict:
    return {"zvols": [{"name": "tank/new", "size": size, "sparse": True, **said}]}


REFUSED = {
    "a size that is no multiple of its block": (zvol("20K", volblocksize="16K"), ["tank/new", "16384"]),
    "a size that is no multiple of the usual block": (zvol(str(2**30 + 512)), ["tank/new", "16384"]),
    "growing by no multiple of the volume's own block": (
        {"zvols": [{"name": "tank/my vol", "size": str(2**30 + 512)}]},
        ["tank/my vol", "16384"],
    ),
    "a volume larger than the pool": (zvol("64G", sparse=False, force_size=True), ["tank/new", "available"]),
    "a volume of more than 80 % of the pool": (zvol("30G"), ["tank/new", "80 %", "force_size"]),
    "a volume in no pool": ({"zvols": [{"name": "gone/new", "size": "1G"}]}, ["gone", "tank"]),
    "a volume below a volume": ({"zvols": [{"name": "tank/vmware/new", "size": "1G"}]}, ["tank/vmware"]),
    "a volume that shrinks": ({"zvols": [{"name": "tank/vmware", "size": "1G"}]}, ["tank/vmware", "shrink"]),
    "a pool of a disk in use": ({"pool": {"name": "other", "disks": [states.DISKS[0]]}}, [states.DISKS[0], states.DISKS[1]]),
    "a pool made over": ({"pool": {"name": "tank", "disks": list(states.DISKS)}}, ["tank", states.DISKS[0]]),
    "a long serial": (extent(disk="tank/my vol", serial="x" * 21), ["new", "20"]),
    "the serial of another": (extent(disk="tank/my vol", serial="10000001"), ["10000001", "vmware"]),
    "a second extent on a volume": (extent(disk="tank/vmware"), ["tank/vmware", "'vmware'"]),
    "a second extent on a volume, spelt otherwise": (extent(disk="/dev/zvol/tank/vmware"), ["tank/vmware", "'vmware'"]),
    "an extent on no volume": (extent(disk="tank/gone"), ["tank/gone", "tank/my vol"]),
    "an extent on a file in no pool": (extent(path="/mnt/gone/f", filesize="1G"), ["/mnt/gone/f", "tank"]),
    "a file of no multiple of the block": (extent(path="/mnt/tank/f", filesize="1000"), ["1000", "512"]),
    "a volume of no multiple of the block": (extent(disk="tank/odd", blocksize=4096), ["tank/odd", "4096"]),
    "a LUN that is another's": (
        {**extent(disk="tank/my vol"), "associations": [{"target": "vmware", "extent": "new", "lun": 0}]},
        ["LUN 0", "vmware"],
    ),
    "a LUN out of range": ({"associations": [{"target": "vmware", "extent": "vmware", "lun": 16383}]}, ["16383", "16382"]),
    "a target without a portal": ({"targets": [{"name": "new"}]}, ["new", "control", "data"]),
    "a target of a portal that is not there": ({"targets": [{"name": "new", "portal": "gone"}]}, ["gone", "control"]),
    "CHAP of a group that is not there": (
        {"targets": [{"name": "vmware", "authmethod": "CHAP", "auth": 8}]},
        ["vmware", "CHAP", "7"],
    ),
    "mutual CHAP of a group without a peer": (
        {"targets": [{"name": "vmware", "authmethod": "CHAP_MUTUAL", "auth": 7}]},
        ["vmware", "peeruser"],
    ),
    "an address that the NAS does not have": ({"portals": [{"comment": "new", "listen": [{"ip": OTHER}]}]}, [OTHER]),
    "a secret of 11 characters": ({"auths": [{"tag": 7, "user": "esxi", "secret": "x" * 11}]}, ["esxi", "11", "12 to 16"]),
    "a peer's secret equal to the secret": (
        {"auths": [{"tag": 7, "user": "esxi", "secret": "x" * 12, "peeruser": "nas", "peersecret": "x" * 12}]},
        ["esxi", "peersecret"],
    ),
    "a portal that a target is reached by": ({"portals": [{"comment": "data", "state": "absent"}]}, ["data", "vmware"]),
    "initiators that a target lets in": ({"initiators": [{"comment": "all", "state": "absent"}]}, ["all", "vmware"]),
    "discovery by a group that is not there": ({"discovery": {"authmethod": "CHAP", "auth": 9}}, ["discovery", "7"]),
    "a name that no target can have": ({"targets": [{"name": "vm ware", "portal": "data"}]}, ["vm ware"]),
    "a base name that is none": ({"basename": "freenas"}, ["freenas", "iqn."]),
    "a threshold out of range": ({"pool_avail_threshold": 100}, ["100", "99"]),
}


@pytest.mark.parametrize(("args", "wants"), REFUSED.values(), ids=list(REFUSED))
def test_what_is_refused_is_refused_in_both_modes(nas, args, wants):
    nas.refused_in_both_modes("freenas_iscsi", args, "nas", *wants)


def test_an_address_that_is_another_portals(nas, twin):
    taken = {"portals": [{"comment": "data"}, {"comment": "new", "listen": [{"ip": f"{twin.data}.129"}]}]}
    nas.refused_in_both_modes("freenas_iscsi", taken, "nas", "'data'", "'new'", f"{twin.data}.129")


TWICE = {
    "portals": [{"comment": "a"}, {"comment": "a"}],
    "initiators": [{"comment": "a"}, {"comment": "a"}],
    "auths": [{"tag": 1, "user": "a", "secret": "x" * 12}, {"tag": 1, "user": "a", "secret": "y" * 12}],
    "targets": [{"name": "a"}, {"name": "A"}],
    "extents": [{"name": "a"}, {"name": "a"}],
    "associations": [{"target": "vmware", "extent": "a"}, {"target": "vmware", "extent": "a"}],
    "zvols": [{"name": "tank/a b", "size": "1G"}, {"name": "tank/a+b", "size": "1G"}],
}


@pytest.mark.parametrize("option", TWICE)
def test_an_entry_twice(nas, option):
    nas.refused_in_both_modes("freenas_iscsi", {option: TWICE[option]}, "nas", "given twice")


def test_what_is_spelt_otherwise_is_the_same(nas, twin):
    args = {
        "zvols": [{"name": "tank/my+vol", "size": "1024M"}],
        "basename": states.IQN.upper(),
        "portals": [{"comment": "data", "listen": [{"ip": f"{twin.data}.129", "port": 3260}]}],
        "targets": [{"name": f"{states.IQN}:VMware", "portal": "data"}],
        "extents": [{"name": "vmware", "disk": "/dev/zvol/tank/vmware"}],
    }
    seen = nas.run("freenas_iscsi", args, "nas")
    assert not seen.failed, seen.msg
    assert not seen.changed, seen.data


def test_a_volume_with_a_space_in_its_name(nas):
    nas.converge("freenas_iscsi", {"extents": [{"name": "spaced", "disk": "tank/my vol"}]}, "nas")
    nas.converge("freenas_iscsi", {"extents": [{"name": "spaced", "state": "absent"}]}, "nas")


def test_two_portals_that_look_alike(nas, twin):
    """The one that matches is meant; the other is never moved."""
    alike = [{"comment": "control", "listen": [{"ip": f"{twin.data}.129"}]}]
    nas.refused_in_both_modes("freenas_iscsi", {"portals": alike}, "nas", "'data'", f"{twin.data}.129")


def test_a_purge_leaves_the_floor(nas, twin):
    args = {"portals": [{"comment": "control"}], "initiators": [], "extents": [], "targets": [], "purge": True}
    seen = nas.run("freenas_iscsi", args, "nas")
    assert not seen.failed, seen.msg
    assert not seen.changed, seen.data
    said = "\n".join(seen.data["warnings"])
    for name in ("portal data", "initiators all", "extent vmware", "target vmware"):
        assert f"{name} is not listed, but was not purged" in said


def test_volumes_alone(nas):
    nas.converge("freenas_volume", {"zvols": [{"name": "tank/alone", "size": "1G", "sparse": True}]}, "nas")
    nas.refused_in_both_modes("freenas_volume", {"zvols": [{"name": "tank/alone", "size": "512M"}]}, "nas", "shrink")


@pytest.mark.parametrize(
    ("env", "wants"),
    [
        ({"FREENAS_PASSWORD": "contraseña"}, ["refuses the login"]),
        ({"FREENAS_PASSWORD": "€uro"}, ["refuses the login"]),
        ({"FREENAS_API_KEY": "1-s3cret\n"}, ["api_key", "line end"]),
        ({"FREENAS_PORT": "70000"}, ["port", "65535"]),
        ({"FREENAS_USER": "a:b"}, ["username", "colon"]),
        ({"FREENAS_API_KEY": "1-s3cret"}, ["wrong API key"]),
    ],
    ids=["a letter of Latin-1", "a letter beyond", "a line end in a key", "a port", "a colon in a name", "a wrong key"],
)
def test_how_it_is_reached(nas, env, wants):
    said = nas.refused_in_both_modes("freenas_iscsi", {"service": {}}, "nas", *wants, env=env)
    assert "s3cret" not in said.output


def test_a_server_that_is_none(nas, twin):
    """The vCenter's own web server is asked."""
    env = {"FREENAS_HOST": f"{twin.control}.20"}
    nas.refused_in_both_modes("freenas_iscsi", {"service": {}}, "nas", "it is no FreeNAS or TrueNAS", env=env)
