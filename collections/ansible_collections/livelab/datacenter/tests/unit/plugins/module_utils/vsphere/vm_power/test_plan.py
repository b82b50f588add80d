# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from a power state to another."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.state import Machine


def steps(power, wanted, tools, shutdown_timeout=None):
    changes = plan(Machine("web", power, tools), {"state": wanted, "shutdown_timeout": shutdown_timeout})
    return [change.apply for change in changes]


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
        ("poweredOn", "reset", True, ["reset"]),
        ("poweredOff", "reset", False, ["power_on"]),
        ("suspended", "reset", False, ["power_on"]),
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
        ("poweredOn", "shutdown-guest", "virtual machine web: VMware Tools do not run in its guest, so it cannot be asked to "
                                        "shut down; use state: powered-off to switch it off."),
        ("suspended", "shutdown-guest", "virtual machine web: it is suspended; power it on before its guest can be shut down."),
        ("poweredOff", "suspended", "virtual machine web: it is switched off; only a machine that runs can be suspended."),
    ],
)
def test_no_way_is_said(power, wanted, words):
    with pytest.raises(ConvergeError) as caught:
        steps(power, wanted, tools=False)
    assert str(caught.value) == words


@pytest.mark.parametrize("power", ["poweredOn", "suspended"])
def test_a_guest_that_cannot_be_asked_is_switched_off_where_that_is_allowed(power):
    assert steps(power, "shutdown-guest", tools=False, shutdown_timeout=5) == ["power_off"]


def test_a_change_says_what_becomes_of_the_power():
    change = plan(Machine("web", "poweredOff"), {"state": "powered-on"})[0]
    assert (change.what, change.before, change.after) == (
        "virtual machine web", {"power": "poweredOff"}, {"power": "poweredOn"})
    restart = plan(Machine("web", "poweredOn"), {"state": "restarted"})[0]
    assert (restart.before, restart.after) == ({"power": "poweredOn"}, {"power": "poweredOn (restarted)"})
