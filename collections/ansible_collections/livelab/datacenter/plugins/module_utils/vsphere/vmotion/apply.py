# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading where a virtual machine is and could go, asking the server about its move, and the move itself, timed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work, attempt
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Inventory
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find_machine import IDENTITY, choose
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import TaskFailed, wait_for_task
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion import adapters, compatibility
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.logs import MoveLogs
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.plan import moves
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.state import PROPERTIES, State
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.surroundings import AROUND, surroundings

_PRIORITIES = {"default": "defaultPriority", "high": "highPriority", "low": "lowPriority"}


class Motion(Work):
    """The steps of vmotion that speak to the server."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.machine: Any = None
        self.migration: dict[str, Any] | None = None
        self._devices: dict[int, Any] = {}
        self._inventory: Inventory | None = None
        self._state: State | None = None

    # -- read -------------------------------------------------------------------------------------------------------

    def read(self) -> State:
        """The machine as it stands, and all that it could go to. Two calls."""
        self.client = Client(self.params)
        if not self.client.is_vcenter:
            raise ConvergeError(f"{self.client.hostname} is an ESXi host; only a vCenter moves machines between hosts.")
        self._inventory = Inventory.read(self.client, {vim.VirtualMachine: IDENTITY, **AROUND})
        found = choose(self._inventory, self.params["name"], self.params["folder"], self.params["datacenter"])
        self.machine = found.ref
        values = self.client.read(found.ref, *PROPERTIES)
        self._devices = {device.key: device for device in values.get("config.hardware.device") or ()}
        self._state = surroundings(self._inventory, found, values, self.params)
        return self._state

    # -- verify -----------------------------------------------------------------------------------------------------

    def verify(self, changes: Sequence[Change]) -> None:
        """Ask the server whether the move would work, one that is only to be checked too.

        :raises ConvergeError: with all that it says against it.
        """
        for change in changes or moves(self._state, self.params):
            where = _where(change)
            errors, warnings = compatibility.check(self.client, self.machine, self._spec(change))
            for fault in warnings:
                self.warn(compatibility.text(fault, where))
            if errors:
                said = list(dict.fromkeys(compatibility.text(fault, where) for fault in errors))
                raise ConvergeError(f"{change.what} cannot move to {where['destination']}: {'; '.join(said)}", faults=said)

    def _spec(self, change: Change) -> Any:
        args = change.args
        return vim.vm.RelocateSpec(
            host=args["host"],
            pool=args["pool"],
            datastore=args["datastore"],
            deviceChange=[
                adapters.onto(self.client, self._devices[key], network) for key, network in args["networks"].items()
            ],
        )

    # -- apply ------------------------------------------------------------------------------------------------------

    def move(self, change: Change) -> None:
        """Move it, and note what the move took."""
        progress: list[dict[str, Any]] = []
        logs = self._logs(change)
        began, wall = time.monotonic(), datetime.now(UTC)

        def note(percent: int) -> None:
            progress.append({"at_s": round(time.monotonic() - began, 3), "percent": percent})

        task = self.machine.RelocateVM_Task(spec=self._spec(change), priority=_PRIORITIES[self.params["priority"]])
        try:
            info = wait_for_task(self.client, task, self.params["wait_timeout"], note)
        except TaskFailed as error:
            # Where it is now is good to know; not to be told it hides nothing.
            host, unknown = attempt(self._host_now)
            still = "" if unknown else f" It is still on {host}."
            raise ConvergeError(f"{compatibility.text(error.fault, _where(change))}.{still}") from error
        started, ended = info.startTime or wall, info.completeTime or datetime.now(UTC)
        self.migration = {
            "from": change.args["from"],
            "to": change.args["to"],
            "started": iso(started),
            "ended": iso(ended),
            "duration_s": round((ended - started).total_seconds(), 3),
            "progress": progress,
            "phases": logs.phases() if logs else None,
        }

    def _logs(self, change: Change) -> MoveLogs | None:
        """The logs that will tell of the move's phases; None for one that leaves the machine on its host."""
        source, destination = self._state.machine.host.ref, change.args["host"]
        if destination in (None, source):
            return None
        centre = self._inventory.path(self._inventory.datacenter_of(self.machine)).lstrip("/")
        return MoveLogs(self.client, self.machine, centre, source, destination)

    def result(self) -> dict[str, Any]:
        """Where it is, and what the move took."""
        return {"migration": self.migration, "host": self._host_now()}

    def _host_now(self) -> str:
        host = self.client.read(self.machine, "runtime.host").get("runtime.host")
        return self._inventory.found(host).name or host._GetMoId()


def _where(change: Change) -> dict[str, str]:
    return {"source": change.args["from"], "destination": change.args["to"]}


def iso(moment: datetime) -> str:
    """A moment in ISO 8601, UTC, to the millisecond."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
