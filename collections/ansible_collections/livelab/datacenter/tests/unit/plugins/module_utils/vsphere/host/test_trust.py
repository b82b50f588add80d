# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host that is to be added is the one that is meant."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import thumbprint
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.trust import HostTrust

CERTIFICATE, OTHER = b"the host's", b"another's"
SHA256, SHA1 = thumbprint(CERTIFICATE), thumbprint(CERTIFICATE, "SHA-1")


def reachable(_host, _port):
    return CERTIFICATE


def unreachable(_host, _port):
    raise OSError(113, "No route to host")


def trust(pinned, fetch=reachable):
    return HostTrust("esxi1", 443, pinned, fetch)


@pytest.mark.parametrize("pinned", [SHA256, SHA1, SHA256.replace(":", "").lower()])
@pytest.mark.parametrize("wanted", [SHA256, SHA1])
def test_either_digest_answers_either(pinned, wanted):
    host = trust(pinned)
    host.check()
    assert host.offer("SHA-1") == SHA1
    assert host.answer(wanted) == wanted


@pytest.mark.parametrize("digest", ["SHA-256", "SHA-1"])
def test_a_wrong_thumbprint_is_found_before_the_vcenter_is_asked(digest):
    with pytest.raises(ConvergeError, match=f"the {digest} thumbprint of esxi1:443 is .* The host was not added"):
        trust(thumbprint(OTHER, digest)).check()


def test_nothing_pinned_fails_and_shows_it():
    host = trust(None)
    host.check()
    assert host.offer("SHA-1") is None
    with pytest.raises(ConvergeError, match=f"Its thumbprint is {SHA256}"):
        host.answer(SHA1)
    with pytest.raises(ConvergeError, match=f"Its thumbprint is {SHA1}"):
        trust(None, unreachable).answer(SHA1)


def test_the_vcenter_sees_another_certificate():
    with pytest.raises(ConvergeError, match="the vCenter sees another certificate"):
        trust(SHA256).answer(thumbprint(OTHER))


def test_a_host_that_only_the_vcenter_reaches():
    host = trust(SHA1, unreachable)
    host.check()
    assert host.offer("SHA-1") == SHA1
    assert host.answer(SHA1) == SHA1
    with pytest.raises(ConvergeError, match="the vCenter asks for the SHA-256 thumbprint"):
        host.answer(SHA256)
    with pytest.raises(ConvergeError, match="the vCenter sees another certificate"):
        host.answer(thumbprint(OTHER, "SHA-1"))


def test_a_vcenter_that_does_not_say_what_it_sees():
    with pytest.raises(ConvergeError, match="does not say which it sees"):
        trust(SHA256).answer(None)


def test_what_is_no_thumbprint():
    with pytest.raises(ConvergeError, match="esxi_thumbprint: 'abc' is not a thumbprint"):
        trust("abc")
