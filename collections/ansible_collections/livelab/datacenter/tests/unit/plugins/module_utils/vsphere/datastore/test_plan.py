# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a datastore: made, mounted, removed, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.plan import blind, named, plan, sight
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.state import Datastore, Offer, Storage
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun

IQN = "iqn.2005-10.org.freenas.ctl:vmware"
LUN = Lun("naa.6001", IQN, 0, 12 * 2**30, "/vmfs/devices/disks/naa.6001")
LOCAL = Lun("mpx.1", None, 0, 2**30, "/vmfs/devices/disks/mpx.1")
SEEN = f"mpx.1 (local, 1.0 GiB); naa.6001 (target {IQN} LUN 0, 12.0 GiB)"
BOTH = (("esxi1", "mounted"), ("esxi2", "mounted"))


def storage(*datastores, seen=(LOCAL, LUN), **said):
    return Storage(("esxi1", "esxi2"), {"esxi1": seen, "esxi2": seen}, datastores, **{"offer": Offer(), **said})


def shared(**said):
    return Datastore(**{"name": "DT", "path": "/DC/datastore/DT", "uuid": "5-1", "disks": ("naa.6001",), "mounts": BOTH, **said})


def asked(**desired):
    return {"name": "DT", "state": "present", "target": IQN, "lun": 0, "naa": None, "overwrite": False, "vmfs_version": None,
            **desired}


def planned(current, **desired):
    return plan(current, asked(**desired))


def refused(current, **desired):
    with pytest.raises(ConvergeError) as caught:
        planned(current, **desired)
    return str(caught.value)


def mount(host, before=None, name="DT"):
    return Change(f"datastore {name} on {host}", before, {"mounted": True}, "mount", {"host": host})


# -- a new one ------------------------------------------------------------------------------------------------------------


def made(disk="naa.6001", name="DT"):
    return Change(f"datastore {name}", None, {"type": "VMFS", "disks": [disk], "hosts": ["esxi1"]}, "create")


def test_made_on_the_first_host_and_mounted_on_the_others():
    assert planned(storage()) == [made(), mount("esxi2")]


@pytest.mark.parametrize("lun", [
    {"target": None, "lun": None, "naa": "NAA.6001"}, {"target": IQN.upper()}, {"naa": "/vmfs/devices/disks/naa.6001"},
])
def test_on_the_lun_however_it_is_spelt(lun):
    assert planned(storage(), **lun) == [made(), mount("esxi2")]


@pytest.mark.parametrize("name", ["100% sure", "back\\slash", "a%2fb"])
def test_names_that_a_vcenter_escapes(name):
    assert planned(storage(), name=name) == [made(name=name), mount("esxi2", name=name)]


@pytest.mark.parametrize("name", ["a/b", "/DC/datastore/x", "[x", "x]"])
def test_names_that_a_new_one_cannot_have(name):
    assert refused(storage(shared(name="other", disks=())), name=name) == (
        f"name: there is no datastore '{name}', and a new one cannot be called so: none of the characters / [ ] may be in its "
        "name. There are: other.")


def test_a_lun_that_the_first_host_does_not_see_yet_is_planned_for():
    unseen = f"LUN 5 of target {IQN}"
    assert planned(storage(offer=None), lun=5) == [made(unseen), mount("esxi2")]
    dead = replace(LUN, alive=False)
    assert planned(storage(seen=(dead,), offer=None)) == [made(f"LUN 0 of target {IQN}"), mount("esxi2")]
    assert planned(storage(offer=None), naa="naa.9", target=None)[0] == made("LUN naa.9")


def test_a_new_one_needs_a_lun():
    assert refused(storage(), target=None, lun=None) == (
        f"datastore 'DT' does not exist: to make it, give 'target' and 'lun', or 'naa'. esxi1 sees: {SEEN}.")


def test_a_lun_with_a_datastore_on_it_is_never_formatted():
    other = shared(name="other", path="/DC/datastore/other")
    words = f"naa.6001 (target {IQN} LUN 0, 12.0 GiB) holds the datastore 'other'"
    ends = f" already. Use that name, or another LUN. esxi1 sees: {SEEN}."
    assert refused(storage(other), overwrite=True) == words + ends
    assert refused(storage(elsewhere=(other,)), overwrite=True) == f"{words} (/DC/datastore/other){ends}"
    assert planned(storage(replace(other, disks=("naa.7",)))) == [made(), mount("esxi2")]


def test_a_lun_that_is_too_small():
    small = replace(LUN, size=1_299_999_999)
    assert refused(storage(seen=(small,))) == (
        f"{small} is too small for a VMFS: it has 1299999999 bytes, and takes 1300000000 at least.")
    assert planned(storage(seen=(replace(LUN, size=1_300_000_000),))) == [made(), mount("esxi2")]


def test_a_lun_with_a_volume_that_is_not_mounted_is_never_formatted():
    assert refused(storage(offer=Offer(False, ("ntfs", "vmfs"), 0)), overwrite=True) == (
        f"naa.6001 (target {IQN} LUN 0, 12.0 GiB) holds a VMFS volume that esxi1 has not mounted: a copy of another, or one that "
        "was made elsewhere. It is never formatted. If nothing on it is needed any more, delete its partition first.")


def test_a_lun_that_the_host_does_not_offer():
    assert refused(storage(offer=Offer(usable=False)), overwrite=True) == (
        f"esxi1 does not offer naa.6001 (target {IQN} LUN 0, 12.0 GiB) for a VMFS: something is on it, or it is read-only. "
        f"esxi1 sees: {SEEN}.")


def test_partitions_are_overwritten_only_when_asked_to():
    current = storage(offer=Offer(partitions=("ntfs", "linuxNative")))
    assert refused(current) == (
        f"naa.6001 (target {IQN} LUN 0, 12.0 GiB) has partitions of type ntfs, linuxNative. If nothing on it is needed any more, "
        "'overwrite: true' formats it.")
    assert planned(current, overwrite=True) == [made(), mount("esxi2")]


def test_a_host_that_knows_no_way():
    no_way = storage(offer=Offer(ways=0))
    assert refused(no_way) == f"esxi1 has no way to make a VMFS on naa.6001 (target {IQN} LUN 0, 12.0 GiB)."
    assert refused(no_way, vmfs_version=5) == f"esxi1 has no way to make a VMFS 5 on naa.6001 (target {IQN} LUN 0, 12.0 GiB)."


def test_a_host_that_was_not_asked_is_believed():
    assert planned(storage(offer=None)) == [made(), mount("esxi2")]


# -- one that is there ----------------------------------------------------------------------------------------------------


def test_as_declared_already():
    assert planned(storage(shared())) == []
    assert planned(storage(shared()), target=None, lun=None) == []
    assert planned(storage(shared()), name="/DC/datastore/DT") == []
    assert planned(storage(shared(disks=("naa.7", "naa.6001")))) == []


@pytest.mark.parametrize(("mounts", "before"), [
    ((), None), ((("esxi2", "unmounted"),), {"mounted": False}), ((("esxi2", "inaccessible"),), {"accessible": False}),
])
def test_only_mounted_where_it_is_missing(mounts, before):
    current = storage(shared(mounts=(BOTH[0], *mounts)))
    assert planned(current) == [mount("esxi2", before)]


def test_on_no_host_yet():
    assert planned(storage(shared(mounts=(("esxi9", "mounted"),)))) == [mount("esxi1"), mount("esxi2")]


def test_the_name_belongs_to_something_else():
    assert refused(storage(shared(disks=("naa.8", "naa.9")))) == (
        f"datastore 'DT' exists, but on naa.8, naa.9, not on LUN 0 of target {IQN}, which is naa.6001.")
    assert refused(storage(shared(kind="NFS", disks=()))) == (
        "datastore 'DT' exists, but is of type NFS; choose another name for the VMFS datastore.")


def test_a_host_that_sees_another_lun_there_is_believed_of_any():
    current = storage(shared(disks=("naa.9",)))
    blind_first = replace(current, luns={"esxi1": (), "esxi2": (LUN,)})
    assert "not on LUN 0" in refused(blind_first)
    assert planned(replace(current, luns={"esxi1": (), "esxi2": ()})) == []
    # Where the server does not tell the disks, there is nothing to compare.
    assert planned(storage(shared(disks=()))) == []


@pytest.mark.parametrize(("name", "finds"), [
    ("a/b", True), ("a%2fb", True), ("A%2Fb", False), ("/DC/datastore/a/b", True), ("b", False),
])
def test_found_by_name_by_path_and_as_a_vcenter_keeps_it(name, finds):
    store = shared(name="a/b", path="/DC/datastore/a/b")
    assert (named(storage(store), name) == store) is finds
    assert (named(storage(store), name) is None) is not finds


def test_a_name_as_it_is_comes_before_one_unescaped():
    plain, escaped = shared(name="a/b", uuid="1"), shared(name="a%2fb", uuid="2")
    assert named(storage(plain, escaped), "a%2fb") == escaped


def test_one_volume_in_two_data_centres_is_one():
    one = shared(mounts=BOTH[:1], machines=1)
    two = shared(path="/B/datastore/DT", mounts=BOTH[1:], machines=2)
    assert named(storage(one, two), "DT") == replace(one, mounts=BOTH, machines=3)
    assert planned(storage(one, two)) == []


def test_two_of_one_name_are_ambiguous():
    words = ("2 datastores are called 'DT': /DC/datastore/DT (VMFS on naa.6001), /B/datastore/DT (VMFS on naa.7). Say which by "
             "its path, or list only hosts of one data centre.")
    assert refused(storage(shared(), shared(path="/B/datastore/DT", uuid="5-2", disks=("naa.7",)))) == words
    nfs = [shared(path=path, uuid="", kind="NFS", disks=()) for path in ("/A", "/B")]
    assert "2 datastores are called 'DT': /A (NFS), /B (NFS)." in refused(storage(*nfs))


# -- who has to look ------------------------------------------------------------------------------------------------------


def test_who_does_not_see_the_lun_of_a_new_one():
    assert blind(storage(), asked()) == []
    assert blind(storage(), asked(lun=1)) == ["esxi1", "esxi2"]
    assert blind(storage(seen=(replace(LUN, alive=False),)), asked()) == ["esxi1", "esxi2"]
    half = replace(storage(), luns={"esxi1": (LUN,)})
    assert blind(half, asked()) == ["esxi2"]
    assert blind(half, asked(state="absent")) == []


@pytest.mark.parametrize(("how", "sees", "looks"), [
    (None, False, True), ("inaccessible", False, True), ("unmounted", False, False), ("mounted", False, False),
    (None, True, False), ("inaccessible", True, False),
])
def test_who_does_not_see_the_disks_of_one_that_is_there(how, sees, looks):
    mounts = (BOTH[0], *([("esxi2", how)] if how else []))
    current = replace(storage(shared(mounts=mounts)), luns={"esxi1": (LUN,), "esxi2": (LUN,) if sees else (LOCAL,)})
    assert blind(current, asked()) == (["esxi2"] if looks else [])


def test_all_disks_have_to_be_seen_alive():
    two = shared(disks=("naa.6001", "naa.7"), mounts=BOTH[:1])
    assert blind(storage(two), asked()) == ["esxi2"]
    dead = storage(shared(mounts=BOTH[:1]), seen=(replace(LUN, alive=False),))
    assert blind(dead, asked()) == ["esxi2"]


def test_what_a_host_sees():
    assert sight(storage(), "esxi1") == f"esxi1 sees: {SEEN}."
    assert sight(storage(), "esxi9") == "esxi9 sees: no disks."


# -- removal --------------------------------------------------------------------------------------------------------------


def test_removal():
    current = storage(shared(mounts=(*BOTH, ("esxi3", "inaccessible"))))
    assert planned(current, state="absent", target=None) == [
        Change("datastore DT", {"type": "VMFS", "disks": ["naa.6001"], "hosts": ["esxi1", "esxi2"]}, None, "remove",
               {"host": "esxi1", "others": ["esxi2", "esxi3"], "path": "/DC/datastore/DT"})]
    assert planned(storage(), state="absent") == []


def test_removed_on_the_first_host_that_has_it_mounted():
    (change,) = planned(storage(shared(mounts=(("esxi1", "inaccessible"), ("esxi2", "mounted")))), state="absent")
    assert (change.args["host"], change.args["others"]) == ("esxi2", ["esxi1"])
    two = storage(shared(mounts=()), shared(path="/B/datastore/DT", mounts=BOTH[1:]))
    assert planned(two, state="absent")[0].args["path"] == "/B/datastore/DT"


def test_one_with_machines_on_it_is_not_removed():
    assert refused(storage(shared(machines=2)), state="absent") == (
        "datastore 'DT' cannot be removed: 2 virtual machines or templates are on it. Move or delete that first.")
    far = shared(path="/B/datastore/DT", machines=1)
    assert refused(storage(shared(), elsewhere=(far,)), state="absent") == (
        "datastore 'DT' cannot be removed: 1 virtual machine or template is on it. Move or delete that first.")
    other = replace(far, uuid="5-2")
    assert len(planned(storage(shared(), elsewhere=(other,)), state="absent")) == 1
    unknown = storage(shared(uuid=""), elsewhere=(replace(far, uuid=""),))
    assert len(planned(unknown, state="absent")) == 1


def test_the_hosts_own_is_not_removed():
    assert refused(storage(shared(local=True)), state="absent") == (
        "datastore 'DT' cannot be removed: it is on the host's own disk, which holds the host's own files. Only datastores on "
        "LUNs are removed.")


@pytest.mark.parametrize(("mounts", "has"), [
    ((), "no host at all"), ((("esxi3", "mounted"), ("esxi1", "unmounted")), "esxi3 (mounted), esxi1 (unmounted)"),
])
def test_one_that_none_of_the_hosts_has_is_not_removed(mounts, has):
    assert refused(storage(shared(mounts=mounts)), state="absent") == (
        f"datastore 'DT' cannot be removed: it is mounted on none of esxi1, esxi2. It is on: {has}.")
