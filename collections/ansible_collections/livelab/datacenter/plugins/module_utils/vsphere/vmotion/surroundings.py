# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine could be moved to, found in the inventory as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Found, Inventory, has_datastore, unfit
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find_datastore import usable_datastore
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.state import Host, Network, State, from_api

# What has to be read of all that is around machines.
AROUND = {} if vim is None else {
    vim.HostSystem: ("network", "runtime.connectionState", "runtime.inMaintenanceMode"),
    vim.ComputeResource: ("resourcePool",),
    vim.ClusterComputeResource: ("resourcePool",),
    vim.Datastore: ("host", "summary.accessible", "summary.maintenanceMode"),
    vim.Network: (),
    vim.dvs.DistributedVirtualPortgroup: ("key", "config.distributedVirtualSwitch"),
}


def surroundings(inventory: Inventory, machine: Found, values: Mapping[str, Any], params: Mapping[str, Any]) -> State:
    """The machine, and what the options name.

    :param values: what was read of the machine alone.
    :raises ConvergeError: for what is not there, not in the machine's data centre, or not to be told from another.
    """
    centre = inventory.found(inventory.datacenter_of(machine.ref))
    here = describe(inventory, inventory.found(values["runtime.host"]))
    groups = inventory.of(vim.dvs.DistributedVirtualPortgroup)
    names = {one.ref: one.name for one in inventory.of(vim.Network)}
    names |= {one.values["key"]: one.name for one in groups if "key" in one.values}
    cluster = inventory.cluster(params["cluster"], centre) if params["cluster"] else None
    hosts = members(inventory, cluster) if cluster else []
    if params["destination_host"]:
        hosts = [host_of(inventory, params["destination_host"], centre)]
    datastore = usable_datastore(inventory, params["datastore"], centre) if params["datastore"] else None
    return State(
        from_api(machine.name, here, values, names),
        tuple(describe(inventory, host) for host in hosts),
        cluster.name if cluster else None,
        datastore.name if datastore else None,
        datastore.ref if datastore else None,
    )


def members(inventory: Inventory, cluster: Found) -> list[Found]:
    """The hosts of a cluster, by path."""
    return [one for one in inventory.of(vim.HostSystem) if one.values.get("parent") == cluster.ref]


def host_of(inventory: Inventory, name: str, centre: Found) -> Found:
    """The host of this name, which must be in the machine's data centre."""
    host = inventory.host(name)
    if inventory.datacenter_of(host.ref) != centre.ref:
        raise ConvergeError(f"destination_host: {host.name} is at {host.path}; a machine of the data centre '{centre.name}' can "
                            "only be moved within it.")
    return host


def describe(inventory: Inventory, host: Found) -> Host:
    """A host with what it offers to a machine."""
    compute = host.values.get("parent")
    stores = [one.name for one in inventory.of(vim.Datastore) if has_datastore(host, one)]
    networks = [inventory.found(ref) for ref in host.values.get("network") or ()]
    return Host(
        host.name,
        compute._GetMoId() if compute else "",
        unfit(host),
        tuple(sorted(stores)),
        tuple(
            Network(one.name, one.path, one.values.get("key"), one.ref, one.values.get("config.distributedVirtualSwitch"))
            for one in networks
        ),
        host.ref,
        inventory.values(compute).get("resourcePool"),
    )
