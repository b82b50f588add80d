# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine's power state and guest are, from the API's values."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.state import Machine, from_api


def guest(first, *others):
    return {"guest.ipAddress": first, "guest.net": [SimpleNamespace(ipAddress=list(others))]}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (guest("192.168.1.50"), "192.168.1.50"),
        (guest("fe80::1", "fd00::5", "192.168.1.50"), "192.168.1.50"),
        (guest(None, "fe80::1%eth0", "fd00::5"), "fd00::5"),
        (guest("169.254.3.4", "127.0.0.1", "0.0.0.0", "nonsense"), None),
        ({}, None),
        ({"guest.net": [SimpleNamespace(ipAddress=None)]}, None),
    ],
)
def test_the_address_is_one_that_others_can_reach(values, expected):
    assert from_api("web", values).address == expected


def test_a_machine():
    values = {
        "runtime.powerState": "poweredOn",
        "guest.toolsRunningStatus": "guestToolsRunning",
        "runtime.question": SimpleNamespace(text="msg:\n  moved  or copied?"),
        **guest("10.0.0.1"),
    }
    assert from_api("web", values) == Machine("web", "poweredOn", True, "10.0.0.1", "msg: moved or copied?")
    assert from_api("web", {}) == Machine("web", "poweredOff")


@pytest.mark.parametrize(("power", "tools", "told"), [
    ("poweredOn", True, "10.0.0.1"),
    # What stands there is from before the guest went down.
    ("poweredOn", False, None),
    ("suspended", True, None),
])
def test_only_a_guest_that_runs_tells_an_address(power, tools, told):
    assert Machine("web", power, tools, "10.0.0.1").told == told
