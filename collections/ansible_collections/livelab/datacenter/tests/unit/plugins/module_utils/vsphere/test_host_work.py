# SPDX-License-Identifier: GPL-3.0-or-later
"""Adding a host: what the vCenter is sent, and what becomes of its refusals."""

from __future__ import annotations

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
def add(monkeypatch):
    """Adds a host with this thumbprint to a vCenter that answers like this. Returns the thumbprints it was sent."""

    def run(pinned, *answers):
        sent, answers = [], list(answers)
        work = module.HostWork({"name": "esxi1", "esxi_port": 443, "esxi_username": "root", "esxi_password": "secret",
                                "esxi_thumbprint": pinned, "force": False})
        work.trust = HostTrust("esxi1", 443, pinned, lambda _host, _port: CERTIFICATE)

        def wait(_task):
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(work, "_wait", wait)
        assert work._trusting(lambda spec: sent.append(spec.sslThumbprint)) == "added"
        return sent

    return run


def test_a_vcenter_that_wants_sha1(add):
    assert add(SHA256, "added") == [SHA1]


def test_a_vcenter_that_wants_sha256(add):
    assert add(SHA256, failed(vim.fault.SSLVerifyFault(thumbprint=SHA256)), "added") == [SHA1, SHA256]


def test_a_vcenter_that_trusts_the_host_by_itself(add):
    assert add(None, "added") == [None]


@pytest.mark.parametrize(("pinned", "fault", "said"), [
    (None, vim.fault.SSLVerifyFault(thumbprint=SHA1), f"does not trust .* Its thumbprint is {SHA256}"),
    (SHA256, vim.fault.SSLVerifyFault(thumbprint=thumbprint(b"x")), "sees another certificate"),
    (SHA256, vim.fault.InvalidLogin(), "host 'esxi1' refuses the login: wrong user name 'root' or wrong password"),
    (SHA256, vim.fault.NoHost(name="esxi1"), "the vCenter cannot reach host 'esxi1' at port 443"),
    (SHA256, vim.fault.AlreadyBeingManaged(ipAddress="10.0.0.9"), "managed by another vCenter, at 10.0.0.9; 'force"),
    (SHA256, vim.fault.DuplicateName(name="esxi1"), "the name 'esxi1' is taken already"),
])
def test_refusals(add, pinned, fault, said):
    with pytest.raises(ConvergeError, match=said):
        add(pinned, failed(fault))
