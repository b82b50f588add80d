# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the "Hosts and Clusters" tree of a vCenter in one call."""

from __future__ import annotations

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.state import Objects, Tree, from_api


def read_tree(client: Client) -> tuple[Tree, Objects]:
    """The tree and the references of what is in it.

    :raises ConvergeError: when the server is an ESXi host, which has no such tree.
    """
    if not client.is_vcenter:
        raise ConvergeError(f"{client.hostname} is an ESXi host; datacenters, clusters and hosts are declared on a "
                            "vCenter.")
    wanted = {
        vim.Datacenter: ["name", "parent"],
        vim.Folder: ["name", "parent"],
        vim.ComputeResource: ["name", "parent"],
        vim.HostSystem: ["name", "parent", "runtime.connectionState", "runtime.inMaintenanceMode"],
    }
    # Along the ways to hosts only: datacenters have folders for machines, networks and datastores too.
    found = client.collect(wanted, along=[vim.HostSystem])
    return from_api(client.hostname, found)
