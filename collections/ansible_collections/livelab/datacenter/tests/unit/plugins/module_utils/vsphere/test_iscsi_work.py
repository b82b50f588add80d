# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the software iSCSI adapter, and when the host is made to look for LUNs."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi import apply as module

PORTAL = {"address": "10.0.2.129", "port": 3260}


def devices(*luns):
    """The host's devices: a software adapter, and these LUNs behind the portal."""
    size = Obj(block=1, blockSize=512)
    disks = [Obj(key=name, canonicalName=name, capacity=size, devicePath=name, vendor="", model="") for name in luns]
    transport = Obj(iScsiName="iqn.2001-01.a:b", address=["10.0.2.129:3260"])
    target = Obj(transport=transport, lun=[Obj(scsiLun=name, lun=0) for name in luns])
    adapter = Obj(device="vmhba64", isSoftwareBased=True, iScsiName="iqn.1998-01.com.vmware:x")
    return Obj(softwareInternetScsiEnabled=True, hostBusAdapter=[Obj(device="vmhba0"), adapter], scsiLun=disks,
               scsiTopology=Obj(adapter=[Obj(target=[target])]))


def work(before, after, check_mode=False, planned=False, **params):
    """An IscsiWork after its changes, whose rescan finds ``after``. Returns (it, what the host was told, warnings)."""
    told, warnings = [], []
    params = {"enabled": True, "rescan": "auto", "send_targets": [PORTAL], "static_targets": None, **params}
    made = module.IscsiWork(params, check_mode, warnings.append)
    made.client = Obj(slow=contextlib.nullcontext, read=lambda *_args: {"config.storageDevice": after})
    made.storage = Obj(RescanHba=told.append, RescanVmfs=lambda: told.append("vmfs"))
    made.host, made.name, made.devices, made.hba, made._planned = "h", "esxi1", before, "vmhba64", planned
    return made, told, warnings


def test_no_rescan_when_nothing_changed_and_a_lun_is_there():
    made, told, _warnings = work(devices("naa.1"), devices("naa.1", "naa.2"))
    result = made.result()
    assert (result["rescanned"], result["changed"], told) == (False, False, [])


def test_a_rescan_after_a_change():
    made, told, warnings = work(devices(), devices("naa.1"), planned=True)
    result = made.result()
    assert (result["rescanned"], result["changed"], told) == (True, True, ["vmhba64", "vmfs"])
    assert [lun["naa"] for lun in result["luns"]] == ["naa.1"]
    assert warnings == []


def test_a_portal_without_luns_is_looked_at_again_and_warned_of():
    made, told, warnings = work(devices(), devices())
    result = made.result()
    assert (result["rescanned"], result["changed"], told) == (True, False, ["vmhba64", "vmfs"])
    assert warnings[0].startswith("esxi1 finds no LUN behind 10.0.2.129:3260")


def test_other_luns_than_before_are_a_change():
    made, _told, _warnings = work(devices("naa.1"), devices("naa.1", "naa.2"), rescan="always")
    assert made.result()["changed"] is True


@pytest.mark.parametrize(("check_mode", "params"), [
    (True, {"rescan": "always"}), (False, {"rescan": "never"}), (False, {"enabled": False}),
])
def test_no_rescan(check_mode, params):
    made, told, _warnings = work(devices(), devices(), check_mode=check_mode, planned=True, **params)
    assert made.result()["rescanned"] is False
    assert told == []


def test_adapter_from_the_api():
    chap = Obj(chapAuthEnabled=True, chapName="esxi", chapAuthenticationType="chapPreferred",
               mutualChapAuthenticationType="chapProhibited", mutualChapName="old")
    found = Obj(
        address="10.0.2.1", port=None, iScsiName="iqn.2001-01.a:b", discoveryMethod="sendTargetMethod")
    static = Obj(address="10.0.2.1", port=None, iScsiName="iqn.2001-01.a:c", discoveryMethod="staticMethod")
    adapter = Obj(device="vmhba64", iScsiName="iqn.1998-01.com.vmware:x", iScsiAlias=None,
                  authenticationProperties=chap, configuredSendTarget=[Obj(address="10.0.2.129", port=3261)],
                  configuredStaticTarget=[found, static])
    state = module.from_api("esxi1", adapter, ["vmk1"], {"vmk1": "vMotion"})
    assert state.chap == {"user": "esxi", "level": "preferred", "mutual_user": None}
    assert state.send_targets == [("10.0.2.129", 3261)]
    assert state.static_targets == [("10.0.2.1", 3260, "iqn.2001-01.a:c")]
    assert module.from_api("esxi1", None, [], {}).enabled is False


def test_no_software_adapter():
    off = devices()
    off.softwareInternetScsiEnabled = False
    assert module.software_adapter(off) is None
    assert module.software_adapter(Obj(softwareInternetScsiEnabled=None, hostBusAdapter=[Obj(device="vmhba0")])) is None
