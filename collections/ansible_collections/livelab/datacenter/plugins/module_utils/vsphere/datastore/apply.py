# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the datastores of some hosts, and making the changes of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import same_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import luns
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore import plan as planning
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore import state
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Found, Inventory

_HOST = ("config.storageDevice", "configManager")
_DATASTORE = ("summary.type", "info", "host", "vm")
_CONNECTION = "runtime.connectionState"


class DatastoreWork(Work):
    """What speaks to the server for the module ``esxi_datastore``."""

    def __init__(self, params: Mapping[str, Any], connect: Callable[[Mapping[str, Any]], Client] = Client) -> None:
        super().__init__(params)
        self._connect = connect
        self.current = state.Storage(())
        self._options: Sequence[Any] = ()
        # The changes that are still to be made after the hosts have looked again; None: all.
        self._left: set[str] | None = None

    def read(self) -> state.Storage:
        """Connect, and read hosts and datastores: two calls.

        Three more when there is a datastore to be made on a LUN that the first host sees: it is asked what is on it and
        how it would format it.
        """
        self.client = self._connect(self.params)
        self._look()
        return self.current

    def verify(self, changes: Sequence[Change]) -> None:
        """Have the hosts that do not see the LUN look for it, and refuse what they do not find. Check mode only says so.

        Looking changes no configuration; when the LUN is not there, nothing has been changed.
        """
        blind = planning.blind(self.current, self.params) if changes else []
        wanted = self._wanted()
        if self.check_mode:
            for host in blind:
                self.warn(f"{host} does not see {wanted} yet. A run has it look for LUNs (rescan), and changes nothing if "
                          "it is not there, too small or in use.")
            return
        if not blind:
            return
        for host in blind:
            luns.rescan(self.client, self._manager(host, "storageSystem"))
        self._look()
        self._left = {change.what for change in planning.plan(self.current, self.params)}
        for host in planning.blind(self.current, self.params):
            raise ConvergeError(f"{host} does not see {wanted}, not after a rescan either. "
                                f"{planning.sight(self.current, host)}")

    def apply(self, change: Change) -> None:
        """Make one change, unless looking for the LUN has brought it about."""
        if self._left is None or change.what in self._left:
            super().apply(change)

    def settle(self, changes: Sequence[Change]) -> None:
        """After a removal, let the other hosts notice: they go on showing the datastore until they look."""
        for change in changes:
            for host in change.args.get("others", ()):
                if host in self._storage_of:
                    self._rescan_volumes(self._storage_of[host])

    def result(self) -> dict[str, Any]:
        """What the module returns beyond the changes."""
        return {"datastore": self.params["name"], "hosts": list(self.hosts)}

    # -- reading ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Read all that plans are made from."""
        inventory = Inventory.read(self.client, {
            vim.HostSystem: [_CONNECTION, "configManager.storageSystem"], vim.Datastore: _DATASTORE})
        chosen = self._hosts(inventory)
        self.hosts = {host.name: host.ref for host in chosen}
        # What a vCenter has lost cannot look; it notices when it comes back.
        self._storage_of = {one.name: one.values.get("configManager.storageSystem") for one in inventory.of(vim.HostSystem)
                            if one.values.get(_CONNECTION, "connected") == "connected"}
        self.values = self.client.read_all(self.hosts.values(), _HOST)
        for name, host in self.hosts.items():
            if self.values.get(host, {}).get("config.storageDevice") is None:
                raise ConvergeError(f"{name} does not tell its storage devices; is it connected, and may user "
                                    f"'{self.params['username']}' read it?")
        near, far = self._datastores(inventory, {inventory.datacenter_of(host.ref) for host in chosen})
        seen = {name: luns.luns_of(self.values[host]["config.storageDevice"]) for name, host in self.hosts.items()}
        self.current = state.Storage(tuple(self.hosts), seen, near, far)
        self.current = state.Storage(tuple(self.hosts), seen, near, far, self._offer())

    def _hosts(self, inventory: Inventory) -> list[Found]:
        names = self.params.get("hosts") or ()
        if not self.client.is_vcenter:
            return [self._own_host(inventory, names)]
        if not names:
            raise ConvergeError(f"{self.client.hostname} is a vCenter: 'hosts' must name the hosts that should see the "
                                "datastore.")
        chosen = inventory.hosts(names)
        for ref in twice(host.ref for host in chosen):
            spelt = ", ".join(f"'{name}'" for name, host in zip(names, chosen, strict=True) if host.ref == ref)
            raise ConvergeError(f"hosts: {spelt} are the same host; list each host once.")
        return chosen

    def _own_host(self, inventory: Inventory, names: Sequence[str]) -> Found:
        if len(names) > 1:
            raise ConvergeError(f"hosts: {self.client.hostname} is a single ESXi host; for {', '.join(names)} connect "
                                "to their vCenter.")
        host = inventory.of(vim.HostSystem)[0]
        own = (host.name, self.client.hostname, host.name.split(".")[0])
        if names and not any(same_host(names[0], one) for one in own):
            raise ConvergeError(f"hosts: {self.client.hostname} is the ESXi host '{host.name}', not '{names[0]}'.")
        return host

    def _datastores(self, inventory: Inventory, centres: set[Any]) -> tuple[tuple[state.Datastore, ...], ...]:
        """The datastores of these data centres, and those of the others."""
        hosts = {one.ref: one.name for one in inventory.of(vim.HostSystem)}
        self._refs: dict[str, Any] = {}
        near, far = [], []
        for one in inventory.of(vim.Datastore):
            self._refs[one.path] = one.ref
            found = state.from_api(one.name, one.path, one.values, hosts)
            (near if inventory.datacenter_of(one.ref) in centres else far).append(found)
        return tuple(near), tuple(far)

    def _offer(self) -> state.Offer | None:
        """What the first host says of the LUN, when a datastore is to be made on it."""
        if self.params["state"] == "absent" or self._datastore():
            return None
        lun = self._lun()
        if lun is None or not lun.alive or planning.holder(self.current, lun):
            return None
        host = self.current.hosts[0]
        system = self._manager(host, "datastoreSystem")
        usable = lun.naa in [disk.canonicalName for disk in system.QueryAvailableDisksForVmfs(None) or ()]
        found = self._manager(host, "storageSystem").RetrieveDiskPartitionInfo([lun.path])
        partitions = state.types_of(found)
        if usable and "vmfs" not in partitions:
            self._options = system.QueryVmfsDatastoreCreateOptions(lun.path, self.params.get("vmfs_version")) or ()
        return state.Offer(usable, partitions, len(self._options))

    def _datastore(self) -> state.Datastore | None:
        return planning.named(self.current, self.params["name"])

    def _lun(self) -> luns.Lun | None:
        host = self.current.hosts[0]
        return luns.find(host, self.current.luns[host], self.params)

    def _wanted(self) -> str:
        datastore = self._datastore()
        if datastore and datastore.disks:
            return f"{', '.join(datastore.disks)}, which '{datastore.name}' is on"
        return luns.describe(self.params)

    def _manager(self, host: str, name: str) -> Any:
        return getattr(self.values[self.hosts[host]]["configManager"], name)

    # -- changes ----------------------------------------------------------------------------------------------------

    def create(self, _change: Change) -> None:
        """Make the VMFS, in the way that the host has offered."""
        spec = self._options[0].spec
        spec.vmfs.volumeName = self.params["name"]
        with self.client.slow():
            self._manager(self.current.hosts[0], "datastoreSystem").CreateVmfsDatastore(spec)

    def mount(self, change: Change) -> None:
        """Let a host have the volume: mount it where somebody unmounted it, else have the host look for it."""
        host = change.args["host"]
        storage = self._manager(host, "storageSystem")
        datastore = self._datastore()
        if datastore and datastore.on(host) == "unmounted":
            storage.MountVmfsVolume(datastore.uuid)
        else:
            self._rescan_volumes(storage)
        self._look()
        if not self._is_mounted(host):
            luns.rescan(self.client, storage)
            self._look()
        if not self._is_mounted(host):
            raise ConvergeError(self._why_not_mounted(host))

    def _is_mounted(self, host: str) -> bool:
        datastore = self._datastore()
        return datastore is not None and datastore.on(host) == "mounted"

    def _why_not_mounted(self, host: str) -> str:
        datastore = self._datastore()
        disks = list(datastore.disks) if datastore else []
        missing = [disk for disk in disks if not any(lun.naa == disk and lun.alive for lun in self.current.luns[host])]
        if missing:
            return (f"{host} does not reach {', '.join(missing)}, which it is on, not after a rescan either. "
                    f"{planning.sight(self.current, host)}")
        return (f"{host} reaches {', '.join(disks) or 'the LUN'}, but finds no volume '{self.params['name']}' on it, not "
                "after a rescan either: it may take it for a copy (a snapshot LUN), or may not be allowed to read it. Look "
                "at the host's log vmkernel.")

    def remove(self, change: Change) -> None:
        """Destroy the datastore with all that is on it."""
        host, path = change.args["host"], change.args["path"]
        self._manager(host, "datastoreSystem").RemoveDatastore(self._refs[path])

    def _rescan_volumes(self, storage: Any) -> None:
        with self.client.slow():
            storage.RescanVmfs()
