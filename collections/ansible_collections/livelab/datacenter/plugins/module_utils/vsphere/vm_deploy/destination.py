# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the place that a machine goes to, in the inventory as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import (
    Found,
    Inventory,
    has_datastore,
    unfit,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find_datastore import usable_datastore
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.ovf import Descriptor
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.plan import network_names
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.state import Destination


def destination(inventory: Inventory, params: Mapping[str, Any], package: Descriptor, centre: Found) -> Destination:
    """The place that the options name.

    :raises ConvergeError: for what is not there, not fit, or not to be told from another.
    """
    if not params["datastore"]:
        raise ConvergeError("datastore must name where the disks go.")
    datastore = usable_datastore(inventory, params["datastore"], centre)
    if params["cluster"]:
        cluster = inventory.cluster(params["cluster"], centre)
        host = fit_host(inventory, cluster, datastore)
        words = {"cluster": cluster.name, "esxi_hostname": host.name}
    else:
        host = one_host(inventory, params["esxi_hostname"], centre)
        # Said as the host's own lack, with what it has.
        inventory.datastore(params["datastore"], host, centre)
        words = {"esxi_hostname": host.name}
    names = network_names(params["networks"] or {}, package.networks, package.connected)
    networks = {source: inventory.network(target, host, centre) for source, target in names.items()}
    return Destination(
        words,
        datastore.name,
        datastore.values.get("summary.freeSpace", 0),
        {source: network.name for source, network in networks.items()},
        {
            "pool": inventory.values(host.values["parent"])["resourcePool"],
            "host": host.ref,
            "datastore": datastore.ref,
            "folder": inventory.folder(params["folder"] or "", "vm", centre).ref,
            "networks": {source: network.ref for source, network in networks.items()},
        },
    )


def one_host(inventory: Inventory, name: str | None, centre: Found) -> Found:
    """The ESXi host of this name, fit to run something; the only one when no name is given."""
    hosts = inventory.of(vim.HostSystem, centre)
    if name is None and len(hosts) != 1:
        raise ConvergeError(f"esxi_hostname or cluster must say where; hosts: {listing(one.name for one in hosts)}.")
    host = inventory.host(name, centre) if name is not None else hosts[0]
    if problem := unfit(host):
        raise ConvergeError(f"the ESXi host '{host.name}' {problem}.")
    return host


def fit_host(inventory: Inventory, cluster: Found, datastore: Found | None, here: Any = None) -> Found:
    """The first host of a cluster, by name, that is fit to run something and has a datastore; ``here`` before all others."""
    hosts = [one for one in inventory.of(vim.HostSystem) if one.values.get("parent") == cluster.ref and not unfit(one)]
    hosts = [one for one in hosts if datastore is None or has_datastore(one, datastore)]
    if not hosts:
        store = f" and has the datastore '{datastore.name}'" if datastore else ""
        raise ConvergeError(f"no host of the cluster '{cluster.name}' is connected, out of maintenance mode{store}.")
    return next((one for one in hosts if one.ref == here), hosts[0])
