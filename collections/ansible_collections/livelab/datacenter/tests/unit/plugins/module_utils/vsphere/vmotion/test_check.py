# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of vmotion that are refused before a server is asked."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.check import check

GOOD = {
    "name": "web", "folder": None, "datacenter": None, "destination_host": "esxi2", "cluster": None, "datastore": None,
    "networks": None, "wait_timeout": 3600,
}


@pytest.mark.parametrize("options", [
    {},
    {"networks": {"10.0.0.0/24": "50%"}, "folder": "lab", "datacenter": "A/B"},
    {"destination_host": None, "cluster": "C", "datastore": "DT"},
    {"wait_timeout": 1},
    {"wait_timeout": 86400},
])
def test_what_can_be(options):
    assert check({**GOOD, **options}) is None


@pytest.mark.parametrize(("options", "words"), [
    *[({option: " "}, f"{option} is empty: give a value, or leave it out.")
      for option in ("name", "folder", "datacenter", "destination_host", "cluster", "datastore")],
    ({"name": ""}, "name is empty: give a value, or leave it out."),
    ({"networks": {"LAN": ""}}, "networks: 'LAN' becomes ''; it must be the name of a network."),
    ({"networks": {"LAN": None}}, "networks: 'LAN' becomes ''; it must be the name of a network."),
    ({"networks": {"WAN": "x", "LAN": 10}}, "networks: 'LAN' becomes '10'; it must be the name of a network."),
    ({"wait_timeout": 0}, "wait_timeout: 0 must be from 1 to 86400 seconds."),
    ({"wait_timeout": 86401}, "wait_timeout: 86401 must be from 1 to 86400 seconds."),
])
def test_what_cannot_be_is_said(options, words):
    with pytest.raises(ConvergeError) as refusal:
        check({**GOOD, **options})
    assert str(refusal.value) == words
