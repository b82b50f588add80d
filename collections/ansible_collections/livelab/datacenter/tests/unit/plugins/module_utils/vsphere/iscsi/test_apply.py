# SPDX-License-Identifier: GPL-3.0-or-later
"""What esxi_iscsi asks of a host, what its changes become, and when the host is made to look for LUNs."""

from __future__ import annotations

import contextlib
import datetime
from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi import apply as module
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.plan import plan

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl

IQN = "iqn.2001-01.a:b"
PORTAL = {"address": "10.0.2.129", "port": 3260}


class Recorder:
    """Takes any call and remembers it."""

    def __init__(self, **returns):
        self.calls, self._returns = [], returns

    def __getattr__(self, name):
        def call(*args):
            self.calls.append((name, *args))
            answer = self._returns.get(name)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def devices(*luns, adapter=True):
    """The host's devices: a software adapter, and these LUNs behind the portal."""
    size = Obj(block=1, blockSize=512)
    disks = [Obj(key=name, canonicalName=name, capacity=size, devicePath=name, vendor="", model="") for name in luns]
    transport = Obj(iScsiName=IQN, address=["10.0.2.129:3260"])
    target = Obj(transport=transport, lun=[Obj(scsiLun=name, lun=0) for name in luns])
    hba = Obj(key="h64", device="vmhba64", isSoftwareBased=True, iScsiName="iqn.1998-01.com.vmware:x", iScsiAlias="",
              authenticationProperties=None, configuredSendTarget=[Obj(**PORTAL)], configuredStaticTarget=[])
    return Obj(softwareInternetScsiEnabled=adapter, hostBusAdapter=[hba], scsiLun=disks, multipathInfo=None,
               scsiTopology=Obj(adapter=[Obj(adapter="h64", target=[target])]))


class Client:
    """A session with one host, whose devices are these at each reading in turn."""

    is_vcenter, hostname = False, "esxi1"

    def __init__(self, *readings, events=None):
        self.readings = list(readings)
        self.storage, self.manager = Recorder(), Recorder(QueryBoundVnics=[Obj(vnicDevice="vmk1", pathStatus="notUsed")])
        self.events = Recorder(QueryEvents=events)
        self.content = Obj(eventManager=self.events)

    def _values(self):
        return {"config.storageDevice": self.readings.pop(0), "config.network.vnic": [Obj(device="vmk1", portgroup="vMotion")]}

    def collect(self, _wanted):
        managers = Obj(storageSystem=self.storage, iscsiManager=self.manager)
        return {vim.HostSystem("host-1"): {"name": "esxi1", "configManager": managers, **self._values()}}

    def read(self, _host, *_properties):
        return self._values()

    def slow(self):
        return contextlib.nullcontext()

    def now(self):
        return datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def work(*readings, check_mode=False, events=None, **params):
    """An IscsiWork that has read."""
    client = Client(*readings, events=events)
    made = module.IscsiWork({"enabled": True, "rescan": "auto", "purge": False, "esxi_hostname": None, "username": "root",
                             "send_targets": [PORTAL], **params}, lambda _params: client)
    made.check_mode = check_mode
    made.read()
    return made


def rescanned(made):
    return [call for call in made.storage.calls if call[0].startswith("Rescan")]


RESCAN = [("RescanHba", "vmhba64"), ("RescanVmfs",)]


def test_reading_rescans_nothing_and_asks_for_ports_only_when_they_matter():
    made = work(devices("naa.1"))
    assert (made.storage.calls, made.manager.calls) == ([], [])
    made = work(devices("naa.1"), port_binding=["vmk1"])
    assert made.manager.calls == [("QueryBoundVnics", "vmhba64")]
    assert [port.device for port in made.current.bound] == ["vmk1"]
    assert work(devices(adapter=False), port_binding=["vmk1"]).manager.calls == []


def test_a_host_that_tells_nothing_is_named():
    with pytest.raises(ConvergeError, match=r"esxi1 does not tell its storage devices; .* user 'root'"):
        work(None)


def test_no_rescan_when_nothing_changed_and_a_lun_is_there():
    made = work(devices("naa.1"))
    assert made.settle([]) is False
    assert (rescanned(made), made.result()["rescanned"]) == ([], False)


def test_a_rescan_after_a_change():
    made = work(devices(), devices("naa.1"))
    assert made.settle(["a change"]) is True
    assert rescanned(made) == RESCAN
    result = made.result()
    assert (result["rescanned"], result["hba"], result["iqn"]) == (True, "vmhba64", "iqn.1998-01.com.vmware:x")
    assert [lun["naa"] for lun in result["luns"]] == ["naa.1"]
    assert made.warnings == []


def test_a_portal_without_luns_is_looked_at_again_and_warned_of():
    made = work(devices(), devices())
    assert made.settle([]) is False
    assert rescanned(made) == RESCAN
    assert made.warnings[0].startswith("esxi1 finds no LUN behind 10.0.2.129:3260.")
    assert "CHAP" in made.warnings[0]


def test_what_the_host_reports_of_its_initiator_is_said():
    event = Obj(fullFormattedMessage=None, eventTypeId="esx.problem.storage.iscsi.target.login.error")
    told = Obj(fullFormattedMessage="Target returned login error of: 0201.", eventTypeId="")
    made = work(devices(), devices(), events=[told, event])
    made.settle([])
    assert "The login fails at CHAP." in made.warnings[0]
    assert made.warnings[0].endswith("0201; esx.problem.storage.iscsi.target.login.error.")
    ((_name, spec),) = made.client.events.calls
    assert spec.entity.entity == made.host
    assert spec.eventTypeId == list(module.consequences.EVENTS)
    age = made.client.now() - spec.time.beginTime
    assert datetime.timedelta(seconds=5) <= age < datetime.timedelta(seconds=60)


def test_a_host_that_keeps_no_events_is_warned_of_all_the_same():
    made = work(devices(), devices(), events=vmodl.fault.NotSupported())
    made.settle([])
    assert made.warnings[0].startswith("esxi1 finds no LUN")


def test_other_luns_than_before_are_a_change():
    assert work(devices("naa.1"), devices("naa.1", "naa.2"), rescan="always").settle([]) is True
    assert work(devices("naa.1"), devices("naa.1"), rescan="always").settle([]) is False


def test_no_rescan_that_is_not_wanted():
    made = work(devices(), devices(), rescan="never")
    made.settle(["a change"])
    assert rescanned(made) == []
    assert made.warnings
    made = work(devices(), devices(), rescan="always", enabled=False, send_targets=None)
    made.settle(["a change"])
    assert (rescanned(made), made.warnings) == ([], [])


def test_check_mode_says_what_a_run_would_look_for():
    made = work(devices(), check_mode=True)
    made.verify([])
    assert made.warnings == ["esxi1 sees no LUN behind 10.0.2.129:3260 yet; a run has it look for them (rescan)."]
    for quiet in (work(devices("naa.1"), check_mode=True), work(devices()), work(devices(), check_mode=True, rescan="never"),
                  work(devices(adapter=False), check_mode=True)):
        quiet.verify([])
        assert quiet.warnings == []


def applied(*readings, **params):
    """The calls that a plan becomes."""
    made = work(*readings, **params)
    for change in plan(made.current, made.params):
        made.apply(change)
    return made, made.storage.calls + [call for call in made.manager.calls if call[0] != "QueryBoundVnics"]


def test_changes_become_calls():
    static = {"address": "10.0.2.1", "port": 3261, "iqn": IQN}
    made, calls = applied(devices(), iqn="iqn.2001-01.a:x", alias="lab", port_binding=["vMotion"], purge=True,
                          send_targets=[{"address": "nas", "port": 3260}], static_targets=[static])
    assert [call[0] for call in calls] == [
        "UpdateInternetScsiName", "UpdateInternetScsiAlias", "RemoveInternetScsiSendTargets", "AddInternetScsiSendTargets",
        "AddInternetScsiStaticTargets"]
    assert calls[0] == ("UpdateInternetScsiName", "vmhba64", "iqn.2001-01.a:x")
    assert calls[1] == ("UpdateInternetScsiAlias", "vmhba64", "lab")
    assert [(call[2][0].address, call[2][0].port) for call in calls[2:]] == [
        ("10.0.2.129", 3260), ("nas", 3260), ("10.0.2.1", 3261)]
    assert calls[4][2][0].iScsiName == IQN
    assert made.current.hba == "vmhba64"


def test_binding_and_releasing():
    made = work(devices("naa.1"), port_binding=[], purge=True)
    for change in plan(made.current, made.params):
        made.apply(change)
    assert made.manager.calls[1:] == [("UnbindVnic", "vmhba64", "vmk1", False)]
    made._ports = ()
    made.params["port_binding"] = ["vMotion"]
    for change in plan(made._state(), made.params):
        made.apply(change)
    assert made.manager.calls[2:] == [("BindVnic", "vmhba64", "vmk1")]


def test_turning_it_on_shows_which_device_it_has_become():
    made, calls = applied(devices(adapter=False), devices())
    assert calls[0] == ("UpdateSoftwareInternetScsiEnabled", True)
    assert calls[1][:2] == ("AddInternetScsiSendTargets", "vmhba64")
    assert made.current.hba == "vmhba64"
    with pytest.raises(ConvergeError, match=r"esxi1 says that software iSCSI is on, but shows no adapter for it; it may need"):
        applied(devices(adapter=False), devices(adapter=False))


def test_turning_it_off():
    _made, calls = applied(devices(), enabled=False, send_targets=None)
    assert calls == [("UpdateSoftwareInternetScsiEnabled", False)]


def chap(**said):
    return {"user": "esxi", "password": "abcdefghijkl", "level": "required", "mutual_user": None, "mutual_password": None,
            "update_password": "always", **said}


@pytest.mark.parametrize(("said", "sent"), [
    ({}, (True, "chapRequired", "esxi", "abcdefghijkl", "chapProhibited", None, None)),
    ({"level": "preferred"}, (True, "chapPreferred", "esxi", "abcdefghijkl", "chapProhibited", None, None)),
    ({"mutual_user": "nas", "mutual_password": "mnopqrstuvwx"},
     (True, "chapRequired", "esxi", "abcdefghijkl", "chapRequired", "nas", "mnopqrstuvwx")),
])
def test_chap_as_it_is_sent(said, sent):
    _made, ((_name, hba, properties, targets),) = applied(devices("naa.1"), chap=chap(**said))
    assert (hba, targets) == ("vmhba64", None)
    assert (properties.chapAuthEnabled, properties.chapAuthenticationType, properties.chapName, properties.chapSecret,
            properties.mutualChapAuthenticationType, properties.mutualChapName, properties.mutualChapSecret) == sent


def test_chap_that_is_turned_off_sends_no_secret():
    hba = devices("naa.1")
    hba.hostBusAdapter[0].authenticationProperties = Obj(
        chapAuthEnabled=True, chapName="esxi", chapAuthenticationType="chapRequired", mutualChapAuthenticationType=None,
        mutualChapName=None)
    _made, ((_name, _hba, properties, _targets),) = applied(hba, chap=chap(level="prohibited"))
    assert (properties.chapAuthEnabled, properties.chapAuthenticationType) == (False, "chapProhibited")
    assert (properties.chapName, properties.chapSecret, properties.mutualChapSecret) == (None, None, None)
