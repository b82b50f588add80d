# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding what a virtual machine stands on: data centre, hosts, clusters, datastores, networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim

HOST_PROPERTIES = (
    "name",
    "parent",
    "network",
    "runtime.connectionState",
    "runtime.inMaintenanceMode",
)
DATASTORE_PROPERTIES = ("name", "host", "summary.accessible", "summary.freeSpace", "summary.maintenanceMode")


@dataclass(frozen=True)
class Found:
    """An object of the inventory and the properties read of it."""

    ref: Any
    values: dict

    @property
    def name(self) -> str:
        return self.values["name"]


class Site:
    """One data centre as it stands, read in two calls."""

    def __init__(self, client: Client, datacenter: str | None = None) -> None:
        """Raises ConvergeError when there is no such data centre, or several and none is named."""
        self.client = client
        self.datacenter = find_datacenter(client, datacenter)
        self._all = client.collect(
            {
                vim.VirtualMachine: ["name"],
                vim.HostSystem: list(HOST_PROPERTIES),
                vim.ComputeResource: ["name", "resourcePool", "host"],
                vim.ClusterComputeResource: ["name", "resourcePool", "host", "configuration.drsConfig.enabled"],
                vim.Datastore: list(DATASTORE_PROPERTIES),
                vim.Network: ["name"],
            },
            root=self.datacenter.ref,
        )

    def of(self, kind: Any) -> list[Found]:
        """All objects of a type."""
        return [Found(ref, values) for ref, values in self._all.items() if isinstance(ref, kind) and "name" in values]

    def values(self, ref: Any) -> dict:
        """What was read of an object."""
        return self._all.get(ref, {})

    def machine(self, name: str) -> Found | None:
        """The virtual machine of this name, None when there is none."""
        found = [machine for machine in self.of(vim.VirtualMachine) if machine.name == name]
        if len(found) > 1:
            raise ConvergeError(f"{len(found)} virtual machines in {self.datacenter.name} are called '{name}'; the "
                                "name must be unique there.")
        return found[0] if found else None

    def need_machine(self, name: str) -> Found:
        """The virtual machine of this name. Raises ConvergeError naming those that exist."""
        found = self.machine(name)
        if found is None:
            raise self._no("virtual machine", name, self.of(vim.VirtualMachine))
        return found

    def host(self, name: str | None) -> Found:
        """The ESXi host of this name, fit to run something; the only one when no name is given."""
        hosts = self.of(vim.HostSystem)
        chosen = [host for host in hosts if name in (None, host.name)]
        if name and not chosen:
            raise self._no("ESXi host", name, hosts)
        if len(chosen) != 1:
            raise ConvergeError(f"esxi_hostname or cluster must say where; hosts: {listing(h.name for h in hosts)}.")
        problem = unfit(chosen[0].values)
        if problem:
            raise ConvergeError(f"the ESXi host '{chosen[0].name}' {problem}.")
        return chosen[0]

    def cluster(self, name: str) -> Found:
        """The cluster of this name."""
        clusters = self.of(vim.ClusterComputeResource)
        found = next((cluster for cluster in clusters if cluster.name == name), None)
        if found is None:
            raise self._no("cluster", name, clusters)
        return found

    def datastore(self, name: str) -> Found:
        """The datastore of this name, accessible."""
        stores = self.of(vim.Datastore)
        found = next((store for store in stores if store.name == name), None)
        if found is None:
            raise self._no("datastore", name, stores)
        if not found.values.get("summary.accessible", True):
            raise ConvergeError(f"the datastore '{name}' is not accessible: no host reaches its storage.")
        if found.values.get("summary.maintenanceMode", "normal") != "normal":
            raise ConvergeError(f"the datastore '{name}' is in maintenance mode.")
        return found

    def network(self, name: str, host: Found | None) -> Found:
        """The network of this name; on `host`, when one is given."""
        networks = self.of(vim.Network)
        if host is not None:
            on_host = set(host.values.get("network", ()))
            networks = [network for network in networks if network.ref in on_host]
        found = next((network for network in networks if network.name == name), None)
        if found is None:
            where = f"the ESXi host '{host.name}'" if host else self.datacenter.name
            raise ConvergeError(f"{where} has no network '{name}'; it has: {listing(n.name for n in networks)}.")
        return found

    def _no(self, what: str, name: str, there: list[Found]) -> ConvergeError:
        names = listing(one.name for one in there)
        return ConvergeError(f"no {what} '{name}' in {self.datacenter.name}; it has: {names}.")

    def fit_hosts(self, cluster: Found) -> list[Found]:
        """The hosts of a cluster that can run something, by name."""
        members = set(cluster.values.get("host", ()))
        hosts = [host for host in self.of(vim.HostSystem) if host.ref in members and not unfit(host.values)]
        return sorted(hosts, key=lambda host: host.name)


def unfit(values: dict) -> str:
    """Why a host cannot take a machine, in words that follow its name; "" when it can."""
    state = values.get("runtime.connectionState", "connected")
    if state != "connected":
        return "is disconnected" if state == "disconnected" else "does not respond to its vCenter"
    return "is in maintenance mode" if values.get("runtime.inMaintenanceMode") else ""


def sees(host: Found, datastore: Found) -> bool:
    """Whether a host has a datastore mounted to read and write."""
    for mount in datastore.values.get("host", ()):
        info = mount.mountInfo
        if mount.key == host.ref and info.accessMode == "readWrite":
            return info.mounted is not False and info.accessible is not False
    return False


def find_machine(client: Client, name: str, datacenter: str | None) -> Any:
    """The virtual machine of this name, unique in its data centre or, when none is given, in all. One call or two.

    :raises ConvergeError: naming those that exist, or when several are called so.
    """
    root = find_datacenter(client, datacenter).ref if datacenter else None
    found = client.collect({vim.VirtualMachine: ["name"]}, root=root)
    matching = [ref for ref, values in found.items() if values.get("name") == name]
    where = datacenter or client.hostname
    if not matching:
        names = listing(values.get("name") for values in found.values())
        raise ConvergeError(f"no virtual machine '{name}' in {where}; it has: {names}.")
    if len(matching) > 1:
        raise ConvergeError(f"{len(matching)} virtual machines in {where} are called '{name}'; give their datacenter.")
    return matching[0]


def find_datacenter(client: Client, name: str | None) -> Found:
    """The data centre of this name, or the only one. One call."""
    found = client.collect({vim.Datacenter: ["name", "vmFolder"]})
    every = [Found(ref, values) for ref, values in found.items()]
    chosen = [one for one in every if name in (None, one.name)]
    if len(chosen) == 1:
        return chosen[0]
    has = listing(one.name for one in every)
    if name:
        raise ConvergeError(f"no data centre '{name}' in {client.hostname}; it has: {has}.")
    raise ConvergeError(f"datacenter must name one of the data centres of {client.hostname}: {has}.")


def hardware_of(hardware: Any) -> dict:
    """A machine's `config.hardware`, in the same words as `ovf.Descriptor.hardware`."""
    devices = hardware.device
    disks = [device for device in devices if isinstance(device, vim.vm.device.VirtualDisk)]
    return {
        "cpus": hardware.numCPU,
        "memory_mb": hardware.memoryMB,
        "disks_bytes": [disk.capacityInBytes or (disk.capacityInKB or 0) * 1024 for disk in disks],
        "nics": sum(isinstance(device, vim.vm.device.VirtualEthernetCard) for device in devices),
    }
