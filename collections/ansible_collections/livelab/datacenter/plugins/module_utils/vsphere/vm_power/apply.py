# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power state of a virtual machine: what is, what is wanted, and the way between."""

from __future__ import annotations

import ipaddress
import time
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.site import find_machine
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task

_PROPERTIES = ("runtime.powerState", "runtime.question", "guest.toolsRunningStatus", "guest.ipAddress", "guest.net")
_POLL = 1.0
_OUTCOME = {
    "powered-on": "poweredOn",
    "restarted": "poweredOn",
    "powered-off": "poweredOff",
    "shutdown-guest": "poweredOff",
    "suspended": "suspended",
}


def steps(power: str, wanted: str, tools: bool) -> list[str]:
    """The steps from a power state to a wanted one.

    :param power: ``poweredOn``, ``poweredOff`` or ``suspended``.
    :param wanted: the module's ``state``.
    :param tools: whether VMware Tools run in the guest.
    :raises ConvergeError: when there is no way.
    """
    if wanted == "restarted" and power == "poweredOn":
        return ["reboot_guest" if tools else "reset"]
    if power == _OUTCOME[wanted]:
        return []
    if wanted in ("powered-on", "restarted"):
        return ["power_on"]
    if wanted == "suspended":
        if power != "poweredOn":
            raise ConvergeError("it is switched off; only a machine that runs can be suspended.")
        return ["suspend"]
    if wanted == "shutdown-guest":
        if power == "suspended":
            raise ConvergeError("it is suspended; power it on before its guest can be shut down.")
        if not tools:
            raise ConvergeError("VMware Tools do not run in its guest, so it cannot be asked to shut down; use "
                                "state: powered-off to switch it off.")
        return ["shutdown_guest"]
    return ["power_off"]


def address(values: dict) -> str | None:
    """The guest's address as VMware Tools tell it: IPv4 before IPv6, none that is only valid on the link."""
    told = [values.get("guest.ipAddress")]
    for adapter in values.get("guest.net") or ():
        told += list(adapter.ipAddress or ())
    found = []
    for text in told:
        try:
            candidate = ipaddress.ip_address((text or "").split("%")[0])
        except ValueError:
            continue
        if not (candidate.is_link_local or candidate.is_loopback or candidate.is_unspecified):
            found.append(candidate)
    return str(min(found, key=lambda one: one.version)) if found else None


class Power(Work):
    """The three steps of vm_power: `read`, `plan`, `apply`; then `result` and `close`."""

    def __init__(self, params: dict, check_mode: bool) -> None:
        super().__init__(params)
        self.check_mode = check_mode
        self.machine: Any = None
        self.what = f"virtual machine {params['name']}"

    def read(self) -> dict:
        """The machine's power state and what its guest says."""
        if self.params["wait_for_ip"] and _OUTCOME[self.params["state"]] != "poweredOn":
            raise ConvergeError(f"wait_for_ip: a machine that is {self.params['state']} has no address; use it with "
                                "powered-on or restarted.")
        self.client = Client(self.params)
        self.machine = find_machine(self.client, self.params["name"], self.params["datacenter"])
        return self._look()

    def plan(self, current: dict) -> list[Change]:
        """At most one change."""
        power = current["runtime.powerState"]
        tools = current.get("guest.toolsRunningStatus") == "guestToolsRunning"
        try:
            found = steps(power, self.params["state"], tools)
        except ConvergeError as error:
            raise ConvergeError(f"{self.what}: {error}") from error
        after = _OUTCOME[self.params["state"]]
        # The same word before and after would look like no change.
        after = f"{after} (restarted)" if after == power else after
        return [Change(self.what, {"power": power}, {"power": after}, step) for step in found]

    def apply(self, change: Change) -> None:
        """Make the change, and wait until it is so."""
        timeout = self.params["wait_timeout"]
        if change.apply == "reboot_guest":
            self.machine.RebootGuest()
        elif change.apply == "shutdown_guest":
            self.machine.ShutdownGuest()
            self._wait(lambda now: now["runtime.powerState"] == "poweredOff", "its guest has not shut down")
        else:
            start = {
                "power_on": self.machine.PowerOnVM_Task,
                "power_off": self.machine.PowerOffVM_Task,
                "suspend": self.machine.SuspendVM_Task,
                "reset": self.machine.ResetVM_Task,
            }[change.apply]
            wait_for_task(self.client, start(), timeout)

    def result(self) -> dict:
        """The state and the address afterwards, waiting for the address when asked to."""
        values = self._look()
        if self.params["wait_for_ip"] and not self.check_mode:
            values = self._wait(lambda now: address(now) is not None, "it has not told an address")
        return {"power": values["runtime.powerState"], "ip": address(values)}

    def close(self) -> None:
        """Log out."""
        if self.client is not None:
            self.client.close()

    def _look(self) -> dict:
        return self.client.read(self.machine, *_PROPERTIES)

    def _wait(self, reached: Any, complaint: str) -> dict:
        ends = time.monotonic() + self.params["wait_timeout"]
        while True:
            values = self._look()
            if reached(values):
                return values
            question = values.get("runtime.question")
            if question is not None:
                raise ConvergeError(f"{self.what} waits for an answer: {' '.join(question.text.split())}")
            if time.monotonic() >= ends:
                raise ConvergeError(f"{self.what}: {complaint} within {self.params['wait_timeout']} s; it is "
                                    f"{values['runtime.powerState']}, VMware Tools: "
                                    f"{values.get('guest.toolsRunningStatus', 'unknown')}.")
            time.sleep(_POLL)
