# SPDX-License-Identifier: GPL-3.0-or-later
"""The iSCSI service of a NAS, from what was read of it, in one spelling."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    Address,
    Discovery,
    Extent,
    GlobalConfig,
    Initiator,
    Listen,
    Portal,
    Service,
    Target,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import (
    KINDS,
    canonical,
    from_api,
    network,
    socket,
    source_of,
    whole_name,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import Volumes


def found(**said):
    nothing = dict.fromkeys(KINDS.values(), ())
    return {**nothing, GlobalConfig: (GlobalConfig("IQN.2005-10.Org.x"),), Discovery: (Discovery(),), Service: (), **said}


def test_what_was_read():
    portal = Portal(1, "p", (Listen("192.0.2.9"),))
    volumes = Volumes("nas")
    state = from_api("nas", Version.parse("13.0"), {**found(), Portal: (portal,)}, volumes)
    assert (state.host, state.config.basename, state.addresses) == ("nas", "iqn.2005-10.org.x", None)
    assert state.things[Portal] == {1: portal}
    assert state.service == Service(None, "iscsitarget", False, False)
    assert state.volumes is volumes
    service = Service(4, "iscsitarget", True, True)
    answer = {**found(), Address: (Address("2001:DB8:0::1"),), Service: (service,)}
    state = from_api("nas", Version.parse("13.0"), answer, volumes)
    assert (state.addresses, state.service) == (("2001:db8::1",), service)


@pytest.mark.parametrize(
    ("thing", "want"),
    [
        (
            Portal(1, "p", (Listen("2001:DB8:0::1", 2), Listen("192.0.2.9", 2), Listen("192.0.2.9", 1))),
            Portal(1, "p", (Listen("192.0.2.9", 1), Listen("192.0.2.9", 2), Listen("2001:db8::1", 2))),
        ),
        (Initiator(1, "i", ("IQN.b", " iqn.a ", "ALL"), ("ALL",)), Initiator(1, "i", ("iqn.a", "iqn.b"), ())),
        (
            Initiator(1, "i", (), ("192.0.2.9", "192.0.2.7/24", "odd One")),
            Initiator(1, "i", (), ("192.0.2.0/24", "192.0.2.9/32", "odd one")),
        ),
        (Initiator(1, "i", ("IQN.a",), None), Initiator(1, "i", ("iqn.a",), None)),
        (Target(1, "VMware", networks=("192.0.2.7/24",)), Target(1, "vmware", networks=("192.0.2.0/24",))),
        (Target(1, "VMware"), Target(1, "vmware")),
        (Extent(1, "e", "zvol", "tank/my+vol"), Extent(1, "e", "zvol", "tank/my vol")),
        (Extent(1, "e", "file", "/mnt/a+b"), Extent(1, "e", "file", "/mnt/a+b")),
    ],
)
def test_one_spelling(thing, want):
    assert canonical(thing) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("tank/my vol", ("zvol", "tank/my vol")),
        ("zvol/tank/my+vol", ("zvol", "tank/my vol")),
        ("/dev/zvol/tank/z", ("zvol", "tank/z")),
        ("da1", ("disk", "da1")),
        ("/dev/da1", ("disk", "da1")),
    ],
)
def test_what_an_extent_is_on(text, want):
    assert source_of(text) == want


def test_words():
    assert (socket(Listen("192.0.2.9")), socket(Listen("::1", 1))) == ("192.0.2.9:3260", "[::1]:1")
    assert [whole_name("iqn.b", name) for name in ("t", "iqn.t", "eui.t", "naa.t")] == ["iqn.b:t", "iqn.t", "eui.t", "naa.t"]
    assert network(" 192.0.2.7/24 ") == "192.0.2.0/24"
