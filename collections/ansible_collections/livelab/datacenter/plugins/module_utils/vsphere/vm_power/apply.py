# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and changing a machine's power state, and waiting for its guest."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find_machine import find_machine
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.state import (
    PROPERTIES,
    Machine,
    from_api,
)

# Seconds between two looks at the machine.
_POLL = 1.0
# The Tools of a small guest are back soon after a restart: looking seldom would miss that they were away.
_POLL_RESTART = 0.3
_POLL_PORT = 0.5


class Power(Work):
    """The steps of vm_power that speak to the server."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.machine: Any = None
        self.name = ""
        self._latest: Machine | None = None

    def read(self) -> Machine:
        """The machine's power state and what its guest says. Two calls."""
        self.client = Client(self.params)
        found = find_machine(self.client, self.params["name"], self.params["folder"], self.params["datacenter"])
        self.machine, self.name = found.ref, found.name
        return self._look()

    def apply(self, change: Change) -> None:
        """Make the change, and wait until it is so."""
        if change.apply == "reboot_guest":
            self.machine.RebootGuest()
        elif change.apply == "shutdown_guest":
            self._shut_down()
        else:
            start = {
                "power_on": self.machine.PowerOnVM_Task,
                "power_off": self.machine.PowerOffVM_Task,
                "suspend": self.machine.SuspendVM_Task,
                "reset": self.machine.ResetVM_Task,
            }[change.apply]
            wait_for_task(self.client, start(), self.params["wait_timeout"])

    def settle(self, changes: Sequence[Change]) -> None:
        """Wait for what is to be waited for."""
        params, timeout = self.params, self.params["wait_timeout"]
        waits = params["wait_for_ip"] or params["wait_for_tools"] or params["wait_for_port"]
        if not waits:
            return
        if any(change.apply in ("reboot_guest", "reset") for change in changes):
            # Until the guest is down, what it told before the restart still stands there.
            self._wait(lambda now: now.told is None, "its guest has not gone down for the restart", timeout, _POLL_RESTART)
        if params["wait_for_tools"]:
            self._wait(lambda now: now.tools, "VMware Tools do not run in its guest", timeout)
        if params["wait_for_ip"] or params["wait_for_port"]:
            self._wait(lambda now: now.told is not None, "it has not told an address", timeout)
        if params["wait_for_port"]:
            self._wait_for_port(self._latest.told, params["wait_for_port"], timeout)

    def result(self) -> dict[str, Any]:
        """The state and the address afterwards."""
        now = self._look()
        return {"power": now.power, "ip": now.address}

    def _look(self) -> Machine:
        self._latest = from_api(self.name, self.client.read(self.machine, *PROPERTIES))
        return self._latest

    def _shut_down(self) -> None:
        """Ask the guest; switch off what has not shut down within the time that the user gives it."""
        patience = self.params["shutdown_timeout"]
        self.machine.ShutdownGuest()
        try:
            self._wait(lambda now: now.power == "poweredOff", "its guest has not shut down",
                       patience or self.params["wait_timeout"])
        except ConvergeError as error:
            if patience is None or self._latest.question:
                raise
            self.warn(f"{error} It was switched off, as shutdown_timeout asks for.")
            if self._look().power != "poweredOff":
                wait_for_task(self.client, self.machine.PowerOffVM_Task(), self.params["wait_timeout"])

    def _wait(self, reached: Callable[[Machine], bool], complaint: str, timeout: float, poll: float = _POLL) -> None:
        ends = time.monotonic() + timeout
        what = f"virtual machine {self.name}"
        while not reached(now := self._look()):
            if now.question:
                raise ConvergeError(f"{what} waits for an answer: {now.question}")
            if time.monotonic() >= ends:
                tools = "run" if now.tools else "do not run"
                raise ConvergeError(f"{what}: {complaint} within {timeout} s; it is {now.power}, VMware Tools {tools}.")
            time.sleep(poll)

    def _wait_for_port(self, address: str, port: int, timeout: float) -> None:
        ends = time.monotonic() + timeout
        while True:
            with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=5):
                return
            if time.monotonic() >= ends:
                raise ConvergeError(f"virtual machine {self.name}: {address} has not taken a connection on the TCP port "
                                    f"{port} within {timeout} s.")
            time.sleep(_POLL_PORT)
