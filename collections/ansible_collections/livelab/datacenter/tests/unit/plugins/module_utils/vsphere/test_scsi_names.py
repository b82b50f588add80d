# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of initiators, targets, disks and portals: in one spelling, and what is none."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import scsi_names


@pytest.mark.parametrize("name", [
    "iqn.1998-01.com.vmware:esxi1", "iqn.1998-12.com.vmware", "IQN.2005-10.Org.FreeNAS.ctl:VMware", "iqn.2001-10.a:b:c/d",
    "eui.02004567A425678D", "naa.52004567BA64678D", "naa.62004567BA64678D0123456789ABCDEF", "iqn.2001-01.a:" + "x" * 209,
])
def test_iscsi_names(name):
    assert scsi_names.is_node(name)


@pytest.mark.parametrize("name", [
    "", "esxi1", "iqn.1998-13.com.vmware:x", "iqn.1998-00.com.vmware:x", "iqn.98-01.com:x", "iqn.1998-01.com.vmware:",
    "iqn.1998-01.com.vmware:a b", "iqn.1998-01.com.vmware:x\n", "eui.02004567A425678", "eui.02004567A425678DD", "naa.12",
    "naa.62004567BA64678D0123456789ABCDE", "iqn.2001-01.a:" + "x" * 210, "iqn.2001-01.a:" + "ü" * 105, "xiqn.2001-01.a",
])
def test_what_is_no_iscsi_name(name):
    assert not scsi_names.is_node(name)


def test_iscsi_names_have_no_case():
    assert scsi_names.canonical_node(" IQN.2001-01.A:B ") == "iqn.2001-01.a:b"


@pytest.mark.parametrize(("spelt", "canonical"), [
    ("NAA.6589CFC000000ABC", "naa.6589cfc000000abc"),
    ("/vmfs/devices/disks/naa.6589cfc0", "naa.6589cfc0"),
    ("0x6589cfc000000abc", "naa.6589cfc000000abc"),
    ("6589CFC000000ABC6589CFC000000ABC", "naa.6589cfc000000abc6589cfc000000abc"),
    ("mpx.vmhba0:C0:T0:L0", "mpx.vmhba0:c0:t0:l0"),
    (" naa.1 ", "naa.1"),
    ("6589cfc", "6589cfc"),
])
def test_disks_in_one_spelling(spelt, canonical):
    assert scsi_names.canonical_disk(spelt) == canonical


@pytest.mark.parametrize(("name", "is_one"), [
    ("naa.6589cfc0", True), ("EUI.0123", True), ("t10.ATA_____disk", True), ("mpx.vmhba0:C0:T0:L0", True),
    ("0x6589cfc000000abc", True), ("sda", False), ("naa.", False), ("naa.xyz", False), ("mpx.a b", False), ("", False),
    ("6589cfc", False),
])
def test_disks(name, is_one):
    assert scsi_names.is_disk(name) is is_one


@pytest.mark.parametrize(("address", "port", "text"), [
    ("10.0.0.1", None, "10.0.0.1:3260"), ("10.0.0.1", 3261, "10.0.0.1:3261"), ("NAS.Lab.", 3260, "nas.lab:3260"),
    ("FD00:0::1", 3260, "[fd00::1]:3260"), ("[fd00::1]", 860, "[fd00::1]:860"),
])
def test_portals(address, port, text):
    assert scsi_names.portal(address, port) == text


@pytest.mark.parametrize(("spelt", "canonical"), [
    ("10.0.0.1:3261", "10.0.0.1:3261"), ("10.0.0.1", "10.0.0.1:3260"), ("[FD00::1]:860", "[fd00::1]:860"),
    ("[fd00::1]", "[fd00::1]:3260"), ("fd00::1", "[fd00::1]:3260"), ("NAS.lab:3260 ", "nas.lab:3260"), ("nas", "nas:3260"),
])
def test_portals_as_hosts_write_them(spelt, canonical):
    assert scsi_names.canonical_portal(spelt) == canonical
