# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role iscsi_target makes of its variables; LIO's configuration as rtslib, which restores it at a start, reads it.

The kernel's side of that is a directory here (kernel below): what rtslib writes into it is what it would have told the kernel.
"""

import copy
import os
from pathlib import Path

import pytest
import rtslib_fb as rtslib

from tests.support.source import load

NAME = "iqn.2016-06.lab.storage:vmfs"
ESXI = ["iqn.1998-01.com.vmware:esxi1", "iqn.1998-01.com.vmware:esxi2"]
CHAP = {"user": "esxi", "secret": "twelve-chars", "mutual_user": "nas", "mutual_secret": "other-twelve"}
PORTALS = [{"ip": "192.168.2.129"}]


@pytest.fixture(scope="module")
def role():
    return load("roles/iscsi_target/filter_plugins/iscsi_target.py")


def lun(number=1, **more):
    return {"lun": number, "path": f"/srv/iscsi/vmfs{number}.img", "size": "10G", **more}


def target(**more):
    return {"name": NAME, "initiators": ESXI, "luns": [lun(1), lun(2), lun(3, size="16G")], **more}


@pytest.mark.parametrize(
    ("targets", "portals", "backend"),
    [
        ([], PORTALS, "lio"),
        ([target()], PORTALS, "lio"),
        ([target()], PORTALS, "tgt"),
        ([target(luns=[lun(0)])], PORTALS, "lio"),
        ([target(luns=[lun(16383)])], PORTALS, "tgt"),
        ([target(luns=[{"lun": 1, "path": "/dev/sdb"}])], PORTALS, "lio"),
        ([target(luns=[{"lun": 1, "path": "/srv/there.img"}])], PORTALS, "tgt"),
        ([target(initiators=["ALL"], chap=CHAP)], [{"ip": "::1", "port": 3261}, {"ip": "0.0.0.0"}], "tgt"),
        ([target(name="IQN.2016-06.LAB:x", initiators=["IQN.1998-01.com.vmware:ESXi1"])], PORTALS, "lio"),
        ([target(name="eui.0123456789abcdef"), target(luns=[lun(1, path="/srv/b.img")])], PORTALS, "lio"),
    ],
)
def test_what_can_be_served(role, targets, portals, backend):
    assert role.faults(targets, portals, backend) == []


@pytest.mark.parametrize(
    ("targets", "portals", "backend", "wants"),
    [
        ([target()], [], "lio", "iscsi_target_portals is empty"),
        ([target()], [{"ip": "storage"}], "lio", '"storage"'),
        ([target()], [{"ip": "10.0.0.1", "port": 70000}], "lio", "70000"),
        ([target()], [{"ip": "::1"}, {"ip": "0::1", "port": 3260}], "lio", "[::1]:3260 twice"),
        ([target(), target(name=NAME.upper(), luns=[lun(1, path="/srv/b.img")])], PORTALS, "lio", f"{NAME} twice"),
        ([target(), target(name=f"{NAME}2", luns=[lun(1)])], PORTALS, "lio", "/srv/iscsi/vmfs1.img as two LUNs"),
        ([target(name="vmfs")], PORTALS, "lio", "must be an IQN"),
        ([target(name="iqn.2016-13.lab:x")], PORTALS, "lio", "must be an IQN"),
        ([target(name="iqn.2016-06.lab:x y")], PORTALS, "lio", "must be an IQN"),
        ([target(luns=[lun(1), lun(1, path="/srv/b.img")])], PORTALS, "lio", "LUN 1 is there twice"),
        ([target(luns=[lun(0)])], PORTALS, "tgt", "from 1 to 16383 (tgt keeps 0 for itself)"),
        ([target(luns=[lun(-1)])], PORTALS, "lio", "from 0 to 16383"),
        ([target(luns=[lun(16384)])], PORTALS, "lio", "from 0 to 16383"),
        ([target(luns=[lun(1, path="srv/a.img")])], PORTALS, "lio", "must be absolute"),
        ([target(luns=[lun(1, path="/srv/a b.img")])], PORTALS, "lio", "must be absolute"),
        ([target(luns=[lun(1, path="/srv/a;reboot")])], PORTALS, "tgt", "must be absolute"),
        ([target(luns=[lun(1, serial="ä")])], PORTALS, "lio", '"ä"'),
        ([target(luns=[lun(1, serial="a"), lun(2, serial="a")])], PORTALS, "lio", "serial a is there twice"),
        ([target(luns=[lun(1, size="ten")])], PORTALS, "lio", '"ten"'),
        ([target(luns=[lun(1, size="0")])], PORTALS, "lio", '"0"'),
        ([target(luns=[lun(1, size="1000")])], PORTALS, "lio", "512"),
        ([target(luns=[{"lun": 1, "path": "/srv/a.img"}])], PORTALS, "lio", "wants to be told its size"),
        ([target(initiators=[])], PORTALS, "lio", "nobody could log in"),
        ([target(initiators=["ALL", *ESXI])], PORTALS, "lio", "give either"),
        ([target(initiators=["esxi1"])], PORTALS, "lio", '"esxi1"'),
        ([target(initiators=[ESXI[0], ESXI[0].upper()])], PORTALS, "lio", f"{ESXI[0]} is there twice"),
        ([target(chap={"user": "a"})], PORTALS, "lio", "user or secret without the other"),
        ([target(chap={**CHAP, "mutual_secret": ""})], PORTALS, "lio", "mutual_user or mutual_secret without"),
        ([target(chap={**CHAP, "secret": "elevenchars"})], PORTALS, "lio", "11 characters"),
        ([target(chap={**CHAP, "secret": "seventeen-chars-x"})], PORTALS, "lio", "17 characters"),
        ([target(chap={**CHAP, "mutual_secret": CHAP["secret"]})], PORTALS, "lio", "another one"),
        ([target(chap={**CHAP, "secret": "a b c d e f g"})], PORTALS, "tgt", "the secret of chap must have"),
        ([target(chap={**CHAP, "secret": "$(reboot)-now"})], PORTALS, "tgt", "the secret of chap must have"),
        (
            [
                target(chap=CHAP),
                target(name=f"{NAME}2", luns=[lun(1, path="/srv/b")], chap={**CHAP, "secret": "another-one-12"}),
            ],
            PORTALS,
            "tgt",
            '"esxi" with two secrets',
        ),
    ],
)
def test_what_cannot(role, targets, portals, backend, wants):
    found = role.faults(targets, portals, backend)
    assert len(found) == 1, found
    assert wants in found[0]
    secrets = [one["chap"].get(key) for one in targets if one.get("chap") for key in ("secret", "mutual_secret")]
    assert not [secret for secret in secrets if secret and secret in found[0]]


def found_at(path, wanted=None, **stat):
    kind = {"exists": True, "isreg": True, "isblk": False, "size": 10 * 2**30}
    return {"item": {"path": path} | ({"size": wanted} if wanted else {}), "stat": kind | stat}


def listed(path, text):
    return {"item": {"item": {"path": path}}, "stdout": text}


@pytest.mark.parametrize(
    ("stats", "devices", "wants"),
    [
        ([found_at("/a", "10G")], [], None),
        ([found_at("/a", "10G", size=1)], [], None),
        ([found_at("/a", "10G", exists=False)], [], None),
        ([found_at("/a", exists=False)], [], "does not exist"),
        ([found_at("/a", "1G")], [], "never made smaller"),
        ([found_at("/a", "1G", isreg=False)], [], "neither a file nor a block device"),
        ([found_at("/dev/sdb", isreg=False, isblk=True)], [listed("/dev/sdb", " \n VMFS_volume_member")], None),
        ([found_at("/dev/sdb", "1G", isreg=False, isblk=True)], [], "leave out the size"),
        ([], [listed("/dev/sdb", " \n/boot ext4")], "mounted at /boot"),
        ([], [listed("/dev/sdb", " LVM2_member")], "LVM2_member"),
        ([], [listed("/dev/sdb", " zfs_member\n swap")], "zfs_member, swap"),
    ],
)
def test_what_is_at_the_paths(role, stats, devices, wants):
    found = role.unfit(stats, devices)
    if wants is None:
        assert found == []
    else:
        assert len(found) == 1, found
        assert wants in found[0]


def test_only_files_that_are_smaller_are_made_or_grown(role):
    stats = [
        found_at("/new", "10G", exists=False),
        found_at("/small", "10G", size=2**30),
        found_at("/right", "10G"),
        found_at("/unsized"),
    ]
    assert [one["item"]["path"] for one in role.smaller(stats)] == ["/new", "/small"]


def test_a_serial_is_its_own_and_stays(role):
    serials = [role.serial(one, target()) for one in target()["luns"]]
    assert len(set(serials)) == 3
    assert serials[0] == role.serial(lun(1, path="/elsewhere"), target(name=NAME.upper()))
    assert role.serial(lun(1, serial="10000001"), target()) == "10000001"


def test_where_tgt_listens(role):
    assert role.listen([{"ip": "10.0.0.1"}, {"ip": "FE80::1", "port": 3261}]) == "portal=10.0.0.1:3260,portal=[fe80::1]:3261"


def test_a_portal_is_on_an_address_of_the_machine(role):
    portals = [{"ip": ip} for ip in ("10.0.0.1", "0.0.0.0", "::", "127.9.9.9", "::1", "FE80::01", "10.0.0.2", "fe80::2")]
    assert role.elsewhere(portals, ["10.0.0.1", "fe80::1"]) == ["10.0.0.2", "fe80::2"]


class Kernel:
    """LIO's tree in configfs, as a plain directory: each new directory has the files that the kernel would put into it."""

    FILES = (
        ("core/*_*/*", ("control", "enable", "info", "udev_path", "alias", "wwn/vpd_unit_serial", "attrib/emulate_write_cache")),
        (
            "iscsi/*/tpgt_*",
            (
                "enable",
                *(
                    f"attrib/{one}"
                    for one in ("authentication", "generate_node_acls", "cache_dynamic_acls", "demo_mode_write_protect")
                ),
                *(f"auth/{one}" for one in ("userid", "password", "userid_mutual", "password_mutual", "authenticate_target")),
            ),
        ),
        ("iscsi/*/tpgt_*/acls/*", tuple(f"auth/{one}" for one in ("userid", "password", "userid_mutual", "password_mutual"))),
        ("iscsi/*/tpgt_*/acls/*/lun_*", ("write_protect",)),
        ("iscsi/*/tpgt_*/np/*", ("iser", "cxgbit")),
    )
    DIRECTORIES = (("iscsi/*/tpgt_*", ("acls", "lun", "np")), ("iscsi", ("discovery_auth",)))

    def __init__(self, top: Path):
        self.top = top
        self._mkdir = os.mkdir
        (top / "core").mkdir()

    def mkdir(self, path, mode=0o777):
        self._mkdir(path, mode)
        if not Path(path).is_relative_to(self.top):
            return
        name = Path(path).relative_to(self.top)
        for pattern, files in self.FILES:
            if self._is(name, pattern):
                for file in files:
                    (self.top / name / file).parent.mkdir(exist_ok=True)
                    (self.top / name / file).write_text("0")
        for pattern, directories in self.DIRECTORIES:
            if self._is(name, pattern):
                for directory in directories:
                    self._mkdir(self.top / name / directory)

    @staticmethod
    def _is(name: Path, pattern: str) -> bool:
        return len(name.parts) == pattern.count("/") + 1 and name.match(pattern)

    def told(self, pattern: str) -> dict[str, str]:
        """What was written into the files of that pattern."""
        return {str(path.relative_to(self.top)): path.read_text().strip() for path in sorted(self.top.glob(pattern))}


@pytest.fixture
def restore(tmp_path, monkeypatch):
    """Has rtslib restore a configuration: the errors it found, and the kernel it told."""
    top = tmp_path / "target"
    top.mkdir()
    kernel = Kernel(top)
    monkeypatch.setattr(rtslib.node.CFSNode, "configfs_dir", str(top))
    monkeypatch.setattr(rtslib.root, "mount_configfs", lambda: None)
    monkeypatch.setattr(rtslib.fabric, "modprobe", lambda _module: None)
    monkeypatch.setattr(os, "mkdir", kernel.mkdir)

    def run(configuration):
        return rtslib.RTSRoot().restore(copy.deepcopy(configuration)), kernel

    return run


def test_lio_is_told_of_targets_by_rtslib(role, restore):
    made = role.lio({}, [target(chap=CHAP)], [{"ip": "192.168.2.129"}, {"ip": "fe80::1", "port": 3261}])
    errors, kernel = restore(made)
    assert errors == []
    assert len(kernel.told("core/fileio_*/*/control")) == 3
    tpg = f"iscsi/{NAME}/tpgt_1"
    assert kernel.told(f"{tpg}/enable") == {f"{tpg}/enable": "1"}
    assert kernel.told(f"{tpg}/attrib/authentication") == {f"{tpg}/attrib/authentication": "1"}
    assert kernel.told(f"{tpg}/attrib/generate_node_acls") == {f"{tpg}/attrib/generate_node_acls": "0"}
    for esxi in ESXI:
        told = {path.rsplit("/", 1)[1]: text for path, text in kernel.told(f"{tpg}/acls/{esxi}/auth/*").items()}
        assert told == {"userid": "esxi", "password": "twelve-chars", "userid_mutual": "nas", "password_mutual": "other-twelve"}
        assert len(kernel.told(f"{tpg}/acls/{esxi}/lun_*/write_protect")) == 3
    assert {path.rsplit("/", 2)[1] for path in kernel.told(f"{tpg}/np/*/iser")} == {"192.168.2.129:3260", "[fe80::1]:3261"}


def test_lio_is_open_to_all_only_where_that_is_said(role, restore):
    errors, kernel = restore(role.lio({}, [target(initiators=["ALL"], luns=[lun(0, readonly=True)])], PORTALS))
    assert errors == []
    told = {path.rsplit("/", 1)[1]: text for path, text in kernel.told(f"iscsi/{NAME}/tpgt_1/attrib/*").items()}
    assert told == {
        "authentication": "0",
        "generate_node_acls": "1",
        "cache_dynamic_acls": "1",
        "demo_mode_write_protect": "1",
    }


def test_rtslib_says_what_it_cannot_read(role, restore):
    made = role.lio({}, [target()], PORTALS)
    del made["storage_objects"][0]["dev"]
    made["targets"][0]["tpgs"][0]["luns"][1]["storage_object"] = "/backstores/fileio/nosuch"
    errors, _kernel = restore(made)
    assert len(errors) >= 2, errors


def test_what_others_configured_in_lio_stays(role):
    other = {"name": "disk0", "plugin": "block", "dev": "/dev/sdz"}
    theirs = {
        "fabric": "iscsi",
        "wwn": "iqn.2003-01.org.linux-iscsi:x",
        "tpgs": [{"luns": [{"storage_object": "/backstores/block/disk0"}]}],
    }
    before = {"fabric_modules": [{"name": "iscsi"}], "storage_objects": [other], "targets": [theirs]}
    first = role.lio(before, [target(), target(name=f"{NAME}2", luns=[lun(1, path="/srv/b.img")])], PORTALS)
    assert first["storage_objects"][0] == other
    assert first["targets"][0] == theirs
    assert len(first["targets"]) == 3
    assert first["fabric_modules"] == [{"name": "iscsi"}]
    assert role.lio(first, [target(), target(name=f"{NAME}2", luns=[lun(1, path="/srv/b.img")])], PORTALS) == first
    last = role.lio(first, [target()], PORTALS)
    assert [one["wwn"] for one in last["targets"]] == [theirs["wwn"], NAME]
    assert len(last["storage_objects"]) == 4
