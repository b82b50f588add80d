# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault of the vSphere API, and every error of its library, as plain text that names what it is about and what helps."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from types import SimpleNamespace
from xml.parsers.expat import ExpatError

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, Work, converge, run_plainly
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import errors
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain, fault_text, is_fault
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.fault_words import WORDS

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl
from pyVmomi import SoapAdapter, VmomiSupport

UTILS = Path(errors.__file__).parent
FIELD = re.compile(r"{\*?(\w+)\|")


def every_fault():
    """All fault types that pyVmomi knows."""
    types = [VmomiSupport.GetVmodlType(name) for name in list(VmomiSupport._dataDefMap)
             if name.startswith(("vim.fault.", "vmodl.fault.", "vmodl.query.")) and name.count(".") == 2]
    return [one for one in types if isinstance(one, type) and issubclass(one, vmodl.MethodFault)]


def called():
    """The methods of the API that the collection calls: those of their names, in its code and in the library's description."""
    names = {name for path in UTILS.rglob("*.py") for name in re.findall(r"\.([A-Z]\w+)\b", path.read_text(encoding="utf-8"))}
    for kind in list(VmomiSupport._managedDefMap):
        if kind.startswith(("vim.", "vmodl.")):
            for method in VmomiSupport.GetVmodlType(kind)._GetMethodList():
                if method.wsdlName in names:
                    yield method


def declared():
    """The faults that the API reference says they throw."""
    return {VmomiSupport.GetVmodlType(name) for method in called() for name in method.faults}


def short(kind):
    return kind.__name__.rsplit(".", 1)[-1]


POSSIBLE = [one for one in every_fault() if issubclass(one, (*declared(), vmodl.RuntimeFault))]


class Failing(Work):
    """A change that a server refuses with a fault."""

    def __init__(self, fault, step):
        super().__init__({})
        self.fault, self.step = fault, step

    def read(self):
        if self.step == "read":
            raise self.fault
        return

    def refuse(self, _change):
        raise self.fault


class Module:
    """What converge needs of an AnsibleModule."""

    check_mode = False
    params = {"hostname": "vc.lab.local"}

    def __init__(self):
        self.said = None

    def fail_json(self, **said):
        self.said = said

    def exit_json(self, **said):
        raise AssertionError(said)


def told(fault, step="apply"):
    """What a user reads when a server raises this."""
    module = Module()
    change = Change("port group LAN", None, {}, "refuse")
    converge(module, Failing(fault, step), plan=lambda _state, _params: [change], explain=explain)
    return module.said["msg"]


def test_there_are_methods_and_faults_to_look_at():
    names = {method.wsdlName for method in called()}
    assert {"RelocateVM_Task", "AddHost_Task", "AddPortGroup", "BindVnic", "CreateVmfsDatastore", "ImportVApp"} <= names
    assert {"HostConfigFault", "MigrationFault", "NotFound", "ResourceInUse"} <= {short(one) for one in declared()}
    assert len(POSSIBLE) > 200


def test_every_fault_that_a_method_declares_has_words_of_its_own():
    assert {short(one) for one in declared()} - set(WORDS) == set()


@pytest.mark.parametrize("kind", POSSIBLE, ids=short)
def test_a_fault_is_told_in_words_with_what_it_is_about_and_what_helps(kind):
    text = told(kind())
    match = re.fullmatch(r"port group LAN: could not add: (.+?)\. ([A-Z].+) \((\w+)\)\.", text)
    assert match, text
    meaning, remedy, name = match.groups()
    assert name == short(kind)
    for sentence in (meaning, remedy):
        assert " " in sentence
        assert name not in sentence
        assert not re.search(r"vim\.|vmodl|[{}|]|None|<", sentence), sentence
    # Nothing hides which of a family it is.
    assert name in WORDS or errors._as_words(name) in meaning


@pytest.mark.parametrize("name", WORDS)
def test_the_words_are_of_types_and_properties_that_there_are(name):
    (kind,) = [one for one in every_fault() if short(one) == name][:1] or [getattr(vmodl, name, None)]
    assert kind is not None
    properties = {one.name for one in kind._GetPropertyList()} | {"destination"}
    assert set(FIELD.findall(WORDS[name][0])) <= properties
    assert not FIELD.findall(WORDS[name][1])
    assert not WORDS[name][1].endswith(".")


@pytest.mark.parametrize("name", [name for name in WORDS if FIELD.search(WORDS[name][0])])
def test_what_a_fault_names_is_named(name):
    (kind,) = [one for one in every_fault() if short(one) == name][:1]
    for field in set(FIELD.findall(WORDS[name][0])) - {"destination"}:
        (known,) = [one for one in kind._GetPropertyList() if one.name == field]
        if known.type is not str:
            continue
        fault = kind()
        setattr(fault, field, "web%2f1")
        assert "web%2f1" in fault_text(fault)


def message(text):
    return vmodl.LocalizableMessage(key="x", message=text)


@pytest.mark.parametrize(("fault", "text"), [
    (vim.fault.InvalidLogin(msg="Cannot complete login due to an incorrect user name or password."),
     "wrong user name or password; Cannot complete login due to an incorrect user name or password. A vCenter wants user@domain "
     "(InvalidLogin)"),
    (vim.fault.AlreadyExists(name="vSwitch1"),
     "'vSwitch1' exists already. Choose another name, or remove the one that is there (AlreadyExists)"),
    (vim.fault.AlreadyExists(),
     "what is to be made exists already. Choose another name, or remove the one that is there (AlreadyExists)"),
    (vim.fault.FileNotFound(file="[DT] 50%25/50%25.vmx", msg="FileNotFound"),
     "the file '[DT] 50%25/50%25.vmx' is not there. See in the datastore browser what there is (FileNotFound)"),
    (vmodl.fault.SystemError(msg="A general system error occurred: ", reason="disk full"),
     "the server failed at it; disk full. The events of the object in the vSphere client, and the logs of the host, say more "
     "(SystemError)"),
    (vim.fault.NoPermission(privilegeId="Host.Config.Network"),
     "the user lacks the privilege 'Host.Config.Network'. Give it to the user, or log in as one who has it (NoPermission)"),
    # Of a type without words: those of its family, and its own message; else its name, as words.
    (vim.fault.CannotCreateFile(file="[DT] x", msg="vim.fault.CannotCreateFile"),
     "the file '[DT] x' cannot be used; cannot create file. See in the datastore browser whether it is there and free "
     "(CannotCreateFile)"),
    (vim.fault.CannotCreateFile(file="[DT] x", faultMessage=[message("The folder is read-only.")]),
     "the file '[DT] x' cannot be used; The folder is read-only. See in the datastore browser whether it is there and free "
     "(CannotCreateFile)"),
    (vim.fault.InvalidPowerState(existingState="poweredOn", requestedState="poweredOff"),
     "the virtual machine is 'poweredOn' and would have to be 'poweredOff'. Change its power state first (vm_power) "
     "(InvalidPowerState)"),
    # An object of the library written out is no message.
    (vmodl.fault.InvalidArgument(invalidProperty="spec.sslThumbprint", msg="(vmodl.fault.InvalidArgument) {\n   msg = ''\n}"),
     "the value of 'spec.sslThumbprint' is not accepted. Compare it with what the server's version takes (InvalidArgument)"),
])
def test_what_a_fault_says(fault, text):
    assert fault_text(fault) == text


def test_the_cause_underneath_is_said_too_and_what_helps_against_it():
    cause = vim.fault.ResourceInUse(name="vmk1")
    assert fault_text(vim.fault.HostConfigFault(msg="Cannot change it", faultCause=cause)) == (
        "the host could not be configured so; Cannot change it; 'vmk1' is in use. Free it from what uses it first "
        "(HostConfigFault)")
    carried = vmodl.LocalizedMethodFault(fault=vim.fault.IscsiFaultPnicInUse(pnicDevice="vmnic1"), localizedMessage="Busy.")
    assert fault_text(vim.fault.HostConfigFault(faultCause=vmodl.MethodFault(msg="Device busy", faultCause=carried.fault))) == (
        "the host could not be configured so; the server refuses it; Device busy; the network adapter 'vmnic1' is in use by "
        "iSCSI. Unbind it first (esxi_iscsi) (HostConfigFault)")


def test_as_tasks_carry_it():
    carried = vmodl.LocalizedMethodFault(fault=vim.fault.InvalidState(), localizedMessage="The host is busy.")
    assert fault_text(carried) == (
        "it is in a state that does not allow this; The host is busy. Bring it into another state first, then run it again "
        "(InvalidState)")


def test_what_only_the_caller_knows():
    fault = vim.fault.VMotionNotConfigured()
    assert "host of the move has no VMkernel" in fault_text(fault)
    assert "host esxi2 has no VMkernel" in fault_text(fault, failedHost="esxi2")
    fault.failedHost = "esxi1"
    assert "host esxi1 has no VMkernel" in fault_text(fault, failedHost="esxi2")


def test_what_no_change_is_to_blame_for_names_the_server():
    assert told(vim.fault.NotAuthenticated(), "read").startswith("vc.lab.local: the session has ended")
    module = Module()

    def read():
        raise vim.fault.NotAuthenticated()

    run_plainly(module, read, explain)
    assert module.said["msg"].startswith("vc.lab.local: the session has ended")


@pytest.mark.parametrize(("name", "words"), [
    ("NotSupportedHostInHACluster", "not supported host in HA cluster"),
    ("EVCAdmissionFailed", "EVC admission failed"),
    ("SSLDisabledFault", "SSL disabled"),
    ("CpuIncompatible81EDX", "cpu incompatible 81 EDX"),
])
def test_names_as_words(name, words):
    assert errors._as_words(name) == words


ANSWER = """<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>
<faultcode>ServerFaultCode</faultcode><faultstring>in use</faultstring>
<detail><{0}Fault xmlns="urn:vim25" xsi:type="{0}">{1}</{0}Fault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"""


@pytest.mark.parametrize(("fault", "inside", "unknown"), [
    ("ResourceInUse", "<type>VirtualNic</type><name>vmk1</name>", "VirtualNic"),
    ("NoSuch", "<name>vmk1</name>", "NoSuch"),
    ("NoPermission", "<object type=\"NoSuchObject\">x</object>", "NoSuchObject"),
])
def test_a_type_that_the_library_does_not_know(fault, inside, unknown):
    stub = SoapAdapter.SoapStubAdapter("vc", 0, version="vim.version.version9")
    with pytest.raises((TypeError, KeyError)) as caught:
        SoapAdapter.SoapResponseDeserializer(stub).Deserialize(ANSWER.format(fault, inside), vim.fault.NotFound)
    text = told(caught.value)
    assert text.startswith("port group LAN: could not add: the server answers with something that the library pyVmomi here ")
    assert text.endswith("A newer one may: pip install --upgrade pyvmomi.")
    assert unknown in text
    assert not re.search(r"\w+Error\b", text)


def test_what_we_ask_wrongly_is_no_answer():
    with pytest.raises(TypeError) as caught:
        vim.host.PortGroup.Specification(name=5)
    assert explain(caught.value).startswith("a fault of this module: TypeError")


@pytest.mark.parametrize(("error", "said"), [
    (TimeoutError(), "the server did not answer within the time limit (option 'timeout')"),
    *[(error, "the server broke the connection off before it had answered. Run it again once the server is up") for error in (
        http.client.RemoteDisconnected("closed"), http.client.IncompleteRead(b""), ConnectionResetError(104, "reset"),
        BrokenPipeError(32, "broken"))],
    *[(error, "what answered is no vSphere server: it does not speak HTTP as one does. See that hostname and port are right")
      for error in (http.client.BadStatusLine("220 ftp"), http.client.LineTooLong("x"))],
    (ExpatError("no element"), "what answered is no vSphere server: its answer is no XML. See that hostname and port are right"),
    (OSError(113, "No route to host"), "the connection to the server failed: No route to host"),
    (KeyError("x"), "a fault of this module: KeyError: 'x'. Please report it, with the task"),
])
def test_what_the_libraries_raise(error, said):
    assert explain(error) == said


def test_types_and_those_derived_from_them():
    assert is_fault(vim.fault.PlatformConfigFault(), "HostConfigFault")
    assert is_fault(vim.fault.InvalidLogin(), "NoHost", "InvalidLogin")
    assert not is_fault(vim.fault.InvalidLogin(), "NoHost")
    assert not is_fault(SimpleNamespace(), "NoHost")
