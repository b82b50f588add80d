# SPDX-License-Identifier: GPL-3.0-or-later
"""What a NAS calls itself, what it then has, and how far its numbers go."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import versions
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("FreeNAS-9.3-STABLE-201605170422", (9, 3)),
        ("FreeNAS-11.3-U5", (11, 3)),
        ("TrueNAS-13.0-U6.2", (13, 0)),
        ("TrueNAS-SCALE-22.12.4.2", (22, 12, 4, 2)),
        ("25.10.5", (25, 10, 5)),
        ("TrueNAS-26.0.0-BETA.3", (26, 0, 0)),
    ],
)
def test_a_version_is_read(text, number):
    assert Version.parse(text) == Version(number, text)


@pytest.mark.parametrize("text", ["", "TrueNAS", "201605170422", "v9"])
def test_what_is_no_version(text):
    with pytest.raises(ConvergeError, match="in which there is no number"):
        Version.parse(text)


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("9.3.0", {"address_port", "initiator_networks", "discovery_global", "raw_disk", "many_targets"}),
        (
            "9.3.1",
            {
                "address_port", "initiator_networks", "discovery_portal", "raw_disk", "many_targets",
                "target_group", "extent_details", "read_only",
            },
        ),
        (
            "13.0",
            {
                "address_port",
                "initiator_networks",
                "discovery_portal",
                "raw_disk",
                "many_targets",
                "target_group",
                "extent_details",
                "read_only",
                "extent_enabled",
                "unique_serial",
            },
        ),
        (
            "22.02.4",
            {
                "address_port",
                "initiator_networks",
                "discovery_portal",
                "raw_disk",
                "many_targets",
                "target_group",
                "extent_details",
                "read_only",
                "extent_enabled",
                "unique_serial",
            },
        ),
        (
            "22.12",
            {
                "service_port",
                "target_networks",
                "discovery_portal",
                "target_group",
                "extent_details",
                "read_only",
                "extent_enabled",
                "unique_serial",
            },
        ),
        (
            "25.04.2",
            {
                "service_port",
                "target_networks",
                "discovery_credential",
                "target_group",
                "extent_details",
                "read_only",
                "extent_enabled",
                "unique_serial",
            },
        ),
        (
            "26.0.0",
            {
                "service_port",
                "target_networks",
                "discovery_credential",
                "target_group",
                "extent_details",
                "read_only",
                "extent_enabled",
                "unique_serial",
                "product_id",
                "service_control",
            },
        ),
    ],
)
def test_what_a_version_has(text, has):
    version = Version.parse(text)
    assert {name for name in versions._FEATURES if version.has(name)} == has


@pytest.mark.parametrize(
    ("text", "lun", "serial", "name"),
    [
        ("9.3.1", 14, 16, 120),
        ("11.3", 1023, 16, 120),
        ("13.0", 1023, 16, 120),
        ("22.12", 16382, 20, 64),
        ("26.0", 16382, 20, 64),
    ],
)
def test_how_far_numbers_go(text, lun, serial, name):
    version = Version.parse(text)
    assert (version.most("lun"), version.most("serial"), version.most("extent_name")) == (lun, serial, name)


@pytest.mark.parametrize(
    ("text", "feature", "said"),
    [
        (
            "TrueNAS-25.10.5",
            "initiator_networks",
            "x: TrueNAS-25.10.5 does not have networks of a group of initiators; versions before 22.12 have it. Use y.",
        ),
        ("13.0", "product_id", "x: 13.0 does not have a product id of an extent; versions from 25.10 on have it. Use y."),
        (
            "13.0",
            "discovery_credential",
            "x: 13.0 does not have CHAP of discovery in each CHAP user; versions from 25.04 on have it. Use y.",
        ),
        (
            "25.04",
            "discovery_portal",
            "x: 25.04 does not have CHAP of discovery in each portal; versions from 9.3.1 on and before 25.04 have it. Use y.",
        ),
    ],
)
def test_what_a_version_lacks_is_refused_by_the_name_of_those_that_have_it(text, feature, said):
    with pytest.raises(ConvergeError) as caught:
        Version.parse(text).must_have(feature, "x", "Use y.")
    assert str(caught.value) == said
    Version.parse("13.0").must_have("initiator_networks", "x")
