# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine from an OVF package: what is there, what is wanted, and the import in between."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import fault_text
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.site import (
    Found,
    Site,
    hardware_of,
    sees,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.lease import Lease
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.package import Package
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.upload import Target

_MACHINE = ("name", "config.hardware", "config.uuid", "runtime.powerState", "runtime.host", "disabledMethod")

# Seconds to wait for an import that is under way, of another client or a killed one; a lease lives for 5 minutes.
_UNDER_WAY = 420
_POLL = 2.0


class Deployment(Work):
    """The three steps of vm_deploy: `read`, `plan`, `apply`; then `close`."""

    def __init__(self, params: dict) -> None:
        super().__init__(params)
        self.name: str = params["name"]
        self.what = f"virtual machine {self.name}"
        self.site: Site | None = None
        self.facts: dict[str, Any] = {}

    def read(self) -> dict | None:
        """The machine of this name as plain values, None when there is none."""
        self.client = Client(self.params)
        ends = time.monotonic() + _UNDER_WAY
        while True:
            self.site = Site(self.client, self.params["datacenter"])
            found = self.site.machine(self.name)
            values = {} if found is None else self.client.read(found.ref, *_MACHINE)
            if found is None or not under_way(values):
                return None if found is None else {"ref": found.ref, **values}
            if time.monotonic() >= ends:
                raise ConvergeError(f"{self.what} is being imported by someone else for more than {_UNDER_WAY} s; wait "
                                    "until that has ended, or cancel it in the vCenter.")
            time.sleep(_POLL)

    def plan(self, current: dict | None) -> list[Change]:
        """Nothing, one deployment, or one removal."""
        if self.params["state"] == "absent":
            return [] if current is None else [self._removal(current)]
        if current is None:
            return [self._deployment()]
        self._describe(current)
        return []

    def apply(self, change: Change) -> None:
        """Make the change."""
        {"deploy": self._deploy, "remove": self._remove}[change.apply](change)

    def result(self) -> dict:
        """The machine, and what its import took."""
        return self.facts

    def close(self) -> None:
        """Log out."""
        if self.client is not None:
            self.client.close()

    # -- there already ----------------------------------------------------------------------------------------------

    def _describe(self, current: dict) -> None:
        """Say how the machine that is there differs from the package, when the package can be looked at."""
        hardware = hardware_of(current["config.hardware"]) if "config.hardware" in current else {}
        self.facts["vm"] = self._shown(current["ref"], current, hardware)
        if not self.params["ovf"] or not hardware:
            return
        try:
            with Package(self.params["ovf"]) as package:
                wanted = package.descriptor.hardware()
        except ConvergeError as error:
            self.warnings.append(f"{self.what} is there; its package could not be compared: {error}")
            return
        self.facts["differences"] = differences(hardware, wanted)
        for text in self.facts["differences"]:
            self.warnings.append(f"{self.what} differs from its package: {text}. It is left as it is.")

    def _shown(self, ref: Any, values: dict, hardware: dict) -> dict:
        host = self.site.values(values.get("runtime.host")).get("name") if self.site else None
        return {
            "name": self.name,
            "moid": ref._GetMoId(),
            "uuid": values.get("config.uuid"),
            "power": values.get("runtime.powerState"),
            "host": host,
            **hardware,
        }

    # -- deploying --------------------------------------------------------------------------------------------------

    def _deployment(self) -> Change:
        """Check all that can be checked, and lay down what the import needs."""
        if not self.params["datastore"]:
            raise ConvergeError("datastore must name where the disks go.")
        with Package(self.params["ovf"]) as package:
            descriptor = package.descriptor
            pool, host, place = self._place()
            datastore = self.site.datastore(self.params["datastore"])
            self._check_datastore(datastore, host, descriptor.disks, package)
            networks = self._networks(descriptor, host)
            # Last, because it reads every byte.
            manifest = package.verify()
        after = {
            **place,
            "datastore": datastore.name,
            "networks": {source: target.name for source, target in networks.items()},
            **descriptor.hardware(),
            "manifest": manifest or "none in the package",
        }
        args = {"pool": pool, "host": host, "datastore": datastore, "networks": networks, "folder": self._folder()}
        return Change(self.what, None, after, "deploy", args)

    def _place(self) -> tuple[Any, Found | None, dict]:
        """The resource pool, the host, and both in words."""
        if not self.params["cluster"]:
            host = self.site.host(self.params["esxi_hostname"])
            return self.site.values(host.values["parent"])["resourcePool"], host, {"esxi_hostname": host.name}
        cluster = self.site.cluster(self.params["cluster"])
        datastore = self.site.datastore(self.params["datastore"])
        hosts = [host for host in self.site.fit_hosts(cluster) if sees(host, datastore)]
        if not hosts:
            raise ConvergeError(f"no host of the cluster '{cluster.name}' is connected, out of maintenance mode and "
                                f"has the datastore '{datastore.name}'.")
        return cluster.values["resourcePool"], hosts[0], {"cluster": cluster.name, "esxi_hostname": hosts[0].name}

    def _check_datastore(self, datastore: Found, host: Found, disks: tuple, package: Package) -> None:
        if not sees(host, datastore):
            seen = listing(store.name for store in self.site.of(vim.Datastore) if sees(host, store))
            raise ConvergeError(f"the ESXi host '{host.name}' has no datastore '{datastore.name}'; it has: {seen}.")
        if self.params["disk_provisioning"] == "thin":
            sent = sum(package.size(file.href) for file in package.descriptor.files)
            needed = sum(disk.populated or 0 for disk in disks) or sent
        else:
            needed = sum(disk.capacity for disk in disks)
        free = datastore.values.get("summary.freeSpace", 0)
        if needed > free:
            raise ConvergeError(f"the datastore '{datastore.name}' has {free // 2**20} MiB free; {self.what} needs "
                                f"{needed // 2**20} MiB.")

    def _networks(self, descriptor: Any, host: Found) -> dict[str, Found]:
        """The package's networks and those of the host they become; the same name where none is given."""
        mapping = self.params["networks"] or {}
        unknown = sorted(set(mapping) - set(descriptor.networks))
        if unknown:
            raise ConvergeError(f"networks: the package has no network '{unknown[0]}'; it has: "
                                f"{listing(descriptor.networks)}.")
        return {name: self.site.network(mapping.get(name) or name, host) for name in descriptor.networks}

    def _folder(self) -> Any:
        if not self.params["folder"]:
            return self.site.datacenter.values["vmFolder"]
        path = f"{self.site.datacenter.name}/vm/{self.params['folder'].strip('/')}"
        folder = self.client.content.searchIndex.FindByInventoryPath(path)
        if not isinstance(folder, vim.Folder):
            raise ConvergeError(f"no VM folder '{self.params['folder']}' in {self.site.datacenter.name}.")
        return folder

    def _deploy(self, change: Change) -> None:
        began = time.monotonic()
        with Package(self.params["ovf"]) as package:
            spec = self._import_spec(package.descriptor.text, change.args)
            total = sum(package.size(item.path) or 0 for item in spec.fileItem)
            with self.client.slow():
                handle = change.args["pool"].ImportVApp(spec.importSpec, change.args["folder"], change.args["host"].ref)
            with Lease(self.client, handle, total) as lease:
                machine = lease.info.entity
                for item in spec.fileItem:
                    self._upload(package, item, lease)
        values = self.client.read(machine, *_MACHINE)
        hardware = hardware_of(values["config.hardware"]) if "config.hardware" in values else {}
        self.facts["vm"] = self._shown(machine, values, hardware)
        self.facts["uploaded_bytes"] = total
        self.facts["duration_s"] = round(time.monotonic() - began, 1)

    def _import_spec(self, text: str, args: dict) -> Any:
        wanted = vim.OvfManager.CreateImportSpecParams(
            locale="",
            deploymentOption="",
            entityName=self.name,
            hostSystem=args["host"].ref,
            diskProvisioning=self.params["disk_provisioning"],
            networkMapping=[
                vim.OvfManager.NetworkMapping(name=source, network=target.ref)
                for source, target in args["networks"].items()
            ],
        )
        manager = self.client.content.ovfManager
        spec = manager.CreateImportSpec(text, args["pool"], args["datastore"].ref, wanted)
        if spec.error:
            raise ConvergeError("the server cannot import the package: " + "; ".join(map(fault_text, spec.error)))
        self.warnings += [f"the package: {fault_text(warning)}" for warning in spec.warning or ()]
        return spec

    def _upload(self, package: Package, item: Any, lease: Lease) -> None:
        device = next((url for url in lease.info.deviceUrl if url.importKey == item.deviceId), None)
        if device is None:
            raise ConvergeError(f"the server gave no address to upload '{item.path}' to.")
        target = Target(device.url, self.params, device.sslThumbprint)
        with package.open(item.path) as file:
            target.send(file, package.size(item.path), bool(item.create), lease.sent)

    # -- removing ---------------------------------------------------------------------------------------------------

    def _removal(self, current: dict) -> Change:
        power = current.get("runtime.powerState", "poweredOff")
        if power != "poweredOff" and not self.params["force"]:
            raise ConvergeError(f"{self.what} is {power}; shut it down first (vm_power), or give force: true.")
        hardware = hardware_of(current["config.hardware"]) if "config.hardware" in current else {}
        before = self.facts["vm"] = self._shown(current["ref"], current, hardware)
        return Change(self.what, before, None, "remove", {"ref": current["ref"], "power": power})

    def _remove(self, change: Change) -> None:
        machine = change.args["ref"]
        if change.args["power"] != "poweredOff":
            wait_for_task(self.client, machine.PowerOffVM_Task())
        wait_for_task(self.client, machine.Destroy_Task())
        del self.facts["vm"]


def under_way(values: dict) -> bool:
    """Whether a machine's import has not ended: the server lets nobody switch it on or remove it until then."""
    disabled = values.get("disabledMethod") or ()
    return "PowerOnVM_Task" in disabled and "Destroy_Task" in disabled


def differences(there: dict, wanted: dict) -> list[str]:
    """How a machine's hardware differs from a package's, in words. Disks may have grown; smaller ones differ."""
    found = [
        f"{label} {there.get(key)} instead of {wanted[key]}"
        for key, label in (("cpus", "CPUs"), ("memory_mb", "memory in MiB"), ("nics", "network adapters"))
        if there.get(key) != wanted[key]
    ]
    disks, expected = there.get("disks_bytes", []), wanted["disks_bytes"]
    if len(disks) != len(expected):
        found.append(f"disks {len(disks)} instead of {len(expected)}")
    elif any(has < needs for has, needs in zip(disks, expected, strict=True)):
        found.append(f"disks of {disks} bytes instead of {expected}")
    return found
