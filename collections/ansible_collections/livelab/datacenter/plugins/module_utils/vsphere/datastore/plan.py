# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the datastores of some hosts as they are to the one declared: a list of changes. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import luns
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun

# VMFS labels: what vCenter accepts, less what has a meaning in "[datastore] path".
_FORBIDDEN = "/\\%[]"
_LONGEST = 42


@dataclass
class Datastore:
    """A datastore that the server knows.

    :ivar kind: ``VMFS``, ``NFS`` …
    :ivar disks: the canonical names of the disks it is on.
    :ivar mounted: the hosts that have it mounted, to which it is accessible.
    :ivar machines: how many machines and templates are on it.
    """

    name: str
    kind: str = "VMFS"
    disks: list[str] = field(default_factory=list)
    mounted: list[str] = field(default_factory=list)
    machines: int = 0

    def shown(self) -> dict[str, Any]:
        """The datastore as it stands in a change."""
        return {"type": self.kind, "disks": self.disks, "hosts": sorted(self.mounted)}


@dataclass
class Storage:
    """The state that plans are made from.

    :ivar hosts: the hosts that should see the datastore, in the order given.
    :ivar luns: ``{host: the LUNs it sees}``.
    :ivar datastores: ``{name: Datastore}``, of the whole server.
    :ivar usable: the canonical names of the disks that the first host could make a VMFS on; ``None``: not asked.
    :ivar partitions: the types of the partitions on the LUN that is meant, ``linuxNative``; of one without any, none.
    """

    hosts: list[str]
    luns: dict[str, list[Lun]] = field(default_factory=dict)
    datastores: dict[str, Datastore] = field(default_factory=dict)
    usable: list[str] | None = None
    partitions: list[str] = field(default_factory=list)


def plan(current: Storage, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :raises ConvergeError: when it cannot be; nothing has been changed then.
    """
    check(desired)
    datastore = current.datastores.get(desired["name"])
    if desired["state"] == "absent":
        return _plan_removal(current, datastore)
    if datastore is None:
        return _plan_new(current, desired)
    _check_same(current, datastore, desired)
    return _plan_mounts(current, datastore.name, datastore.mounted)


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no server could take.

    :raises ConvergeError: naming the option, the value and what it must be.
    """
    name = desired["name"]
    if not name.strip() or len(name) > _LONGEST or any(letter in name for letter in _FORBIDDEN):
        raise ConvergeError(f"name: '{name}' must be 1 to {_LONGEST} characters, none of them {' '.join(_FORBIDDEN)}")
    if desired.get("lun") is not None and desired["lun"] not in range(1024):
        raise ConvergeError(f"lun: {desired['lun']} must be from 0 to 1023.")


def _check_same(current: Storage, datastore: Datastore, desired: Mapping[str, Any]) -> None:
    """The datastore that has the name must be the one that is meant."""
    if datastore.kind != "VMFS":
        raise ConvergeError(f"datastore '{datastore.name}' exists, but is of type {datastore.kind}; choose another "
                            "name for the VMFS datastore.")
    lun = next(filter(None, (luns.find(current.luns[host], desired) for host in current.hosts)), None)
    if lun and datastore.disks and lun.naa not in datastore.disks:
        raise ConvergeError(f"datastore '{datastore.name}' exists, but on {', '.join(datastore.disks)}, not on "
                            f"{luns.describe(desired)}, which is {lun.naa}.")


def _plan_new(current: Storage, desired: Mapping[str, Any]) -> list[Change]:
    if not (desired.get("naa") or desired.get("target")):
        raise ConvergeError(f"datastore '{desired['name']}' does not exist: to make it, give 'target' and 'lun', or "
                            f"'naa'. {_disks(current)}")
    first = current.hosts[0]
    lun = luns.find(current.luns[first], desired)
    if lun is None:
        raise ConvergeError(f"{first} sees no {luns.describe(desired)}. {_disks(current)}")
    _check_unused(current, lun)
    if current.partitions and not desired["overwrite"]:
        raise ConvergeError(f"{lun} has partitions of type {', '.join(current.partitions)}. If nothing on it is needed "
                            "any more, 'overwrite: true' formats it.")
    after = Datastore(desired["name"], disks=[lun.naa], mounted=[first])
    args = {"name": after.name, "host": first, "path": lun.path, "version": desired.get("vmfs_version")}
    made = Change(f"datastore {after.name}", None, after.shown(), "create", args)
    return [made, *_plan_mounts(current, after.name, after.mounted)]


def _check_unused(current: Storage, lun: Lun) -> None:
    """A LUN that a datastore is on, or that the host would not format, is not formatted."""
    for datastore in current.datastores.values():
        if lun.naa in datastore.disks:
            raise ConvergeError(f"{lun} holds the datastore '{datastore.name}' already. Use that name, or another LUN. "
                                f"{_disks(current)}")
    if current.usable is not None and lun.naa not in current.usable:
        usable = ", ".join(current.usable) or "none"
        raise ConvergeError(f"{current.hosts[0]} does not offer {lun} for a VMFS: something is on it, or it is "
                            f"read-only or too small. It offers: {usable}.")


def _disks(current: Storage) -> str:
    first = current.hosts[0]
    return f"{first} sees: {'; '.join(map(str, current.luns[first])) or 'no disks'}."


def _plan_mounts(current: Storage, name: str, mounted: Iterable[str]) -> list[Change]:
    missing = [host for host in current.hosts if host not in mounted]
    return [
        Change(f"datastore {name} on {host}", None, {"mounted": True}, "mount", {"name": name, "host": host})
        for host in missing
    ]


def _plan_removal(current: Storage, datastore: Datastore | None) -> list[Change]:
    if datastore is None:
        return []
    if datastore.machines:
        raise ConvergeError(f"datastore '{datastore.name}' cannot be removed: {datastore.machines} virtual machines or "
                            "templates are on it. Move or delete them first.")
    host = next((host for host in current.hosts if host in datastore.mounted), current.hosts[0])
    args = {"name": datastore.name, "host": host}
    return [Change(f"datastore {datastore.name}", datastore.shown(), None, "remove", args)]
