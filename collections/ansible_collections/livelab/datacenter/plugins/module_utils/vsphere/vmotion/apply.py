# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a virtual machine is: what is, what is wanted, and the move between, checked beforehand and timed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.site import Found, Site, sees
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import TaskFailed, wait_for_task
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion import compatibility, networks
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.figures import read_figures

_MACHINE = (
    "name",
    "runtime.host",
    "runtime.powerState",
    "config.files.vmPathName",
    "config.hardware.device",
)
_PRIORITIES = {"default": "defaultPriority", "high": "highPriority", "low": "lowPriority"}


@dataclass(frozen=True)
class Place:
    """Where a machine is to be; None is what stays."""

    host: Found | None
    pool: Any
    datastore: Found | None


class Motion(Work):
    """The three steps of vmotion: `read`, `plan`, `apply`; then `result` and `close`."""

    def __init__(self, params: dict) -> None:
        super().__init__(params)
        self.site: Site | None = None
        self.machine: Any = None
        self.name: str = params["name"]
        self.migration: dict | None = None
        self._host_name = ""

    # -- read -------------------------------------------------------------------------------------------------------

    def read(self) -> dict:
        """The machine as it stands."""
        self.client = Client(self.params)
        if not self.client.is_vcenter:
            raise ConvergeError(f"{self.client.hostname} is an ESXi host; only a vCenter moves machines between hosts.")
        self.site = Site(self.client, self.params["datacenter"])
        self.machine = self.site.need_machine(self.name).ref
        current = self.client.read(self.machine, *_MACHINE)
        self._host_name = self.site.values(current["runtime.host"])["name"]
        return current

    # -- plan -------------------------------------------------------------------------------------------------------

    def plan(self, current: dict) -> list[Change]:
        """Nothing when it is there; else one move, which the server has checked."""
        place = self._place(current)
        cards = [device for device in current.get("config.hardware.device", ()) if networks.is_card(device)]
        before, after = self._words(current, place)
        if before == after:
            return []
        changed_cards, renamed = self._cards(cards, place)
        if renamed:
            before["networks"], after["networks"] = sorted(renamed), sorted(renamed.values())
        spec = vim.vm.RelocateSpec(
            host=place.host.ref if place.host else None,
            pool=place.pool,
            datastore=place.datastore.ref if place.datastore else None,
            deviceChange=changed_cards,
        )
        self._check(spec, place.host)
        if self.params["precheck_only"]:
            return []
        return [Change(f"virtual machine {self.name}", before, after, "move", {"spec": spec, "place": place})]

    def _place(self, current: dict) -> Place:
        """The wanted place, as objects."""
        datastore = self.site.datastore(self.params["datastore"]) if self.params["datastore"] else None
        host, pool = None, None
        if self.params["destination_host"]:
            host = self.site.host(self.params["destination_host"])
        elif self.params["cluster"]:
            host = self._host_of_cluster(current["runtime.host"], datastore)
        if host is not None and host.ref != current["runtime.host"]:
            pool = self._pool(host, current["runtime.host"])
        if datastore is not None:
            at = host or Found(current["runtime.host"], self.site.values(current["runtime.host"]))
            if not sees(at, datastore):
                raise ConvergeError(f"the ESXi host '{at.name}' does not have the datastore '{datastore.name}'.")
        return Place(host, pool, datastore)

    def _host_of_cluster(self, here: Any, datastore: Found | None) -> Found:
        """The host it is on when that is in the cluster; else the first that is fit."""
        cluster = self.site.cluster(self.params["cluster"])
        hosts = [host for host in self.site.fit_hosts(cluster) if datastore is None or sees(host, datastore)]
        if not hosts:
            store = f" with the datastore '{datastore.name}'" if datastore else ""
            raise ConvergeError(f"the cluster '{cluster.name}' has no connected host out of maintenance mode{store}.")
        return next((host for host in hosts if host.ref == here), hosts[0])

    def _pool(self, host: Found, here: Any) -> Any:
        """The destination's resource pool, when it is another's than the one it is in."""
        there = host.values.get("parent")
        if there == self.site.values(here).get("parent"):
            return None
        return self.site.values(there)["resourcePool"]

    def _words(self, current: dict, place: Place) -> tuple[dict, dict]:
        """The place before and after, in words, for as far as the user speaks of it."""
        before, after = {}, {}
        if place.host:
            before["host"], after["host"] = self._host_name, place.host.name
        if place.datastore:
            before["datastores"], after["datastores"] = self._datastores(current), [place.datastore.name]
        return before, after

    def _datastores(self, current: dict) -> list[str]:
        """The names of the datastores that hold its files and disks."""
        paths = [current.get("config.files.vmPathName", "")]
        for device in current.get("config.hardware.device", ()):
            if isinstance(device, vim.vm.device.VirtualDisk):
                paths.append(getattr(device.backing, "fileName", "") or "")
        return sorted({path[1:].split("]")[0] for path in paths if path.startswith("[")})

    def _cards(self, cards: list, place: Place) -> tuple[list, dict]:
        """The changes to its network adapters, and which network becomes which."""
        wanted = self.params["networks"] or {}
        names = networks.names(self.client, cards)
        networks.refuse_unknown(wanted, names.values())
        changes, renamed = [], {}
        for card in cards:
            target = wanted.get(names[card.key])
            if target and target != names[card.key]:
                changes.append(networks.change(self.client, card, self.site.network(target, place.host)))
                renamed[names[card.key]] = target
        return changes, renamed

    def _check(self, spec: Any, host: Found | None) -> None:
        """Ask the server whether it would work; refuse with all that it says against it."""
        errors, warnings = compatibility.check(self.client, self.machine, spec)
        where = {"source": self._host_name, "destination": host.name if host else self._host_name}
        self.warnings += [compatibility.text(fault, where) for fault in warnings]
        if errors:
            said = list(dict.fromkeys(compatibility.text(fault, where) for fault in errors))
            raise ConvergeError(f"virtual machine {self.name} cannot move to {where['destination']}: {'; '.join(said)}",
                                faults=said)

    # -- apply ------------------------------------------------------------------------------------------------------

    def apply(self, change: Change) -> None:
        """Move it, and note what the move took."""
        place = change.args["place"]
        where = {"source": self._host_name, "destination": place.host.name if place.host else self._host_name}
        progress: list[dict] = []
        began, wall = time.monotonic(), datetime.now(UTC)

        def note(percent: int) -> None:
            progress.append({"at_s": round(time.monotonic() - began, 3), "percent": percent})

        task = self.machine.RelocateVM_Task(spec=change.args["spec"], priority=_PRIORITIES[self.params["priority"]])
        try:
            info = wait_for_task(self.client, task, self.params["wait_timeout"], note)
        except TaskFailed as error:
            said = compatibility.text(error.fault, where)
            raise ConvergeError(f"{said}. It is still on {self._host_now()}.") from error
        started, ended = info.startTime or wall, info.completeTime or datetime.now(UTC)
        self.migration = {
            "from": where["source"],
            "to": where["destination"],
            "started": iso(started),
            "ended": iso(ended),
            "duration_s": round((ended - started).total_seconds(), 3),
            "progress": progress,
            "phases": read_figures(self.client, self.machine, info),
        }

    def result(self) -> dict:
        """Where it is, and what the move took."""
        return {"migration": self.migration, "host": self._host_now()}

    def close(self) -> None:
        """Log out."""
        if self.client is not None:
            self.client.close()

    def _host_now(self) -> str:
        host = self.client.read(self.machine, "runtime.host").get("runtime.host")
        return self.site.values(host).get("name") or str(host)


def iso(moment: datetime) -> str:
    """A moment in ISO 8601, UTC, to the millisecond."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
