# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the datastores of some hosts, and making the changes of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work, dispatch
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import find as hosts
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import luns
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore import plan as datastore_plan

_HOST = ("name", "config.storageDevice", "configManager")
_DATASTORE = ("name", "summary.type", "info", "host", "vm")


class DatastoreWork(Work):
    """``read``, ``plan`` and ``apply`` of the module ``esxi_datastore``.

    :param check_mode: whether nothing may be changed; then a LUN that is not seen is not looked for.
    """

    def __init__(
        self, params: Mapping[str, Any], check_mode: bool, connect: Callable[[Mapping[str, Any]], Client] = Client
    ) -> None:
        super().__init__(params)
        self._check_mode = check_mode
        self._connect = connect
        self.apply = dispatch({"create": self._create, "mount": self._mount, "remove": self._remove})

    def read(self) -> datastore_plan.Storage:
        """Connect, and read hosts and datastores.

        Two calls and one to find the hosts in a vCenter; more only when the LUN has to be looked for, or when there is
        a datastore to be made (then the host is asked what it would format).
        """
        self.client = self._connect(self.params)
        self.hosts = self._find_hosts()
        self._read_hosts()
        self._read_datastores()
        if self._is_to_be_made() and self._lun() is None and not self._check_mode:
            luns.rescan(self.client, self._manager(self.first, "storageSystem"))
            self._read_hosts()
            self._read_datastores()
        current = datastore_plan.Storage(
            hosts=list(self.hosts),
            luns={name: luns.luns_of(self.values[host]["config.storageDevice"]) for name, host in self.hosts.items()},
            datastores={name: self._datastore(values) for name, (_ref, values) in self.datastores.items()},
        )
        if self._is_to_be_made() and self._lun() is not None:
            offered = self._manager(self.first, "datastoreSystem").QueryAvailableDisksForVmfs(None)
            current.usable = [disk.canonicalName for disk in offered or ()]
            current.partitions = self._partitions(self._lun().path)
        return current

    def plan(self, current: datastore_plan.Storage) -> list[Change]:
        """The changes; see :func:`datastore_plan.plan`."""
        return datastore_plan.plan(current, self.params)

    def result(self) -> dict[str, Any]:
        """What the module returns beyond the changes."""
        return {"datastore": self.params["name"], "hosts": list(self.hosts)}

    def close(self) -> None:
        """Log out."""
        if self.client:
            self.client.close()

    # -- reading ----------------------------------------------------------------------------------------------------

    def _find_hosts(self) -> dict[str, Any]:
        names = list(dict.fromkeys(self.params.get("hosts") or ()))
        if self.client.is_vcenter and not names:
            raise ConvergeError(f"{self.client.hostname} is a vCenter: 'hosts' must name the hosts that should see the "
                                "datastore.")
        if self.client.is_vcenter:
            return {host.name: host.ref for host in hosts.find_hosts(self.client, names)}
        if len(names) > 1:
            raise ConvergeError(f"hosts: {self.client.hostname} is a single ESXi host; for {', '.join(names)} connect "
                                "to their vCenter.")
        host, values = hosts.find_host(self.client, names[0] if names else None)
        return {values["name"]: host}

    def _read_hosts(self) -> None:
        self.values = self.client.read_all(self.hosts.values(), _HOST)
        for name, host in self.hosts.items():
            if self.values[host].get("config.storageDevice") is None:
                raise ConvergeError(f"{name} does not tell its storage devices; is it connected, and may the user read "
                                    "it?")

    def _read_datastores(self) -> None:
        found = self.client.collect({vim.Datastore: _DATASTORE})
        # Names are unique in a datacenter only: the datastore of these hosts is the one that is meant.
        ours = set(self.hosts.values())

        def is_ours(item: Any) -> bool:
            return bool(ours & {mount.key for mount in item[1].get("host") or ()})

        ordered = sorted(found.items(), key=is_ours)
        self.datastores = {values["name"]: (ref, values) for ref, values in ordered}

    def _datastore(self, values: Mapping[str, Any]) -> datastore_plan.Datastore:
        vmfs = getattr(values.get("info"), "vmfs", None)
        mounts = {mount.key: mount.mountInfo for mount in values.get("host") or ()}
        return datastore_plan.Datastore(
            name=values["name"],
            kind="VMFS" if vmfs else values.get("summary.type", "unknown"),
            disks=[extent.diskName for extent in vmfs.extent or ()] if vmfs else [],
            mounted=[name for name, host in self.hosts.items() if host in mounts and _usable(mounts[host])],
            machines=len(values.get("vm") or ()),
        )

    @property
    def first(self) -> str:
        """The host that makes the datastore."""
        return next(iter(self.hosts))

    def _manager(self, host: str, name: str) -> Any:
        return getattr(self.values[self.hosts[host]]["configManager"], name)

    def _is_to_be_made(self) -> bool:
        return self.params["state"] == "present" and self.params["name"] not in self.datastores

    def _lun(self) -> luns.Lun | None:
        devices = self.values[self.hosts[self.first]]["config.storageDevice"]
        return luns.find(luns.luns_of(devices), self.params)

    def _partitions(self, path: str) -> list[str]:
        """The types of the partitions on a disk. The host offers disks with others than VMFS ones too."""
        found = self._manager(self.first, "storageSystem").RetrieveDiskPartitionInfo([path])
        types = [partition.type for info in found or () for partition in info.spec.partition or ()]
        return [kind for kind in types if kind != "none"]

    # -- changes ----------------------------------------------------------------------------------------------------

    def _create(self, change: Change) -> None:
        system = self._manager(change.args["host"], "datastoreSystem")
        options = system.QueryVmfsDatastoreCreateOptions(change.args["path"], change.args["version"])
        if not options:
            raise ConvergeError(f"{change.args['host']} has no way to make a VMFS on {change.args['path']}; it may be "
                                "too small (1.3 GiB at least) or not empty.")
        spec = options[0].spec
        spec.vmfs.volumeName = change.args["name"]
        with self.client.slow():
            system.CreateVmfsDatastore(spec)

    def _mount(self, change: Change) -> None:
        """Let a host find the volume: first among the LUNs it has, then among those a rescan finds."""
        name, host = change.args["name"], change.args["host"]
        storage = self._manager(host, "storageSystem")
        with self.client.slow():
            storage.RescanVmfs()
        if self._is_mounted(name, host):
            return
        luns.rescan(self.client, storage)
        if not self._is_mounted(name, host):
            self._read_hosts()
            seen = luns.luns_of(self.values[self.hosts[host]]["config.storageDevice"])
            disks = "; ".join(map(str, seen)) or "no disks"
            raise ConvergeError(f"{host} does not have it after a rescan. It sees: {disks}. The LUN of the datastore "
                                "must be among them, with the volume on it.")

    def _is_mounted(self, name: str, host: str) -> bool:
        self._read_datastores()
        if name not in self.datastores:
            return False
        return host in self._datastore(self.datastores[name][1]).mounted

    def _remove(self, change: Change) -> None:
        name, host = change.args["name"], change.args["host"]
        self._manager(host, "datastoreSystem").RemoveDatastore(self.datastores[name][0])
        # The volume is gone from the LUN; the other hosts go on showing it until they look.
        for other in (other for other in change.before["hosts"] if other != host):
            with self.client.slow():
                self._manager(other, "storageSystem").RescanVmfs()


def _usable(mount: Any) -> bool:
    return mount.mounted is not False and mount.accessible is not False
