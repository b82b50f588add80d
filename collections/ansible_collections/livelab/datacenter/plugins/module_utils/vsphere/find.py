# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding what the user names: the one way to a host, machine, network, datastore, cluster, pool, folder or data centre.

A server's inventory is read once, with the properties that the caller needs, and looked through here. Names are compared
as their owner compares them: host names as DNS does, every other to the letter, but unescaped, since a vCenter keeps
``/``, ``\\`` and ``%`` in names as ``%2f``, ``%5c`` and ``%25``. What a name does not tell apart, a path does
(``/DC/vm/lab/web``, or its end, ``lab/web``); for machines a UUID or the managed object's id (``vm-42``) too. Several that
fit are an error that lists their paths; none fits is one that lists what there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import same_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import unescape

# Every object needs these to have a name and a path.
_ALWAYS = ("name", "parent")
_CONNECTION = "runtime.connectionState"
_MAINTENANCE = "runtime.inMaintenanceMode"
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
# How messages call an object of a type.
_NOUNS = {
    "Datacenter": "data centre",
    "HostSystem": "ESXi host",
    "ClusterComputeResource": "cluster",
    "VirtualMachine": "virtual machine",
    "Datastore": "datastore",
    "Network": "network",
    "ResourcePool": "resource pool",
    "Folder": "folder",
}


@dataclass(frozen=True)
class Found:
    """An object of the inventory.

    :ivar ref: the managed object.
    :ivar values: the properties read of it.
    :ivar path: where it is, ``/DC/vm/lab/web``, each name as the vCenter keeps it.
    """

    ref: Any
    values: Mapping[str, Any]
    path: str = ""

    @property
    def name(self) -> str:
        """Its name as the user writes it."""
        return unescape(self.values.get("name", ""))

    @property
    def id(self) -> str:
        """The managed object's id, ``vm-42``."""
        return self.ref._GetMoId()


class Inventory:
    """What a server has, of the types asked for, as one read saw it.

    :ivar server: the server's name, for messages.
    """

    def __init__(self, server: str, found: Mapping[Any, Mapping[str, Any]]) -> None:
        """:param found: ``{managed object: {property: value}}``, with the folders and data centres around the objects."""
        self.server = server
        self._values = found

    @classmethod
    def read(cls, client: Client, wanted: Mapping[Any, Sequence[str]]) -> Inventory:
        """Read the objects of these types, with these properties and all that their paths are made of. One API call.

        :param wanted: ``{vim.HostSystem: ["network"], vim.Datastore: []}``; name and parent are always read.
        """
        wide = {kind: [*dict.fromkeys((*_ALWAYS, *properties))] for kind, properties in wanted.items()}
        if vim.VirtualMachine in wide:
            wide[vim.VirtualMachine].append("parentVApp")
        # Folders and data centres on the way to what is wanted, and no others unless they are wanted themselves.
        along = list(wanted)
        for kind in (vim.Folder, vim.Datacenter, vim.ComputeResource):
            wide.setdefault(kind, list(_ALWAYS))
        return cls(client.hostname, client.collect(wide, along=along))

    def of(self, kind: Any, datacenter: Found | None = None) -> list[Found]:
        """All objects of a type, those of one data centre if given, by path."""
        every = [self.found(ref) for ref, values in self._values.items() if isinstance(ref, kind) and "name" in values]
        if datacenter is not None:
            every = [one for one in every if self.datacenter_of(one.ref) == datacenter.ref]
        return sorted(every, key=lambda one: one.path)

    def found(self, ref: Any) -> Found:
        """An object that something refers to."""
        return Found(ref, self.values(ref), self.path(ref))

    def values(self, ref: Any) -> Mapping[str, Any]:
        """What was read of an object; nothing of one that was not read."""
        return self._values.get(ref, {})

    def path(self, ref: Any) -> str:
        """Where an object is, from the root folder down: ``/DC/host/cluster/esxi1``."""
        # The root folder has no parent and no place in paths.
        names = [self.values(one).get("name", one._GetMoId()) for one in self._line(ref) if self._above(one) is not None]
        return "/" + "/".join(reversed(names))

    def datacenter_of(self, ref: Any) -> Any:
        """The data centre that an object is in, ``None`` for one that is in none."""
        return next((one for one in self._line(ref) if isinstance(one, vim.Datacenter)), None)

    def _above(self, ref: Any) -> Any:
        values = self.values(ref)
        return values.get("parent") or values.get("parentVApp")

    def _line(self, ref: Any) -> list[Any]:
        """An object and all that it is in, as far as that was read."""
        line = [ref]
        while (above := self._above(line[-1])) is not None and above in self._values and above not in line:
            line.append(above)
        return line

    # -- by name ----------------------------------------------------------------------------------------------------

    def datacenter(self, name: str | None = None) -> Found:
        """The data centre of this name or path; the only one when no name is given."""
        every = self.of(vim.Datacenter)
        if name is not None:
            return self._one(vim.Datacenter, name, every)
        if len(every) != 1:
            raise ConvergeError(f"datacenter must name one of the data centres of {self.server}: "
                                f"{listing(one.name for one in every)}.")
        return every[0]

    def datacenter_if_any(self, name: str) -> Found | None:
        """The data centre of this name or path, ``None`` when there is none."""
        every = self.of(vim.Datacenter)
        fitting = self._fitting(name, every)
        return self._only(vim.Datacenter, name, fitting) if fitting else None

    def host(self, name: str, datacenter: Found | None = None) -> Found:
        """The ESXi host of this name, whatever its state; names are compared as DNS does."""
        return self._one(vim.HostSystem, name, self.of(vim.HostSystem, datacenter), same_host)

    def hosts(self, names: Iterable[str]) -> list[Found]:
        """The ESXi hosts of these names, all connected.

        :raises ConvergeError: naming one that is not there, or that the vCenter has lost.
        """
        chosen = [self.host(name) for name in names]
        for host in chosen:
            refuse_lost(host, self.server)
        return chosen

    def host_if_any(self, name: str) -> Found | None:
        """The same, ``None`` when there is none."""
        fitting = self._fitting(name, self.of(vim.HostSystem), same_host)
        return self._only(vim.HostSystem, name, fitting) if fitting else None

    def cluster(self, name: str, datacenter: Found | None = None) -> Found:
        """The cluster of this name or path."""
        kind = vim.ClusterComputeResource
        return self._one(kind, name, self.of(kind, datacenter))

    def pool(self, name: str, owner: Any = None) -> Found:
        """The resource pool of this name or path; of this host's or cluster's compute resource, if given."""
        pools = [one for one in self.of(vim.ResourcePool) if owner is None or owner in self._line(one.ref)]
        return self._one(vim.ResourcePool, name, pools)

    def machine(self, name: str, folder: str | None = None, datacenter: Found | None = None) -> Found:
        """The virtual machine of this name, path, UUID or id; in this folder, if given.

        :raises ConvergeError: naming those that exist, or the paths of those that all fit.
        """
        found = self.machine_if_any(name, folder, datacenter)
        if found is None:
            there = self._in_folder(self.of(vim.VirtualMachine, datacenter), folder)
            raise self._none(vim.VirtualMachine, name, there, folder)
        return found

    def machine_if_any(self, name: str, folder: str | None = None, datacenter: Found | None = None) -> Found | None:
        """The same, ``None`` when there is none; the folder has to be there."""
        every = self._in_folder(self.of(vim.VirtualMachine, datacenter), folder)
        fitting = self._fitting(name, every) or [one for one in every if _is_id(one, name)]
        return self._only(vim.VirtualMachine, name, fitting) if fitting else None

    def machines(self, folder: str | None = None, datacenter: Found | None = None) -> list[Found]:
        """All virtual machines, those directly in a folder if given, by path; the folder has to be there."""
        return self._in_folder(self.of(vim.VirtualMachine, datacenter), folder)

    def datastore(self, name: str, host: Found | None = None, datacenter: Found | None = None) -> Found:
        """The datastore of this name or path; one that this host has, if given."""
        stores = self.of(vim.Datastore, datacenter)
        on_host = [one for one in stores if host is None or has_datastore(host, one)]
        if host is not None and not self._fitting(name, on_host):
            raise ConvergeError(f"the ESXi host '{host.name}' has no datastore '{name}'; it has: "
                                f"{listing(one.name for one in on_host)}.")
        return self._one(vim.Datastore, name, on_host)

    def network(self, name: str, host: Found | None = None, datacenter: Found | None = None) -> Found:
        """The network of this name or path; one that this host has, if given (its ``network`` must have been read)."""
        networks = self.of(vim.Network, datacenter)
        if host is None:
            return self._one(vim.Network, name, networks)
        on_host = [one for one in networks if one.ref in set(host.values.get("network") or ())]
        if not self._fitting(name, on_host):
            raise ConvergeError(f"the ESXi host '{host.name}' has no network '{name}'; it has: "
                                f"{listing(one.name for one in on_host)}.")
        return self._one(vim.Network, name, on_host)

    def folder(self, path: str, kind: str, datacenter: Found) -> Found:
        """The folder of this path below a data centre's folder of a kind; ``""`` is that one itself.

        :param path: ``lab/rack1``, or whole, ``/DC/vm/lab/rack1``.
        :param kind: ``vm``, ``host``, ``network`` or ``datastore``.
        :raises ConvergeError: naming the folders that there are.
        """
        top = f"{datacenter.path}/{kind}"
        wanted = path.rstrip("/") if path.startswith("/") else f"{top}/{path.strip('/')}".rstrip("/")
        there = [one for one in self.of(vim.Folder, datacenter) if f"{one.path}/".startswith(f"{top}/")]
        for one in there:
            if _same_path(one.path, wanted):
                return one
        raise ConvergeError(f"folder: {datacenter.name} has no {kind} folder '{path}'; it has: "
                            f"{listing(one.path[len(top) + 1:] for one in there if one.path != top)}.")

    def _in_folder(self, machines: list[Found], folder: str | None) -> list[Found]:
        if folder is None:
            return machines
        centres = self.of(vim.Datacenter)
        tops = [folder.rstrip("/")] if folder.startswith("/") else [
            f"{centre.path}/vm/{folder.strip('/')}".rstrip("/") for centre in centres
        ]
        return [one for one in machines if any(_same_path(one.path.rpartition("/")[0], top) for top in tops)]

    # -- the choice -------------------------------------------------------------------------------------------------

    def _one(self, kind: Any, name: str, every: Sequence[Found], same: Any = None) -> Found:
        fitting = self._fitting(name, every, same)
        if not fitting:
            raise self._none(kind, name, every)
        return self._only(kind, name, fitting)

    def _fitting(self, name: str, every: Sequence[Found], same: Any = None) -> list[Found]:
        """Those whose name it is; else those whose path it is, or the end of it."""
        equal = same or (lambda one, other: one == other)
        by_name = [one for one in every if equal(one.name, name)] or [
            one for one in every if one.values.get("name") == name
        ]
        return by_name or [one for one in every if "/" in name and _ends_with(one.path, name)]

    def _only(self, kind: Any, name: str, fitting: Sequence[Found]) -> Found:
        if len(fitting) == 1:
            return fitting[0]
        raise ConvergeError(f"{len(fitting)} {noun(kind)}s of {self.server} are called '{name}'; say which by its path: "
                            f"{', '.join(one.path for one in fitting)}.")

    def _none(self, kind: Any, name: str, every: Sequence[Found], folder: str | None = None) -> ConvergeError:
        where = f"the folder '{folder}' of {self.server}" if folder else self.server
        return ConvergeError(f"no {noun(kind)} '{name}' in {where}; it has: {listing(one.name for one in every)}.")


def noun(kind: Any) -> str:
    """How messages call objects of a type."""
    name = kind.__name__.rsplit(".", 1)[-1]
    return _NOUNS.get(name, name)


def _same_path(one: str, other: str) -> bool:
    return [unescape(part) for part in one.split("/")] == [unescape(part) for part in other.split("/")]


def _ends_with(path: str, wanted: str) -> bool:
    """Whether a path is the wanted one, or ends with it where that is not whole; ``vm`` and the like may be left out."""
    if wanted.startswith("/"):
        return _same_path(path, wanted.rstrip("/"))
    there = [unescape(part) for part in path.split("/")]
    parts = [unescape(part) for part in wanted.strip("/").split("/")]
    return there[-len(parts):] == parts


def _is_id(one: Found, name: str) -> bool:
    if _UUID.fullmatch(name):
        plain = name.replace("-", "").lower()
        known = (one.values.get("config.uuid"), one.values.get("config.instanceUuid"))
        return plain in [(uuid or "").replace("-", "").lower() for uuid in known]
    return one.id == name


def unfit(host: Found) -> str:
    """Why a host cannot take a machine, in words that follow its name; "" when it can."""
    state = host.values.get(_CONNECTION, "connected")
    if state != "connected":
        return "is disconnected" if state == "disconnected" else "does not respond to its vCenter"
    return "is in maintenance mode" if host.values.get(_MAINTENANCE) else ""


def refuse_lost(host: Found, server: str) -> None:
    """Refuse a host that its vCenter does not reach.

    :raises ConvergeError: naming it and its state.
    """
    state = host.values.get(_CONNECTION)
    if state not in (None, "connected"):
        raise ConvergeError(f"the ESXi host '{host.name}' is {state} in {server}; it must be connected.")


def has_datastore(host: Found, datastore: Found) -> bool:
    """Whether a host has a datastore mounted to read and write (the datastore's ``host`` must have been read)."""
    for mount in datastore.values.get("host") or ():
        info = mount.mountInfo
        if mount.key == host.ref and info.accessMode == "readWrite":
            return info.mounted is not False and info.accessible is not False
    return False


def find_host(client: Client, name: str | None, *properties: str) -> tuple[Any, dict[str, Any]]:
    """The host that a module works on, and its properties: one API call on an ESXi, two on a vCenter.

    :param name: as the vCenter names it; may be left out when the client is connected to the ESXi itself.
    :raises ConvergeError: when there is no such host, or the vCenter has lost it.
    """
    if client.is_vcenter and not name:
        raise ConvergeError(f"{client.hostname} is a vCenter: 'esxi_hostname' must name one of its hosts.")
    if client.is_vcenter:
        host = find_hosts(client, [name])[0]
        return host.ref, {**client.read(host.ref, *properties), "name": host.name}
    found = client.collect({vim.HostSystem: ["name", *properties]})
    host, values = next(iter(found.items()))
    check_own_name(client, values["name"], name)
    return host, values


def check_own_name(client: Client, own: str, name: str | None) -> None:
    """Refuse a name given for an ESXi host that is none of the names of the one that the client is connected to.

    :raises ConvergeError: naming both.
    """
    if name and not any(same_host(name, one) for one in (own, client.hostname, own.split(".")[0])):
        raise ConvergeError(f"esxi_hostname: {client.hostname} is the ESXi host '{own}', not '{name}'.")


def find_hosts(client: Client, names: Iterable[str]) -> list[Found]:
    """Connected hosts of a vCenter, by name. One API call.

    :raises ConvergeError: naming those that do not exist and those that do, or those not connected.
    """
    return Inventory.read(client, {vim.HostSystem: [_CONNECTION]}).hosts(names)
