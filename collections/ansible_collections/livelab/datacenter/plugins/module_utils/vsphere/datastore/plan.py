# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the datastores of some hosts as they are to the one declared: a list of changes. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import luns
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.state import Datastore, Offer, Storage
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import unescape

# What has a meaning in "[datastore] path": no label of a new volume.
_FORBIDDEN = "/[]"
# The least that a VMFS takes: 1.3 GB, in bytes.
_LEAST = 1_300_000_000


def plan(current: Storage, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    A LUN that the first host does not see yet is planned for all the same: :meth:`DatastoreWork.verify` has it look.

    :raises ConvergeError: when it cannot be; nothing has been changed then.
    """
    datastore = named(current, desired["name"])
    if desired["state"] == "absent":
        return _removal(current, datastore)
    if datastore is None:
        return _new(current, desired)
    _check_same(current, datastore, desired)
    return _mounts(current, datastore)


def blind(current: Storage, desired: Mapping[str, Any]) -> list[str]:
    """The hosts that would have to see a LUN and do not: those that have to look for it before anything is done."""
    if desired["state"] == "absent":
        return []
    datastore = named(current, desired["name"])
    if datastore is None:
        return [host for host in current.hosts if _seen(current, host, desired) is None]
    lacking = [host for host in current.hosts if datastore.on(host) in (None, "inaccessible")]
    return [host for host in lacking if not _sees_all(current, host, datastore)]


def named(current: Storage, name: str) -> Datastore | None:
    """The datastore of this name; as one, where the same volume is in several data centres.

    :raises ConvergeError: when several have it.
    """
    fitting = [one for one in current.datastores if name in (one.name, one.path)]
    if not fitting:
        # A name as the vCenter keeps it, a%2fb.
        fitting = [one for one in current.datastores if one.name == unescape(name)]
    if not fitting:
        return None
    first = fitting[0]
    if len({one.uuid or one.path for one in fitting}) > 1:
        raise ConvergeError(f"{len(fitting)} datastores are called '{name}': {', '.join(map(str, fitting))}. Say which by "
                            "its path, or list only hosts of one data centre.")
    mounts = tuple(mount for one in fitting for mount in one.mounts)
    return replace(first, mounts=mounts, machines=sum(one.machines for one in fitting))


def holder(current: Storage, lun: Lun) -> Datastore | None:
    """The datastore that is on a LUN, in whatever data centre."""
    return next((one for one in (*current.datastores, *current.elsewhere) if lun.naa in one.disks), None)


def _seen(current: Storage, host: str, desired: Mapping[str, Any]) -> Lun | None:
    """The LUN that is meant, where a host reaches it."""
    lun = luns.find(host, current.luns.get(host, ()), desired)
    return lun if lun and lun.alive else None


def _sees_all(current: Storage, host: str, datastore: Datastore) -> bool:
    alive = {lun.naa for lun in current.luns.get(host, ()) if lun.alive}
    return set(datastore.disks) <= alive


def _check_same(current: Storage, datastore: Datastore, desired: Mapping[str, Any]) -> None:
    """The datastore that has the name must be the one that is meant."""
    if datastore.kind != "VMFS":
        raise ConvergeError(f"datastore '{datastore.name}' exists, but is of type {datastore.kind}; choose another "
                            "name for the VMFS datastore.")
    lun = next(filter(None, (luns.find(host, current.luns[host], desired) for host in current.hosts)), None)
    if lun and datastore.disks and lun.naa not in datastore.disks:
        raise ConvergeError(f"datastore '{datastore.name}' exists, but on {', '.join(datastore.disks)}, not on "
                            f"{luns.describe(desired)}, which is {lun.naa}.")


# -- a new one ------------------------------------------------------------------------------------------------------


def _new(current: Storage, desired: Mapping[str, Any]) -> list[Change]:
    name, first = desired["name"], current.hosts[0]
    if any(letter in name for letter in _FORBIDDEN):
        raise ConvergeError(f"name: there is no datastore '{name}', and a new one cannot be called so: none of the "
                            f"characters {' '.join(_FORBIDDEN)} may be in its name. {_stores(current)}")
    if not (desired.get("naa") or desired.get("target")):
        raise ConvergeError(f"datastore '{name}' does not exist: to make it, give 'target' and 'lun', or "
                            f"'naa'. {sight(current, first)}")
    lun = _seen(current, first, desired)
    if lun:
        _check_unused(current, lun)
        _check_offer(current, lun, desired)
    disks = (lun.naa,) if lun else ()
    made = Datastore(name, disks=disks, mounts=((first, "mounted"),))
    shown = made.shown() if lun else {**made.shown(), "disks": [luns.describe(desired)]}
    return [Change(f"datastore {name}", None, shown, "create"), *_mounts(current, made)]


def _check_unused(current: Storage, lun: Lun) -> None:
    """A LUN that a datastore is on is not formatted."""
    datastore = holder(current, lun)
    if datastore:
        where = f" ({datastore.path})" if datastore in current.elsewhere else ""
        raise ConvergeError(f"{lun} holds the datastore '{datastore.name}'{where} already. Use that name, or another "
                            f"LUN. {sight(current, current.hosts[0])}")


def _check_offer(current: Storage, lun: Lun, desired: Mapping[str, Any]) -> None:
    """A LUN that the host would not format, or that holds something, is not formatted."""
    host, offer = current.hosts[0], current.offer or Offer()
    if lun.size < _LEAST:
        raise ConvergeError(f"{lun} is too small for a VMFS: it has {lun.size} bytes, and takes {_LEAST} at least.")
    if "vmfs" in offer.partitions:
        raise ConvergeError(f"{lun} holds a VMFS volume that {host} has not mounted: a copy of another, or one that was "
                            "made elsewhere. It is never formatted. If nothing on it is needed any more, delete its "
                            "partition first.")
    if not offer.usable:
        raise ConvergeError(f"{host} does not offer {lun} for a VMFS: something is on it, or it is read-only. "
                            f"{sight(current, host)}")
    if offer.partitions and not desired["overwrite"]:
        raise ConvergeError(f"{lun} has partitions of type {', '.join(offer.partitions)}. If nothing on it is needed "
                            "any more, 'overwrite: true' formats it.")
    if not offer.ways:
        version = f" {desired['vmfs_version']}" if desired.get("vmfs_version") else ""
        raise ConvergeError(f"{host} has no way to make a VMFS{version} on {lun}.")


def sight(current: Storage, host: str) -> str:
    """What a host sees, for an error."""
    return f"{host} sees: {'; '.join(map(str, current.luns.get(host, ()))) or 'no disks'}."


def _stores(current: Storage) -> str:
    return f"There are: {listing(one.name for one in current.datastores)}."


# -- mounts and removal ---------------------------------------------------------------------------------------------


def _mounts(current: Storage, datastore: Datastore) -> list[Change]:
    before = {None: None, "unmounted": {"mounted": False}, "inaccessible": {"accessible": False}}
    return [
        Change(f"datastore {datastore.name} on {host}", before[datastore.on(host)], {"mounted": True}, "mount",
               {"host": host})
        for host in current.hosts
        if datastore.on(host) != "mounted"
    ]


def _machines(count: int) -> str:
    return "1 virtual machine or template is" if count == 1 else f"{count} virtual machines or templates are"


def _removal(current: Storage, datastore: Datastore | None) -> list[Change]:
    if datastore is None:
        return []
    machines = datastore.machines + sum(
        one.machines for one in current.elsewhere if one.uuid and one.uuid == datastore.uuid
    )
    if machines:
        raise ConvergeError(f"datastore '{datastore.name}' cannot be removed: {_machines(machines)} on it. Move or "
                            "delete that first.")
    if datastore.local:
        raise ConvergeError(f"datastore '{datastore.name}' cannot be removed: it is on the host's own disk, which holds the "
                            "host's own files. Only datastores on LUNs are removed.")
    host = next((host for host in current.hosts if datastore.on(host) == "mounted"), None)
    if host is None:
        has = ", ".join(f"{name} ({state})" for name, state in datastore.mounts) or "no host at all"
        raise ConvergeError(f"datastore '{datastore.name}' cannot be removed: it is mounted on none of "
                            f"{listing(current.hosts)}. It is on: {has}.")
    others = [name for name, _state in datastore.mounts if name != host]
    path = next(one.path for one in current.datastores if one.name == datastore.name and one.on(host) == "mounted")
    args = {"host": host, "others": others, "path": path}
    return [Change(f"datastore {datastore.name}", datastore.shown(), None, "remove", args)]
