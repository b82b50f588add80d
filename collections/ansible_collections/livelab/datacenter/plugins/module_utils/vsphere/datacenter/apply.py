# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a data centre of a vCenter, and making the changes of a plan."""

from __future__ import annotations

from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.state import State, from_api
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Found, Inventory
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import escape
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task


def connect_vcenter(params: Any) -> Client:
    """A session with a vCenter.

    :raises ConvergeError: when the server is an ESXi host, which has no data centres, clusters and hosts to declare.
    """
    client = Client(params)
    if not client.is_vcenter:
        client.close()
        raise ConvergeError(f"{client.hostname} is an ESXi host; datacenters, clusters and hosts are declared on a "
                            "vCenter.")
    return client


class DatacenterWork(Work):
    """What the module ``vcenter_datacenter`` asks of a server."""

    def read(self) -> State:
        """The data centre of the name, with all that is in it, in one call."""
        self.client = connect_vcenter(self.params)
        wanted = {vim.HostSystem: [], vim.ClusterComputeResource: [], vim.Datacenter: ["hostFolder"], vim.VirtualMachine: []}
        inventory = Inventory.read(self.client, wanted)
        self._refs: dict[str, Any] = {}
        centre = inventory.datacenter_if_any(self.params["name"])
        if centre is None:
            return State(self.client.hostname)
        self._host_folder = centre.values["hostFolder"]
        clusters = self._noted(inventory, vim.ClusterComputeResource, centre)
        hosts = {one.path: one.name for one in inventory.of(vim.HostSystem, centre)}
        machines = [one.name for one in inventory.of(vim.VirtualMachine, centre)]
        self._refs[centre.path] = centre.ref
        others = [one.name for kind in (vim.Folder, vim.ComputeResource) for one in inventory.of(kind, centre)
                  if one.path.rpartition("/")[0] == f"{centre.path}/host" and one.path not in clusters]
        return from_api(self.client.hostname, centre.path, clusters, hosts, machines, others)

    def _noted(self, inventory: Inventory, kind: Any, centre: Found) -> dict[str, str]:
        found = inventory.of(kind, centre)
        self._refs.update({one.path: one.ref for one in found})
        return {one.path: one.name for one in found}

    def add_datacenter(self, change: Change) -> None:
        """Make the data centre."""
        made = self.client.content.rootFolder.CreateDatacenter(escape(change.args["name"]))
        if self.params.get("clusters"):
            self._host_folder = self.client.read(made, "hostFolder")["hostFolder"]

    def add_cluster(self, change: Change) -> None:
        """Make a cluster in its host folder, with the vCenter's defaults."""
        self._host_folder.CreateClusterEx(escape(change.args["name"]), vim.cluster.ConfigSpecEx())

    def remove_datacenter(self, change: Change) -> None:
        """Remove the data centre."""
        wait_for_task(self.client, self._refs[change.args["path"]].Destroy_Task())

    def remove_cluster(self, change: Change) -> None:
        """Remove a cluster."""
        wait_for_task(self.client, self._refs[change.args["path"]].Destroy_Task())
