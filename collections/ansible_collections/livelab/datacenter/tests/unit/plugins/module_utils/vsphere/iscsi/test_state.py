# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's software iSCSI adapter, from what the vSphere API says."""

from __future__ import annotations

from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi import state
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import (
    Chap,
    Port,
    Target,
    VMkernel,
    Volume,
)

IQN = "iqn.2001-01.a:b"


def adapter(**said):
    return Obj(**{"key": "h64", "device": "vmhba64", "isSoftwareBased": True, "iScsiName": "iqn.1998-01.com.vmware:x",
                  "iScsiAlias": None, "authenticationProperties": None, "configuredSendTarget": None,
                  "configuredStaticTarget": None, **said})


def devices(*hbas, enabled=True, disks=()):
    size = Obj(block=1, blockSize=512)
    luns = [Obj(key=name, canonicalName=name, capacity=size, devicePath=name, vendor="", model="") for name, _hba in disks]
    transport = Obj(iScsiName=IQN, address=["10.0.2.129:3260"])
    ways = [Obj(adapter=hba, target=[Obj(transport=transport, lun=[Obj(scsiLun=name, lun=0)])]) for name, hba in disks]
    return Obj(softwareInternetScsiEnabled=enabled, hostBusAdapter=[Obj(key="h0", device="vmhba0"), *hbas], scsiLun=luns,
               multipathInfo=None, scsiTopology=Obj(adapter=ways))


def static(iqn, method="staticMethod", port=None, **said):
    return Obj(address="10.0.2.1", port=port, iScsiName=iqn, discoveryMethod=method, **said)


def mount(name, *disks, mounted=True, accessible=True):
    return Obj(volume=Obj(name=name, extent=[Obj(diskName=disk) for disk in disks]),
               mountInfo=Obj(mounted=mounted, accessible=accessible))


def test_no_adapter():
    assert state.from_api("esxi1", devices(adapter(), enabled=False)) == state.Adapter("esxi1")
    assert state.from_api("esxi1", devices(enabled=None)) == state.Adapter("esxi1")
    hardware = Obj(key="h2", device="vmhba2", isSoftwareBased=False)
    vmkernels = (VMkernel("vmk0", "Management Network"),)
    seen = state.from_api("esxi1", devices(hardware, disks=[("naa.1", "h2")]), None, vmkernels)
    assert (seen.enabled, seen.hba, seen.vmkernels) == (False, "", vmkernels)
    assert [lun.naa for lun in seen.luns] == ["naa.1"]


def test_a_fresh_adapter():
    assert state.from_api("esxi1", devices(adapter(iScsiName=None))) == state.Adapter("esxi1", True, "vmhba64")


def test_a_host_that_does_not_say_whether_it_is_on_shows_it():
    assert state.from_api("esxi1", devices(adapter(), enabled=None)).enabled


def test_all_of_it():
    ports = [Obj(vnicDevice="vmk1", pathStatus="lastActive"), Obj(vnicDevice="vmk2", pathStatus="notUsed")]
    configured = adapter(
        iScsiAlias="thesis",
        configuredSendTarget=[Obj(address="10.0.2.129", port=3261), Obj(address="nas", port=None)],
        configuredStaticTarget=[
            static("iqn.2001-01.a:c"), static(IQN, "sendTargetMethod", 3261, parent="NAS:3260"),
            static("iqn.2001-01.a:d", "sendTargetMethod"), static("iqn.2001-01.a:e", None, parent="x:1"),
            static(None, "", parent=""),
        ])
    disks = [("naa.1", "h64"), ("naa.2", "h0")]
    volumes = Obj(mountInfo=[mount("D%2fT", "naa.1", "naa.7"), mount("lost", "naa.1", accessible=False),
                             mount("unmounted", "naa.1", mounted=False), mount("other", "naa.2"),
                             Obj(volume=Obj(name="nfs"), mountInfo=Obj(mounted=True, accessible=True))])
    seen = state.from_api("esxi1", devices(configured, disks=disks), volumes, (), ports)
    assert (seen.host, seen.enabled, seen.hba, seen.iqn, seen.alias) == (
        "esxi1", True, "vmhba64", "iqn.1998-01.com.vmware:x", "thesis")
    assert seen.bound == (Port("vmk1", True), Port("vmk2", False))
    assert seen.send_targets == (Target("10.0.2.129", 3261), Target("nas", 3260))
    assert seen.static_targets == (Target("10.0.2.1", 3260, "iqn.2001-01.a:c"), Target("10.0.2.1", 3260, "iqn.2001-01.a:e"),
                                   Target("10.0.2.1", 3260))
    assert seen.discovered == (Target("10.0.2.1", 3261, IQN, "nas:3260"),
                               Target("10.0.2.1", 3260, "iqn.2001-01.a:d", state.UNKNOWN))
    assert [lun.naa for lun in seen.luns] == ["naa.1", "naa.2"]
    assert seen.volumes == (Volume("D/T", ("naa.1", "naa.7"), True), Volume("lost", ("naa.1",), False))


@pytest.mark.parametrize(("status", "in_use"), [
    ("active", True), ("standby", True), ("lastActive", True), ("notUsed", False), (None, False),
])
def test_a_port_is_in_use_while_paths_go_over_it(status, in_use):
    seen = state.from_api("esxi1", devices(adapter()), ports=[Obj(vnicDevice="vmk1", pathStatus=status)])
    assert seen.bound == (Port("vmk1", in_use),)


@pytest.mark.parametrize(("said", "chap"), [
    ({}, Chap("esxi", "preferred", None)),
    ({"chapAuthEnabled": False}, Chap()),
    ({"chapAuthenticationType": None}, Chap("esxi", "required", None)),
    ({"chapName": ""}, Chap(None, "preferred", None)),
    ({"mutualChapAuthenticationType": "chapRequired"}, Chap("esxi", "preferred", "nas")),
    ({"mutualChapAuthenticationType": None}, Chap("esxi", "preferred", None)),
    ({"mutualChapAuthenticationType": "chapRequired", "mutualChapName": ""}, Chap("esxi", "preferred", None)),
])
def test_chap(said, chap):
    told = Obj(**{"chapAuthEnabled": True, "chapName": "esxi", "chapAuthenticationType": "chapPreferred",
                  "mutualChapAuthenticationType": "chapProhibited", "mutualChapName": "nas", **said})
    assert state.from_api("esxi1", devices(adapter(authenticationProperties=told))).chap == chap


def test_vmkernel_adapters_and_their_ways_out():
    def group(name, *policy):
        return Obj(spec=Obj(name=name), computedPolicy=policy[0])

    order = Obj(nicTeaming=Obj(nicOrder=Obj(activeNic=["vmnic0"], standbyNic=["vmnic1"])))
    none = Obj(nicTeaming=Obj(nicOrder=Obj(activeNic=None, standbyNic=None)))
    groups = [group("Management Network", order), group("a%2fb", none), group("open", Obj(nicTeaming=None)),
              group("older", None), group("unordered", Obj(nicTeaming=Obj(nicOrder=None)))]
    names = ("Management Network", "a%2fb", "open", "older", "unordered", None)
    vnics = [Obj(device=f"vmk{index}", portgroup=name) for index, name in enumerate(names)]
    assert state.vmkernels_from_api(vnics, groups) == (
        VMkernel("vmk0", "Management Network", ("vmnic0", "vmnic1")), VMkernel("vmk1", "a/b", ()), VMkernel("vmk2", "open"),
        VMkernel("vmk3", "older"), VMkernel("vmk4", "unordered"), VMkernel("vmk5"))
    assert state.vmkernels_from_api(None, None) == ()


def test_in_words():
    assert str(VMkernel("vmk1", "vMotion")) == "vmk1 (port group 'vMotion')"
    assert str(VMkernel("vmk1")) == "vmk1"
    assert str(Target("fd00::1", 3260, IQN)) == f"[fd00::1]:3260 {IQN}"
    assert str(Target("NAS", 3261)) == "nas:3261"
    assert Chap("a", "required", "b").shown() == {"user": "a", "level": "required", "mutual_user": "b"}


def test_targets_are_told_apart_however_they_are_spelt():
    assert Target("NAS.lab.", 3260, "IQN.2001-01.A:b", "x").key == Target("nas.lab", 3260, "iqn.2001-01.a:B").key
    assert Target("FD00:0::1").key == ("[fd00::1]:3260", "")
