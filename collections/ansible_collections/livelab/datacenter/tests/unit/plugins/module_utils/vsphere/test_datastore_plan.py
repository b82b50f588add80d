# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a datastore, and the LUNs it is made on."""

from __future__ import annotations

from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import luns
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.plan import (
    Datastore,
    Storage,
    plan,
)

IQN = "iqn.2005-10.org.freenas.ctl:vmware"
LUN = luns.Lun("naa.6001", IQN, 0, 12 * 2**30, "/vmfs/devices/disks/naa.6001")
LOCAL = luns.Lun("mpx.vmhba0", None, 0, 2**30, "/vmfs/devices/disks/mpx.vmhba0")


def storage(**datastores):
    seen = {"esxi1": [LOCAL, LUN], "esxi2": [LOCAL, LUN]}
    return Storage(["esxi1", "esxi2"], seen, datastores, usable=["naa.6001"])


def shared(**said):
    return Datastore("DT", **{"disks": ["naa.6001"], "mounted": ["esxi1", "esxi2"], **said})


def planned(current, **desired):
    return plan(current, {"name": "DT", "state": "present", "target": IQN, "lun": 0, "naa": None,
                          "overwrite": False, **desired})


def steps(current, **desired):
    return [(change.apply, change.what) for change in planned(current, **desired)]


def refused(current, **desired):
    with pytest.raises(ConvergeError) as caught:
        planned(current, **desired)
    return str(caught.value)


def test_made_on_the_first_host_and_mounted_on_the_others():
    changes = planned(storage())
    assert [(change.apply, change.what) for change in changes] == [
        ("create", "datastore DT"), ("mount", "datastore DT on esxi2")]
    assert (changes[0].args["host"], changes[0].args["path"]) == ("esxi1", LUN.path)


def test_by_canonical_name():
    assert steps(storage(), target=None, lun=None, naa="NAA.6001")[0] == ("create", "datastore DT")


def test_as_declared_already():
    assert steps(storage(DT=shared())) == []
    assert steps(storage(DT=shared()), target=None, lun=None) == []


def test_only_mounted_where_it_is_missing():
    assert steps(storage(DT=shared(mounted=["esxi1"]))) == [("mount", "datastore DT on esxi2")]


def test_a_lun_that_is_not_there_lists_those_that_are():
    assert refused(storage(), lun=5) == (
        f"esxi1 sees no LUN 5 of target {IQN}. esxi1 sees: mpx.vmhba0 (local, 1.0 GiB); naa.6001 (target {IQN} LUN 0, "
        "12.0 GiB).")


def test_a_lun_with_something_on_it_is_never_formatted():
    other = Datastore("other", disks=["naa.6001"])
    assert "holds the datastore 'other' already" in refused(storage(other=other))
    current = storage()
    current.usable = []
    assert "does not offer naa.6001" in refused(current)


def test_partitions_are_overwritten_only_when_asked_to():
    current = storage()
    current.partitions = ["ntfs"]
    assert "has partitions of type ntfs" in refused(current)
    assert steps(current, overwrite=True)[0] == ("create", "datastore DT")


def test_the_name_belongs_to_something_else():
    assert "but on naa.9, not on LUN 0" in refused(storage(DT=shared(disks=["naa.9"])))
    assert "of type NFS" in refused(storage(DT=shared(kind="NFS", disks=[])))


def test_a_new_one_needs_a_lun():
    assert "to make it, give 'target' and 'lun', or 'naa'" in refused(storage(), target=None, lun=None)


def test_removal():
    assert steps(storage(DT=shared()), state="absent") == [("remove", "datastore DT")]
    assert steps(storage(), state="absent") == []
    assert "2 virtual machines" in refused(storage(DT=shared(machines=2)), state="absent")


@pytest.mark.parametrize("name", ["", "a/b", "x" * 43, "[x]"])
def test_names_that_no_server_takes(name):
    assert "must be 1 to 42 characters" in refused(storage(), name=name)


def test_luns_from_the_api():
    def disk(key, name):
        return Obj(key=key, canonicalName=name, capacity=Obj(block=2048, blockSize=512), devicePath=f"/dev/{name}",
                   vendor="TrueNAS ", model="iSCSI Disk")

    transport = Obj(iScsiName=IQN, address=["10.0.2.129:3260"])
    target = Obj(transport=transport, lun=[Obj(scsiLun="k1", lun=3), Obj(scsiLun="gone", lun=4)])
    devices = Obj(scsiLun=[disk("k1", "naa.1"), disk("k2", "mpx.1"), Obj(key="cd", capacity=None)],
                  scsiTopology=Obj(adapter=[Obj(target=[target]), Obj(target=None)]))
    found = luns.luns_of(devices)
    assert [(lun.naa, lun.target, lun.number, lun.size) for lun in found] == [
        ("naa.1", IQN, 3, 2**20), ("mpx.1", None, 0, 2**20)]
    assert found[0].shown()["vendor"] == "TrueNAS"
    assert luns.luns_of(Obj(scsiLun=None, scsiTopology=None)) == []
