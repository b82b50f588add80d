# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The LUNs that a host sees, as plain data, from what the vSphere API calls ``HostStorageDeviceInfo``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.scsi_names import (
    canonical_disk,
    canonical_node,
    canonical_portal,
)


@dataclass(frozen=True)
class Lun:
    """One disk of a host, by one of the ways to it.

    :ivar naa: its canonical name, ``naa.6001405…``; a local disk's may begin with ``mpx.`` or ``t10.``.
    :ivar target: the iSCSI name it is reached by, ``None`` for a disk that is not on iSCSI.
    :ivar number: its LUN there.
    :ivar size: bytes.
    :ivar path: the device path, ``/vmfs/devices/disks/naa.…``
    :ivar addresses: the portals it is reached by, ``10.0.0.1:3260``.
    :ivar adapter: the device of the host's adapter, ``vmhba64``.
    :ivar alive: whether the host reaches it this way; it keeps showing what it has lost while something is on it.
    """

    naa: str
    target: str | None
    number: int
    size: int
    path: str
    vendor: str = ""
    model: str = ""
    addresses: tuple[str, ...] = ()
    adapter: str = ""
    alive: bool = True

    def shown(self) -> dict[str, Any]:
        """The LUN as it stands in a module's result."""
        return {
            "naa": self.naa,
            "target": self.target,
            "lun": self.number,
            "size": self.size,
            "vendor": self.vendor,
            "model": self.model,
            "accessible": self.alive,
        }

    def __str__(self) -> str:
        where = f"target {self.target} LUN {self.number}" if self.target else "local"
        return f"{self.naa} ({where}, {self.size / 2**30:.1f} GiB{'' if self.alive else ', out of reach'})"


def luns_of(devices: Any) -> tuple[Lun, ...]:
    """Every disk of a ``HostStorageDeviceInfo``, once for each iSCSI target and adapter it is reached by."""
    disks = {lun.key: lun for lun in devices.scsiLun or () if getattr(lun, "capacity", None)}
    names = {hba.key: hba.device for hba in devices.hostBusAdapter or ()}
    dead = _dead(devices.multipathInfo)
    adapters = devices.scsiTopology.adapter if devices.scsiTopology else ()
    found = []
    for adapter in adapters or ():
        for target in adapter.target or ():
            for lun in target.lun or ():
                if lun.scsiLun in disks:
                    found.append(_lun(disks[lun.scsiLun], lun.lun, target.transport, names.get(adapter.adapter, ""), dead))
    reached = {lun.naa for lun in found}
    return (*found, *(_lun(disk, 0, None, "", dead) for disk in disks.values() if disk.canonicalName not in reached))


def _dead(multipath: Any) -> set[tuple[str, str | None]]:
    """Of which disks no path (to this target) lives: ``(key of the disk, iSCSI name)``."""
    states: dict[tuple[str, str | None], list[str]] = {}
    for unit in (multipath.lun if multipath else None) or ():
        for path in unit.path or ():
            # 'state' is what hosts since 4.0 tell, 'pathState' what all do.
            state = getattr(path, "state", None) or getattr(path, "pathState", None) or "unknown"
            states.setdefault((unit.lun, getattr(path.transport, "iScsiName", None)), []).append(state)
    return {way for way, told in states.items() if set(told) == {"dead"}}


def _lun(disk: Any, number: int, transport: Any, adapter: str, dead: set[tuple[str, str | None]]) -> Lun:
    target = getattr(transport, "iScsiName", None)
    return Lun(
        naa=disk.canonicalName,
        target=target,
        number=number,
        size=disk.capacity.block * disk.capacity.blockSize,
        path=disk.devicePath,
        vendor=(disk.vendor or "").strip(),
        model=(disk.model or "").strip(),
        addresses=tuple(canonical_portal(address) for address in getattr(transport, "address", None) or ()),
        adapter=adapter,
        alive=(disk.key, target) not in dead,
    )


def find(host: str, luns: Iterable[Lun], wanted: Mapping[str, Any]) -> Lun | None:
    """The LUN that the options ``naa``, or ``target`` and ``lun``, mean; one that the host reaches, if it can be.

    :param host: whose LUNs these are, for the error.
    :raises ConvergeError: when several disks fit, as where two adapters each have a target of that name.
    """
    fitting = sorted((lun for lun in luns if _fits(lun, wanted)), key=lambda lun: not lun.alive)
    disks = {lun.naa: lun for lun in reversed(fitting)}
    if len(disks) > 1:
        which = "; ".join(f"{lun} at {lun.adapter or 'another adapter'}" for lun in fitting)
        raise ConvergeError(f"{describe(wanted)} is {len(disks)} disks on {host}: {which}. Say which by 'naa'.")
    return fitting[0] if fitting else None


def _fits(lun: Lun, wanted: Mapping[str, Any]) -> bool:
    if wanted.get("naa"):
        return canonical_disk(lun.naa) == canonical_disk(wanted["naa"])
    if not (lun.target and wanted.get("target")):
        return False
    return (canonical_node(lun.target), lun.number) == (canonical_node(wanted["target"]), wanted.get("lun"))


def describe(wanted: Mapping[str, Any]) -> str:
    """How messages call the LUN that is wanted."""
    return f"LUN {wanted['naa']}" if wanted.get("naa") else f"LUN {wanted.get('lun')} of target {wanted.get('target')}"


def rescan(client: Any, storage: Any, hba: str | None = None) -> None:
    """Look for LUNs (on one adapter, or on all) and then for the VMFS volumes on them.

    :param storage: the host's ``HostStorageSystem``.
    """
    with client.slow():
        if hba:
            storage.RescanHba(hba)
        else:
            storage.RescanAllHba()
        storage.RescanVmfs()
