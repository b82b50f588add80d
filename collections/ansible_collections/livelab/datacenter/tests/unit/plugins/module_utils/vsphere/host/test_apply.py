# SPDX-License-Identifier: GPL-3.0-or-later
"""Adding a host: what the vCenter is sent, and what becomes of its refusals."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import thumbprint
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host import apply as module
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.trust import HostTrust
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import TaskFailed

vim = pytest.importorskip("pyVmomi").vim
vmodl = pytest.importorskip("pyVmomi").vmodl

CERTIFICATE = b"certificate"
SHA256, SHA1 = thumbprint(CERTIFICATE), thumbprint(CERTIFICATE, "SHA-1")


def failed(fault):
    return TaskFailed(vmodl.LocalizedMethodFault(fault=fault, localizedMessage=""), None)


@pytest.fixture
def add():
    """Adds a host with this thumbprint to a vCenter that answers like this. Returns the thumbprints it was sent."""

    def run(pinned, *answers, version="8.0.3"):
        sent, answers = [], list(answers)
        work = module.HostWork({"name": "esxi1", "esxi_port": 443, "esxi_username": "root", "esxi_password": "secret",
                                "esxi_thumbprint": pinned, "force": False})
        work.client = SimpleNamespace(hostname="vc", content=SimpleNamespace(about=SimpleNamespace(version=version)))
        work.trust = HostTrust("esxi1", 443, pinned, lambda _host, _port: CERTIFICATE)

        def ask(spec):
            sent.append(spec.sslThumbprint)
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        assert work._trusting(ask) == "added"
        return sent

    return run


def test_a_vcenter_that_wants_sha1(add):
    assert add(SHA256, "added") == [SHA1]


def test_a_vcenter_that_wants_sha256(add):
    assert add(SHA256, failed(vim.fault.SSLVerifyFault(thumbprint=SHA256)), "added") == [SHA1, SHA256]


def test_a_vcenter_9_wants_sha256_and_says_so_by_an_invalid_argument(add):
    assert add(SHA256, "added", version="9.0.0") == [SHA256]
    assert add(SHA1, "added", version="9.0.0") == [SHA256]
    refusal = failed(vmodl.fault.InvalidArgument(invalidProperty="sslThumbprint"))
    assert add(SHA256, refusal, "added") == [SHA1, SHA256]
    assert add(SHA256, vmodl.fault.InvalidArgument(), "added", version="9.1.0") == [SHA256, SHA1]


def test_a_vcenter_that_trusts_the_host_by_itself(add):
    assert add(None, "added") == [None]


@pytest.mark.parametrize(("pinned", "fault", "said"), [
    (None, vim.fault.SSLVerifyFault(thumbprint=SHA1), f"does not trust .* Its thumbprint is {SHA256}"),
    (SHA256, vim.fault.SSLVerifyFault(thumbprint=thumbprint(b"x")), "sees another certificate"),
    (SHA256, vmodl.fault.NotSupported(), "vc does not take host 'esxi1': the server does not support it"),
    (None, vmodl.fault.InvalidArgument(invalidProperty="sslThumbprint"), "Give it as 'esxi_thumbprint'"),
    (SHA256, vim.fault.InvalidLogin(), "host 'esxi1' refuses the login: wrong user name 'root' or wrong password"),
    (SHA256, vim.fault.NoHost(name="esxi1"), "the vCenter cannot reach host 'esxi1' at port 443"),
    (SHA256, vim.fault.AlreadyBeingManaged(ipAddress="10.0.0.9"), "managed by another vCenter, at 10.0.0.9; 'force"),
    (SHA256, vim.fault.DuplicateName(name="esxi1"), "the name 'esxi1' is taken already"),
])
def test_refusals(add, pinned, fault, said):
    with pytest.raises(ConvergeError, match=said):
        add(pinned, failed(fault))
