# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading virtual machines: one call for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Found, Inventory
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find_machine import refuse_unknown_folder
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import unescape
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_info.state import (
    PROPERTIES,
    Machine,
    Place,
    from_api,
)


def gather(client: Client, params: Mapping[str, Any]) -> dict[str, Any]:
    """The module's result: the machines that were found, and the names that no machine has.

    :param params: the module's options.
    :raises ConvergeError: for a data centre or folder that is not there, or a name that several machines have.
    """
    inventory = Inventory.read(client, {
        vim.VirtualMachine: PROPERTIES,
        vim.HostSystem: [],
        vim.ResourcePool: [],
        vim.ClusterComputeResource: [],
        vim.dvs.DistributedVirtualPortgroup: ["key"],
    })
    found, missing = select(inventory, params)
    groups = inventory.of(vim.dvs.DistributedVirtualPortgroup)
    portgroups = {group.values["key"]: group.name for group in groups if "key" in group.values}
    machines = [read_one(inventory, one, portgroups) for one in found]
    return {"machines": [one.shown() for one in machines], "missing": missing}


def select(inventory: Inventory, params: Mapping[str, Any]) -> tuple[list[Found], list[str]]:
    """The machines asked for, by path where no names are given, and the names that none has."""
    centre = inventory.datacenter(params["datacenter"]) if params["datacenter"] else None
    folder = params["folder"]
    refuse_unknown_folder(inventory, folder, centre)
    if params["names"] is None:
        return inventory.machines(folder, centre), []
    chosen = {name: inventory.machine_if_any(name, folder, centre) for name in params["names"]}
    by_ref = {one.ref: one for one in chosen.values() if one is not None}
    return list(by_ref.values()), [name for name, one in chosen.items() if one is None]


def read_one(inventory: Inventory, found: Found, portgroups: Mapping[str, str]) -> Machine:
    """A machine and its place."""
    host = found.values.get("runtime.host")
    pool = found.values.get("resourcePool")
    cluster = inventory.values(host).get("parent") if host else None
    centre = inventory.datacenter_of(found.ref)
    place = Place(
        path=found.path,
        folder=found.path.rpartition("/")[0],
        datacenter=inventory.found(centre).name if centre else None,
        host=inventory.found(host).name or None if host else None,
        cluster=inventory.found(cluster).name or None if isinstance(cluster, vim.ClusterComputeResource) else None,
        resource_pool=unescape(inventory.path(pool)) if pool else None,
    )
    return from_api(found.name, found.id, place, found.values, portgroups)
