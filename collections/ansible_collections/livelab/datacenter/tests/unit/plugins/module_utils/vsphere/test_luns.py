# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a host, from what the API says; and the one that is meant."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import luns

IQN = "iqn.2005-10.org.freenas.ctl:vmware"
LUN = luns.Lun("naa.6001", IQN, 0, 12 * 2**30, "/vmfs/devices/disks/naa.6001", adapter="vmhba64")


def disk(key, name, blocks=2048, **said):
    return Obj(key=key, canonicalName=name, capacity=Obj(block=blocks, blockSize=512), devicePath=f"/dev/{name}",
               **{"vendor": "TrueNAS ", "model": " iSCSI Disk", **said})


def devices(*disks, adapters=(), paths=()):
    return Obj(scsiLun=disks, hostBusAdapter=[Obj(key="h0", device="vmhba0"), Obj(key="h64", device="vmhba64")],
               multipathInfo=Obj(lun=paths), scsiTopology=Obj(adapter=adapters))


def target(*numbered, iqn=IQN, address=("10.0.2.129:3260",)):
    return Obj(transport=Obj(iScsiName=iqn, address=list(address)), lun=[Obj(scsiLun=key, lun=lun) for key, lun in numbered])


def unit(key, *states, iqn=IQN, word="state"):
    return Obj(lun=key, path=[Obj(**{word: state}, transport=Obj(iScsiName=iqn)) for state in states])


def test_from_the_api():
    local = Obj(transport=Obj(), lun=[Obj(scsiLun="k3", lun=2)])
    found = luns.luns_of(devices(
        disk("k1", "naa.1"), disk("k2", "mpx.1", vendor=None, model=None), disk("k3", "t10.1"), Obj(key="cd", capacity=None),
        adapters=[Obj(adapter="h64", target=[target(("k1", 3), ("gone", 4))]), Obj(adapter="h0", target=[local]),
                  Obj(adapter="h0", target=None), Obj(adapter="h9", target=[Obj(transport=None, lun=None)])]))
    assert found == (
        luns.Lun("naa.1", IQN, 3, 2**20, "/dev/naa.1", "TrueNAS", "iSCSI Disk", ("10.0.2.129:3260",), "vmhba64"),
        luns.Lun("t10.1", None, 2, 2**20, "/dev/t10.1", "TrueNAS", "iSCSI Disk", (), "vmhba0"),
        luns.Lun("mpx.1", None, 0, 2**20, "/dev/mpx.1"),
    )
    assert found[0].shown() == {"naa": "naa.1", "target": IQN, "lun": 3, "size": 2**20, "vendor": "TrueNAS",
                                "model": "iSCSI Disk", "accessible": True}


def test_a_host_without_disks():
    assert luns.luns_of(Obj(scsiLun=None, hostBusAdapter=None, multipathInfo=None, scsiTopology=None)) == ()
    assert luns.luns_of(devices(adapters=None)) == ()


@pytest.mark.parametrize(("unit_said", "alive"), [
    (unit("k1", "dead"), False), (unit("k1", "dead", "active"), True), (unit("k1", "dead", iqn="iqn.2001-01.x:y"), True),
    (unit("k1", "dead", word="pathState"), False), (unit("k9", "dead"), True), (unit("k1"), True), (unit("k1", None), True),
])
def test_out_of_reach_when_every_path_is_dead(unit_said, alive):
    (found,) = luns.luns_of(devices(disk("k1", "naa.1"), adapters=[Obj(adapter="h64", target=[target(("k1", 0))])],
                                    paths=[unit_said]))
    assert found.alive is alive


def test_in_words():
    assert str(LUN) == f"naa.6001 (target {IQN} LUN 0, 12.0 GiB)"
    assert str(replace(LUN, alive=False)) == f"naa.6001 (target {IQN} LUN 0, 12.0 GiB, out of reach)"
    assert str(luns.Lun("mpx.1", None, 0, 2**29, "")) == "mpx.1 (local, 0.5 GiB)"
    assert luns.describe({"naa": "naa.1", "target": None}) == "LUN naa.1"
    assert luns.describe({"target": IQN, "lun": 3}) == f"LUN 3 of target {IQN}"


@pytest.mark.parametrize("wanted", [
    {"naa": "NAA.6001"}, {"naa": "/vmfs/devices/disks/naa.6001"}, {"target": IQN.upper(), "lun": 0, "naa": None},
])
def test_the_one_that_is_meant_however_it_is_spelt(wanted):
    others = (replace(LUN, naa="naa.7", number=1), replace(LUN, naa="mpx.1", target=None))
    assert luns.find("esxi1", (*others, LUN), wanted) is LUN


@pytest.mark.parametrize("wanted", [
    {"naa": "naa.9"}, {"target": IQN, "lun": 1}, {"target": "iqn.2001-01.x:y", "lun": 0}, {"target": None, "lun": None}, {},
])
def test_none_that_is_meant(wanted):
    assert luns.find("esxi1", (LUN, replace(LUN, naa="mpx.1", target=None)), wanted) is None


def test_of_two_ways_to_a_disk_the_one_that_lives():
    dead = replace(LUN, alive=False, adapter="vmhba65")
    assert luns.find("esxi1", (dead, LUN), {"naa": "naa.6001"}) is LUN
    assert luns.find("esxi1", (dead,), {"naa": "naa.6001"}) is dead


def test_two_disks_that_fit_are_named():
    other = replace(LUN, naa="naa.7", adapter="")
    with pytest.raises(ConvergeError) as caught:
        luns.find("esxi1", (LUN, other), {"target": IQN, "lun": 0})
    assert str(caught.value) == (
        f"LUN 0 of target {IQN} is 2 disks on esxi1: naa.6001 (target {IQN} LUN 0, 12.0 GiB) at vmhba64; naa.7 (target {IQN} "
        "LUN 0, 12.0 GiB) at another adapter. Say which by 'naa'.")


class Storage:
    """Takes the calls of a rescan and remembers them."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *args: self.calls.append((name, *args))


@pytest.mark.parametrize(("hba", "first"), [("vmhba64", ("RescanHba", "vmhba64")), (None, ("RescanAllHba",))])
def test_a_rescan_looks_for_luns_and_then_for_volumes(hba, first):
    storage = Storage()
    luns.rescan(Obj(slow=contextlib.nullcontext), storage, hba)
    assert storage.calls == [first, ("RescanVmfs",)]
