# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host of a vCenter, asking whether it could be added, and making the changes of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import vim, vmodl
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.apply import connect_vcenter
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import fault_text, is_fault, type_name
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Found, Inventory
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.state import (
    PROPERTIES,
    Host,
    Place,
    State,
    from_api,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.trust import HostTrust
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import TaskFailed, wait_for_task

# Seconds for a vCenter to add a host, or to empty it for maintenance.
_LIMIT = 600
_CONNECTING = ("add", "reconnect")
# From this version a vCenter takes a host's SHA-256 thumbprint, and SHA-1 no more (vmware/pyvmomi#1098).
_SHA256_SINCE = 9


class HostWork(Work):
    """What the module ``vcenter_host`` asks of a server."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.trust: HostTrust | None = None
        # What changes are made on, by path; the host itself is there once it was found or added.
        self._places: dict[str, Any] = {}
        self._host: Any = None
        self._centre: Any = None

    def read(self) -> State:
        """The host and the place it is to be in, in one call; one more for the names of machines that would go with it."""
        self.trust = HostTrust(self.params["name"], self.params["esxi_port"], self.params.get("esxi_thumbprint"))
        self.client = connect_vcenter(self.params)
        wanted = {vim.HostSystem: PROPERTIES, vim.ClusterComputeResource: [], vim.Datacenter: []}
        inventory = Inventory.read(self.client, wanted)
        place = self._place(inventory) if self.params["state"] == "present" else None
        found = inventory.host_if_any(self.params["name"])
        if found is None:
            return State(self.client.hostname, None, place)
        self._host = found.ref
        return State(self.client.hostname, self._state_of(inventory, found), place)

    def _place(self, inventory: Inventory) -> Place:
        if not self.params.get("datacenter"):
            raise ConvergeError(f"'datacenter' must say where host '{self.params['name']}' goes.")
        centre = inventory.datacenter(self.params["datacenter"])
        self._centre = centre.ref
        if self.params.get("cluster"):
            found = inventory.cluster(self.params["cluster"], centre)
        else:
            found = inventory.folder(self.params.get("folder") or "", "host", centre)
        self._places[found.path] = found.ref
        return Place(found.path, is_cluster=bool(self.params.get("cluster")))

    def _state_of(self, inventory: Inventory, found: Found) -> Host:
        above = found.values["parent"]
        is_cluster = isinstance(above, vim.ClusterComputeResource)
        # A standalone host is in a compute resource of its own, which is in the folder.
        path = inventory.path(above) if is_cluster else inventory.path(above).rpartition("/")[0]
        machines: tuple[str, ...] = ()
        if self.params["state"] == "absent" and found.values.get("vm"):
            named = self.client.read_all(found.values["vm"], ["name"])
            machines = tuple(sorted(values.get("name", ref._GetMoId()) for ref, values in named.items()))
        self._whole = found.ref if is_cluster else above
        return from_api(found.name, Place(path, is_cluster), found.values, machines)

    def verify(self, changes: Sequence[Change]) -> None:
        """Have the vCenter look at a host that it is to connect to: its certificate, its password, who manages it."""
        steps = {change.apply for change in changes}
        if not steps.isdisjoint(_CONNECTING):
            self.trust.check()
            info = self._trusting(self._query)
            self._refuse_managed(info, adding="add" in steps)

    def _query(self, spec: Any) -> Any:
        where = self._centre
        return where.QueryConnectionInfo(spec.hostName, spec.port, spec.userName, spec.password, spec.sslThumbprint)

    def _refuse_managed(self, info: Any, adding: bool) -> None:
        other = getattr(info, "serverIp", None)
        if adding and other and not self.params["force"]:
            raise ConvergeError(_managed(self.params["name"], other))

    # -- changes ----------------------------------------------------------------------------------------------------

    def add(self, change: Change) -> None:
        """Add the host to its folder or cluster."""
        place = self._places[change.args["place"]]
        if isinstance(place, vim.ClusterComputeResource):
            added = self._trusting(lambda spec: self._wait(place.AddHost_Task(spec, True, None, None)))
        else:
            added = self._trusting(lambda spec: self._wait(place.AddStandaloneHost_Task(spec, None, True, None)))
        # A standalone host's task results in the compute resource around it.
        alone = isinstance(added, vim.ComputeResource)
        self._host = self.client.read(added, "host")["host"][0] if alone else added

    def reconnect(self, _change: Change) -> None:
        """Connect to a host that is in the inventory."""
        self._trusting(lambda spec: self._wait(self._host.ReconnectHost_Task(spec, None)))

    def disconnect(self, _change: Change) -> None:
        """Disconnect from the host; it and its machines go on."""
        self._wait(self._host.DisconnectHost_Task())

    def enter_maintenance(self, _change: Change) -> None:
        """Put the host into maintenance mode."""
        self._wait(self._host.EnterMaintenanceMode_Task(0))

    def exit_maintenance(self, _change: Change) -> None:
        """Take the host out of maintenance mode."""
        self._wait(self._host.ExitMaintenanceMode_Task(0))

    def remove(self, _change: Change) -> None:
        """Remove the host; one that stands alone goes with the compute resource around it."""
        self._wait(self._whole.Destroy_Task())

    def _wait(self, task: Any) -> Any:
        return wait_for_task(self.client, task, timeout=_LIMIT).result

    # -- trust ------------------------------------------------------------------------------------------------------

    def _trusting(self, ask: Callable[[Any], Any]) -> Any:
        """Ask with a ``HostConnectSpec``; again with another form of the thumbprint where the vCenter wants that."""
        newer = int(self.client.content.about.version.split(".")[0]) >= _SHA256_SINCE
        digests = ("SHA-256", "SHA-1") if newer else ("SHA-1", "SHA-256")
        try:
            try:
                sent = self.trust.offer(digests[0])
                return ask(self._spec(sent))
            except (TaskFailed, vmodl.MethodFault) as error:
                wanted = self._second_offer(getattr(error, "fault", error), digests[1])
                if wanted in (None, sent):
                    raise
            return ask(self._spec(wanted))
        except (TaskFailed, vmodl.MethodFault) as error:
            raise ConvergeError(self._explain(getattr(error, "fault", error), str(error))) from error

    def _second_offer(self, fault: Any, digest: str) -> str | None:
        """The thumbprint to try after a refusal; ``None`` when the refusal is of something else."""
        if is_fault(fault, "SSLVerifyFault"):
            return self.trust.answer(fault.thumbprint)
        # A vCenter that takes one digest only may call the other an invalid argument, and not say which it wants.
        return self.trust.offer(digest) if is_fault(fault, "InvalidArgument") else None

    def _spec(self, thumbprint: str | None) -> Any:
        return vim.host.ConnectSpec(
            hostName=self.params["name"],
            port=self.params["esxi_port"],
            sslThumbprint=thumbprint,
            userName=self.params["esxi_username"],
            password=self.params["esxi_password"],
            force=self.params["force"],
        )

    def _explain(self, fault: Any, text: str) -> str:
        name = self.params["name"]
        if is_fault(fault, "InvalidLogin"):
            user = self.params["esxi_username"]
            return f"host '{name}' refuses the login: wrong user name '{user}' or wrong password."
        # By their own types only: many that say something else derive from them.
        if type_name(fault) in ("NoHost", "HostConnectFault", "HostCommunication"):
            return f"the vCenter cannot reach host '{name}' at port {self.params['esxi_port']}: {fault_text(fault)}."
        if is_fault(fault, "AlreadyBeingManaged"):
            return _managed(name, fault.ipAddress)
        if is_fault(fault, "InvalidArgument") and not self.params.get("esxi_thumbprint"):
            return (f"the vCenter does not take host '{name}' without the thumbprint of its certificate: {text}. Give it as "
                    "'esxi_thumbprint'.")
        return f"{self.client.hostname} does not take host '{name}': {text}"


def _managed(name: str, by: str) -> str:
    return f"host '{name}' is managed by another vCenter, at {by}; 'force: true' takes it from there."
