# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the vSphere API as plain text."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import fault_text, is_fault

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl


def message(text):
    return vmodl.LocalizableMessage(key="x", message=text)


@pytest.mark.parametrize(("fault", "text"), [
    (vim.fault.InvalidLogin(msg="Cannot complete login due to an incorrect user name or password."),
     "wrong user name or password; Cannot complete login due to an incorrect user name or password (InvalidLogin)"),
    (vim.fault.AlreadyExists(name="vSwitch1"), "'vSwitch1' exists already (AlreadyExists)"),
    (vim.fault.NotFound(), "it does not exist (any more) (NotFound)"),
    (vim.fault.AlreadyExists(), "AlreadyExists"),
    (vim.fault.PlatformConfigFault(msg="An error occurred.", text="Sysinfo error"),
     "An error occurred; Sysinfo error (PlatformConfigFault)"),
    (vim.fault.HostConfigFault(msg="HostConfigFault", faultMessage=[message("Unable to set the gateway.")]),
     "Unable to set the gateway (HostConfigFault)"),
    (vmodl.fault.SystemError(msg="A general system error occurred: ", reason="disk full"), "disk full (SystemError)"),
    (vim.fault.NoPermission(privilegeId="Host.Config.Network"),
     "the user lacks the privilege 'Host.Config.Network' (NoPermission)"),
])
def test_what_a_fault_says(fault, text):
    assert fault_text(fault) == text


def test_the_cause_underneath_is_said_too():
    cause = vmodl.MethodFault(msg="Device busy")
    assert fault_text(vim.fault.HostConfigFault(msg="Cannot change it", faultCause=cause)) == (
        "Cannot change it; Device busy (HostConfigFault)")


def test_as_tasks_carry_it():
    carried = vmodl.LocalizedMethodFault(fault=vim.fault.InvalidState(), localizedMessage="The host is busy.")
    assert fault_text(carried) == "it is in a state that does not allow this; The host is busy (InvalidState)"


def test_types_and_those_derived_from_them():
    assert is_fault(vim.fault.PlatformConfigFault(), "HostConfigFault")
    assert is_fault(vim.fault.InvalidLogin(), "NoHost", "InvalidLogin")
    assert not is_fault(vim.fault.InvalidLogin(), "NoHost")
