# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from a power state to another, and which of a guest's addresses is told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.apply import address, steps


@pytest.mark.parametrize(
    ("power", "wanted", "tools", "way"),
    [
        ("poweredOn", "powered-on", True, []),
        ("poweredOff", "powered-on", False, ["power_on"]),
        ("suspended", "powered-on", False, ["power_on"]),
        ("poweredOff", "powered-off", False, []),
        ("poweredOn", "powered-off", True, ["power_off"]),
        ("suspended", "powered-off", False, ["power_off"]),
        ("poweredOff", "shutdown-guest", False, []),
        ("poweredOn", "shutdown-guest", True, ["shutdown_guest"]),
        ("poweredOn", "restarted", True, ["reboot_guest"]),
        ("poweredOn", "restarted", False, ["reset"]),
        ("poweredOff", "restarted", False, ["power_on"]),
        ("poweredOn", "suspended", True, ["suspend"]),
        ("suspended", "suspended", False, []),
    ],
)
def test_steps(power, wanted, tools, way):
    assert steps(power, wanted, tools) == way


@pytest.mark.parametrize(
    ("power", "wanted", "words"),
    [
        ("poweredOn", "shutdown-guest", "VMware Tools do not run"),
        ("suspended", "shutdown-guest", "it is suspended"),
        ("poweredOff", "suspended", "it is switched off"),
    ],
)
def test_no_way_is_said(power, wanted, words):
    with pytest.raises(ConvergeError, match=words):
        steps(power, wanted, tools=False)


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
def test_address(values, expected):
    assert address(values) == expected
