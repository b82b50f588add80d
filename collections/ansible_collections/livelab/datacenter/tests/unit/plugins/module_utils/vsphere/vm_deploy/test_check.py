# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of vm_deploy that are refused before a server is asked or a package opened."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.check import check

GOOD = {
    "name": "web", "networks": None, "datastore": "DT", "esxi_hostname": None, "cluster": None, "datacenter": None,
    "deployment_option": None, "ovf": "/x.ovf", "properties": None, "upload_thumbprint": None,
}


@pytest.mark.parametrize("options", [
    {}, {"name": "x" * 80}, {"name": "web/1"}, {"name": "/" + "x" * 100}, {"networks": {"LAN": "VM Network"}},
    {"properties": {"a": 1, "b": True, "c": ""}}, {"upload_thumbprint": "AB" * 32},
])
def test_what_can_be(options):
    check({**GOOD, **options})


@pytest.mark.parametrize(("options", "words"), [
    ({"name": ""}, "name: '' must have 1 to 80 characters."),
    ({"name": "x" * 81},
     f"name: '{'x' * 81}' has 81 characters; a machine's name has 1 to 80."),
    ({"name": "x" * 77 + "/a"},
     f"name: '{'x' * 77}/a' has 81 characters (a vCenter keeps '/', '\\' and '%' as three); a machine's name has 1 to 80."),
    ({"name": "we\nb"}, "name: 'we\\nb' has a line end or another control character in it."),
    ({"networks": {"LAN": ""}}, "networks: 'LAN' becomes ''; it must be the name of a network."),
    ({"networks": {"LAN": None}}, "networks: 'LAN' becomes ''; it must be the name of a network."),
    ({"networks": {"LAN": 5}}, "networks: 'LAN' becomes '5'; it must be the name of a network."),
    *[({option: " "}, f"{option} is empty: give a value, or leave it out.")
      for option in ("datastore", "esxi_hostname", "cluster", "datacenter", "deployment_option", "ovf")],
    ({"cluster": ""}, "cluster is empty: give a value, or leave it out."),
    ({"properties": {"a": None}}, "properties: 'a' must be a text, a number, true or false."),
    ({"properties": {"a": [1]}}, "properties: 'a' must be a text, a number, true or false."),
    ({"upload_thumbprint": "AB"},
     "upload_thumbprint: 'AB' is not a thumbprint; it must be the 64 hex digits of a SHA-256 thumbprint, with or "
     "without colons."),
])
def test_what_cannot_be_is_said(options, words):
    with pytest.raises(ConvergeError) as caught:
        check({**GOOD, **options})
    assert str(caught.value) == words
