# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine from an OVF package: reading what is there, and the import."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import fault_text
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Found, Inventory
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find_machine import (
    IDENTITY,
    refuse_unknown_folder,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import escape
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.destination import destination
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.lease import Lease
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.package import Package
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.plan import differences
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.state import (
    PROPERTIES,
    Machine,
    State,
    from_api,
    under_way,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.upload import Target

# Seconds to wait for an import that is under way, of another client or a killed one; a lease lives for 5 minutes.
_UNDER_WAY = 420
_POLL = 2.0


class Deployment(Work):
    """The steps of vm_deploy that speak to the server, or look at the package."""

    def __init__(self, params: Mapping[str, Any], secrets: set[str] | None = None) -> None:
        """:param secrets: what the module hides from its output; properties that are no passwords are taken from it."""
        super().__init__(params)
        self.name: str = params["name"]
        self.what = f"virtual machine {self.name}"
        self.package: Package | None = None
        self.machine: Machine | None = None
        self.facts: dict[str, Any] = {}
        self._secrets = secrets if secrets is not None else set()
        self._inventory: Inventory | None = None

    # -- read -------------------------------------------------------------------------------------------------------

    def read(self) -> State:
        """The machine of this name, or else the package and the place it would go to. Two calls."""
        self.client = Client(self.params)
        self.machine = self._machine()
        if self.params["state"] == "absent":
            return State(self.machine)
        if self.machine is not None:
            return State(self.machine)
        if self.name.startswith("/"):
            raise ConvergeError(f"no virtual machine is at '{self.name}'; to deploy one there, give its name and its folder.")
        self.package = self._open()
        inventory = self._inventory
        place = destination(inventory, self.params, self.package.descriptor, inventory.datacenter(self.params["datacenter"]))
        return State(None, self.package.descriptor, self.package.stored, self.package.manifest, place)

    def _machine(self) -> Machine | None:
        """The machine of this name, once nobody imports it any more."""
        ends = time.monotonic() + _UNDER_WAY
        while True:
            found = self._find()
            values = {} if found is None else self.client.read(found.ref, *PROPERTIES)
            if found is None or not under_way(values):
                return None if found is None else self._described(found.ref, found.name, found.path, values)
            if time.monotonic() >= ends:
                raise ConvergeError(f"{self.what} is being imported by someone else for more than {_UNDER_WAY} s; wait "
                                    "until that has ended, or cancel it in the vCenter.")
            time.sleep(_POLL)

    def _find(self) -> Found | None:
        self._inventory = inventory = Inventory.read(self.client, {
            vim.VirtualMachine: IDENTITY,
            vim.HostSystem: ("network", "runtime.connectionState", "runtime.inMaintenanceMode"),
            vim.ComputeResource: ("resourcePool",),
            vim.ClusterComputeResource: ("resourcePool",),
            vim.Datastore: ("host", "summary.accessible", "summary.freeSpace", "summary.maintenanceMode"),
            vim.Network: (),
        })
        centre = inventory.datacenter(self.params["datacenter"])
        folder = self.params["folder"]
        refuse_unknown_folder(inventory, folder, centre)
        found = inventory.machine_if_any(self.name, folder, centre)
        # With folder there is a way to say where it is: a slash in a name is part of the name here.
        by_path = found is not None and found.name != self.name and "/" in self.name and not self.name.startswith("/")
        found = None if by_path else found
        if found is None and folder is not None:
            self._warn_of_namesakes(inventory, centre)
        return found

    def _warn_of_namesakes(self, inventory: Inventory, centre: Found) -> None:
        elsewhere = [one.path for one in inventory.of(vim.VirtualMachine, centre) if one.name == self.name]
        if elsewhere and self.params["state"] == "present":
            self.warn(f"{self.what} is not in the folder '{self.params['folder']}', but at {', '.join(elsewhere)}, which is "
                      "another.")

    def _described(self, ref: Any, name: str, path: str, values: Mapping[str, Any]) -> Machine:
        host = values.get("runtime.host")
        return from_api(ref, name, path, self._inventory.found(host).name or None if host else None, values)

    def _open(self) -> Package:
        package = Package(self.params["ovf"], self.params["deployment_option"], self.params["properties"])
        public = {one.value for one in package.descriptor.properties.values() if not one.secret}
        self._secrets -= public - {self.params["password"]}
        return package

    # -- verify -----------------------------------------------------------------------------------------------------

    def verify(self, changes: Sequence[Change]) -> None:
        """Look at every byte of what would be uploaded; compare a machine that is there with its package."""
        if self.machine is not None and not changes:
            self.facts["vm"] = self.machine.shown()
            self._compare(self.machine)
        elif self.machine is not None:
            self.facts["vm"] = self.machine.shown()
        elif self.package is not None:
            for text in self.package.verify():
                self.warn(text)

    def _compare(self, machine: Machine) -> None:
        """Say how the machine that is there differs from the package, when the package can be looked at."""
        if not self.params["ovf"] or not machine.hardware:
            return
        try:
            with self._open() as package:
                wanted = package.descriptor.hardware()
        except ConvergeError as error:
            self.warn(f"{self.what} is there; its package could not be compared: {error}")
            return
        self._say_differences(machine, wanted, "It is left as it is.")

    def _say_differences(self, machine: Machine, wanted: Mapping[str, Any], then: str) -> None:
        self.facts["differences"] = differences(machine.hardware, wanted)
        for text in self.facts["differences"]:
            self.warn(f"{self.what} differs from its package: {text}. {then}")

    # -- apply ------------------------------------------------------------------------------------------------------

    def deploy(self, change: Change) -> None:
        """Import the package."""
        began = time.monotonic()
        refs, package = change.args["refs"], self.package
        spec = self._import_spec(refs)
        contents = [(item, package.content(item.path)) for item in spec.fileItem]
        total = sum(content.size for _item, content in contents)
        with self.client.slow():
            handle = refs["pool"].ImportVApp(spec.importSpec, refs["folder"], refs["host"])
        with Lease(self.client, handle, total) as lease:
            ref = lease.info.entity
            for item, content in contents:
                self._upload(content, item, lease)
        values = self.client.read(ref, *PROPERTIES)
        path = f"{self._inventory.path(refs['folder'])}/{escape(self.name)}"
        machine = self._described(ref, self.name, path, values)
        self.facts.update(vm=machine.shown(), uploaded_bytes=total, duration_s=round(time.monotonic() - began, 1))
        if machine.hardware:
            self._say_differences(machine, package.descriptor.hardware(), "That is how the server made it.")

    def remove(self, change: Change) -> None:
        """Switch the machine off where it runs, and destroy it."""
        machine = change.args["ref"]
        if change.args["power"] != "poweredOff":
            wait_for_task(self.client, machine.PowerOffVM_Task())
        wait_for_task(self.client, machine.Destroy_Task())
        self.facts.pop("vm", None)

    def result(self) -> dict[str, Any]:
        """The machine, and what its import took."""
        return self.facts

    def close(self) -> None:
        """Let go of the package, and log out."""
        if self.package is not None:
            self.package.close()
        super().close()

    def _import_spec(self, refs: Mapping[str, Any]) -> Any:
        descriptor = self.package.descriptor
        given = {one.key: one.value for one in descriptor.properties.values() if one.given}
        wanted = vim.OvfManager.CreateImportSpecParams(
            locale="",
            deploymentOption=descriptor.option,
            entityName=escape(self.name),
            hostSystem=refs["host"],
            diskProvisioning=self.params["disk_provisioning"],
            networkMapping=[
                vim.OvfManager.NetworkMapping(name=source, network=network) for source, network in refs["networks"].items()
            ],
            propertyMapping=[vim.KeyValue(key=key, value=value) for key, value in given.items()],
        )
        manager = self.client.content.ovfManager
        spec = manager.CreateImportSpec(descriptor.text, refs["pool"], refs["datastore"], wanted)
        if spec.error:
            raise ConvergeError("the server cannot import the package: " + "; ".join(map(fault_text, spec.error)))
        for warning in spec.warning or ():
            self.warn(f"the package: {fault_text(warning)}")
        return spec

    def _upload(self, content: Any, item: Any, lease: Lease) -> None:
        device = next((url for url in lease.info.deviceUrl if url.importKey == item.deviceId), None)
        if device is None:
            raise ConvergeError(f"the server gave no address to upload '{item.path}' to.")
        target = Target(device.url, self.params, device.sslThumbprint)
        with content.open() as file:
            target.send(file, content.size, bool(item.create), lease.sent)
