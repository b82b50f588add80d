# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The datastores of a server and the LUNs of its hosts as they are: frozen data, from what the vSphere API says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun


@dataclass(frozen=True)
class Datastore:
    """A datastore of one data centre.

    :ivar name: as the user writes it.
    :ivar path: where it is, ``/DC/datastore/DT``.
    :ivar kind: ``VMFS``, ``NFS`` …
    :ivar uuid: of its VMFS volume; one volume is a datastore of its own in each data centre.
    :ivar disks: the canonical names of the disks it is on.
    :ivar local: whether it is on a disk of the host's own.
    :ivar mounts: ``(host, state)``: ``mounted``, ``unmounted`` or ``inaccessible``; hosts that do not have it are missing.
    :ivar machines: how many machines and templates are on it.
    """

    name: str
    path: str = ""
    kind: str = "VMFS"
    uuid: str = ""
    disks: tuple[str, ...] = ()
    local: bool = False
    mounts: tuple[tuple[str, str], ...] = ()
    machines: int = 0

    def on(self, host: str) -> str | None:
        """How a host has it; ``None`` when it does not."""
        return dict(self.mounts).get(host)

    @property
    def mounted(self) -> list[str]:
        """The hosts that can use it."""
        return [host for host, state in self.mounts if state == "mounted"]

    def shown(self) -> dict[str, Any]:
        """The datastore as it stands in a change."""
        return {"type": self.kind, "disks": list(self.disks), "hosts": sorted(self.mounted)}

    def __str__(self) -> str:
        where = f" on {', '.join(self.disks)}" if self.disks else ""
        return f"{self.path or self.name} ({self.kind}{where})"


@dataclass(frozen=True)
class Offer:
    """What the first host says of the LUN that a datastore is to be made on.

    :ivar usable: whether it is among the disks that it offers for a VMFS.
    :ivar partitions: the types of the partitions on it, ``linuxNative``.
    :ivar ways: the number of ways that it has to make a VMFS there.
    """

    usable: bool = True
    partitions: tuple[str, ...] = ()
    ways: int = 1


@dataclass(frozen=True)
class Storage:
    """The state that plans are made from.

    :ivar hosts: the hosts that should see the datastore, in the order given.
    :ivar luns: ``{host: the LUNs it sees}``.
    :ivar datastores: those of the data centres that the hosts are in.
    :ivar elsewhere: those of the server's other data centres.
    :ivar offer: ``None`` when there is nothing to be made, or no LUN to make it on.
    """

    hosts: tuple[str, ...]
    luns: Mapping[str, tuple[Lun, ...]] = field(default_factory=dict)
    datastores: tuple[Datastore, ...] = ()
    elsewhere: tuple[Datastore, ...] = ()
    offer: Offer | None = None


def from_api(name: str, path: str, values: Mapping[str, Any], hosts: Mapping[Any, str]) -> Datastore:
    """A datastore, from its properties ``summary``, ``info``, ``host`` and ``vm``.

    :param hosts: the names of the server's hosts by their references.
    """
    vmfs = getattr(values.get("info"), "vmfs", None)
    mounts = [(hosts[mount.key], _state(mount.mountInfo)) for mount in values.get("host") or () if mount.key in hosts]
    return Datastore(
        name=name,
        path=path,
        kind="VMFS" if vmfs else values.get("summary.type") or "unknown",
        uuid=vmfs.uuid or "" if vmfs else "",
        disks=tuple(extent.diskName for extent in vmfs.extent or ()) if vmfs else (),
        local=bool(vmfs and getattr(vmfs, "local", None)),
        mounts=tuple(mounts),
        machines=len(values.get("vm") or ()),
    )


def _state(mount: Any) -> str:
    if mount.mounted is False:
        return "unmounted"
    return "inaccessible" if mount.accessible is False else "mounted"


def types_of(partitions: Iterable[Any] | None) -> tuple[str, ...]:
    """The types of the partitions that a host's ``HostDiskPartitionInfo`` tell of."""
    types = [partition.type for info in partitions or () for partition in info.spec.partition or ()]
    return tuple(kind for kind in types if kind != "none")
