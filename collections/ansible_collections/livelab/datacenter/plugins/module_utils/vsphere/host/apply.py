# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the hosts of a vCenter, and making the changes of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work, dispatch
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim, vmodl
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.read import read_tree
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.state import Place, Tree, kind_of
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import fault_text, is_fault, type_name
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host import plan as host_plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.trust import HostTrust
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import TaskFailed, wait_for_task


class HostWork(Work):
    """``read``, ``plan`` and ``apply`` of the module ``vcenter_host``."""

    def __init__(self, params: Mapping[str, Any], connect: Callable[[Mapping[str, Any]], Client] = Client) -> None:
        super().__init__(params)
        self._connect = connect
        self.apply = dispatch({
            "add": self._add,
            "reconnect": self._reconnect,
            "disconnect": lambda _change: self._wait(self._host().DisconnectHost_Task()),
            "remove": self._remove,
            "enter_maintenance": lambda _change: self._wait(self._host().EnterMaintenanceMode_Task(0)),
            "exit_maintenance": lambda _change: self._wait(self._host().ExitMaintenanceMode_Task(0)),
        })

    def read(self) -> Tree:
        """Connect, and read the whole tree in one call."""
        self.trust = HostTrust(self.params["name"], self.params["esxi_port"], self.params.get("esxi_thumbprint"))
        self.client = self._connect(self.params)
        tree, self.objects = read_tree(self.client)
        return tree

    def plan(self, current: Tree) -> list[Change]:
        """The changes; see :func:`host_plan.plan`. A host to be added is checked against its thumbprint."""
        changes = host_plan.plan(current, self.params)
        if any(change.apply in ("add", "reconnect") for change in changes):
            self.trust.check()
        return changes

    def close(self) -> None:
        """Log out."""
        if self.client:
            self.client.close()

    def _host(self) -> Any:
        return self.objects.hosts[self.params["name"]]

    def _wait(self, task: Any) -> Any:
        return wait_for_task(self.client, task, timeout=600).result

    # -- adding and connecting --------------------------------------------------------------------------------------

    def _add(self, change: Change) -> None:
        place: Place = change.args["place"]
        if place.cluster:
            cluster = self.objects.clusters[place.datacenter, place.cluster]
            added = self._trusting(lambda spec: cluster.AddHost_Task(spec, True, None, None))
        else:
            folder = self.objects.folders[place.datacenter, place.folders]
            added = self._trusting(lambda spec: folder.AddStandaloneHost_Task(spec, None, True, None))
        # A standalone host's task results in the compute resource around it.
        host = added if kind_of(added) == "HostSystem" else self.client.read(added, "host")["host"][0]
        self.objects.hosts[self.params["name"]] = host

    def _reconnect(self, _change: Change) -> None:
        self._trusting(lambda spec: self._host().ReconnectHost_Task(spec, None))

    def _trusting(self, start: Callable[[Any], Any]) -> Any:
        """Start a task with a ``HostConnectSpec``; again with the thumbprint it wants, if that is vouched for."""
        try:
            try:
                return self._wait(start(self._spec(self.trust.first_offer())))
            except (TaskFailed, vmodl.MethodFault) as error:
                fault = getattr(error, "fault", error)
                if not is_fault(fault, "SSLVerifyFault"):
                    raise
                wanted = self.trust.answer(fault.thumbprint)
            return self._wait(start(self._spec(wanted)))
        except (TaskFailed, vmodl.MethodFault) as error:
            raise ConvergeError(self._explain(getattr(error, "fault", error), str(error))) from error

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
            return (f"host '{name}' is managed by another vCenter, at {fault.ipAddress}; 'force: true' takes it from "
                    "there.")
        return text

    # -- removing ---------------------------------------------------------------------------------------------------

    def _remove(self, change: Change) -> None:
        name = self.params["name"]
        # A standalone host goes with the compute resource around it.
        whole = self.objects.hosts[name] if change.args["cluster"] else self.objects.parents[name]
        self._wait(whole.Destroy_Task())
