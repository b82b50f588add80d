# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of vm_power that are refused before a server is asked."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.check import check

GOOD = {
    "name": "web", "state": "powered-on", "wait_for_ip": False, "wait_for_tools": False, "wait_for_port": None,
    "wait_timeout": 300, "shutdown_timeout": None,
}


@pytest.mark.parametrize("options", [
    {},
    {"state": "restarted", "wait_for_ip": True, "wait_for_tools": True, "wait_for_port": 22},
    {"state": "reset", "wait_for_ip": True},
    {"state": "shutdown-guest", "shutdown_timeout": 1},
    {"wait_timeout": 86400},
])
def test_what_can_be(options):
    check({**GOOD, **options})


@pytest.mark.parametrize(("options", "words"), [
    ({"name": " "}, "name is empty: it must name a virtual machine."),
    ({"wait_timeout": 0}, "wait_timeout: 0 must be from 1 to 86400 seconds."),
    ({"wait_timeout": -5}, "wait_timeout: -5 must be from 1 to 86400 seconds."),
    ({"wait_timeout": 10**10}, "wait_timeout: 10000000000 must be from 1 to 86400 seconds."),
    ({"state": "shutdown-guest", "shutdown_timeout": 0}, "shutdown_timeout: 0 must be from 1 to 86400 seconds."),
    ({"shutdown_timeout": 5}, "shutdown_timeout: with state: powered-on nothing is shut down; use it with shutdown-guest."),
    ({"wait_for_port": 70000}, "wait_for_port: 70000 is not a TCP port; it must be from 1 to 65535."),
    ({"wait_for_port": 0}, "wait_for_port: 0 is not a TCP port; it must be from 1 to 65535."),
    ({"state": "powered-off", "wait_for_ip": True},
     "wait_for_ip: a machine that is powered-off has no guest that runs; use it with powered-on or restarted."),
    ({"state": "suspended", "wait_for_tools": True},
     "wait_for_tools: a machine that is suspended has no guest that runs; use it with powered-on or restarted."),
    ({"state": "shutdown-guest", "wait_for_port": 22},
     "wait_for_port: a machine that is shutdown-guest has no guest that runs; use it with powered-on or restarted."),
])
def test_what_cannot_be_is_said(options, words):
    with pytest.raises(ConvergeError) as caught:
        check({**GOOD, **options})
    assert str(caught.value) == words
