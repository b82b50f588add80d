# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from one power state to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.state import Machine

# The power state that the module's `state` comes to.
OUTCOME = {
    "powered-on": "poweredOn",
    "restarted": "poweredOn",
    "reset": "poweredOn",
    "powered-off": "poweredOff",
    "shutdown-guest": "poweredOff",
    "suspended": "suspended",
}


def plan(machine: Machine, desired: Mapping[str, Any]) -> list[Change]:
    """At most one change.

    :raises ConvergeError: when there is no way from the one state to the other.
    """
    what = f"virtual machine {machine.name}"
    wanted = desired["state"]
    try:
        step = step_to(wanted, machine, forced=desired.get("shutdown_timeout") is not None)
    except ConvergeError as error:
        raise ConvergeError(f"{what}: {error}") from error
    if step is None:
        return []
    after = OUTCOME[wanted]
    # The same word before and after would look like no change.
    after = f"{after} (restarted)" if after == machine.power else after
    return [Change(what, {"power": machine.power}, {"power": after}, step)]


def step_to(wanted: str, machine: Machine, forced: bool) -> str | None:
    """The step that leads to the wanted state, ``None`` when it is there.

    :param wanted: the module's ``state``.
    :param forced: whether the machine may be switched off when its guest does not shut down.
    :raises ConvergeError: when there is none.
    """
    if machine.power == "poweredOn" and wanted in ("restarted", "reset"):
        return "reboot_guest" if wanted == "restarted" and machine.tools else "reset"
    if machine.power == OUTCOME[wanted]:
        return None
    if OUTCOME[wanted] == "poweredOn":
        return "power_on"
    if wanted == "suspended":
        raise_unless(machine.power == "poweredOn", "it is switched off; only a machine that runs can be suspended.")
        return "suspend"
    if wanted == "shutdown-guest" and not (forced and not machine.tools):
        raise_unless(machine.power != "suspended", "it is suspended; power it on before its guest can be shut down.")
        raise_unless(machine.tools, "VMware Tools do not run in its guest, so it cannot be asked to shut down; use state: "
                                    "powered-off to switch it off.")
        return "shutdown_guest"
    return "power_off"


def raise_unless(fits: bool, complaint: str) -> None:
    """:raises ConvergeError: with the complaint, unless it fits."""
    if not fits:
        raise ConvergeError(complaint)
