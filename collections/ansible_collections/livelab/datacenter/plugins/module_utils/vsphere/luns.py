# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The LUNs that a host sees, as plain data, from what the vSphere API calls ``HostStorageDeviceInfo``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Lun:
    """One disk of a host, by one of the ways to it.

    :ivar naa: its canonical name, ``naa.6001405…``; a local disk's may begin with ``mpx.`` or ``t10.``.
    :ivar target: the IQN it is reached by, ``None`` for a disk that is not on iSCSI.
    :ivar number: its LUN there.
    :ivar size: bytes.
    :ivar path: the device path, ``/vmfs/devices/disks/naa.…``
    :ivar addresses: the portals it is reached by, ``10.0.0.1:3260``.
    """

    naa: str
    target: str | None
    number: int
    size: int
    path: str
    vendor: str = ""
    model: str = ""
    addresses: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        """The LUN as it stands in a module's result."""
        return {
            "naa": self.naa,
            "target": self.target,
            "lun": self.number,
            "size": self.size,
            "vendor": self.vendor,
            "model": self.model,
        }

    def __str__(self) -> str:
        where = f"target {self.target} LUN {self.number}" if self.target else "local"
        return f"{self.naa} ({where}, {self.size / 2**30:.1f} GiB)"


def luns_of(devices: Any) -> list[Lun]:
    """Every disk of a ``HostStorageDeviceInfo``, once for each iSCSI target it is reached by."""
    disks = {lun.key: lun for lun in devices.scsiLun or () if getattr(lun, "capacity", None)}
    adapters = devices.scsiTopology.adapter if devices.scsiTopology else ()
    found = []
    for target in (target for adapter in adapters or () for target in adapter.target or ()):
        for lun in target.lun or ():
            if lun.scsiLun in disks:
                found.append(_lun(disks[lun.scsiLun], lun.lun, target.transport))
    reached = {lun.naa for lun in found}
    return found + [_lun(disk, 0, None) for disk in disks.values() if disk.canonicalName not in reached]


def _lun(disk: Any, number: int, transport: Any) -> Lun:
    return Lun(
        naa=disk.canonicalName,
        target=getattr(transport, "iScsiName", None),
        number=number,
        size=disk.capacity.block * disk.capacity.blockSize,
        path=disk.devicePath,
        vendor=(disk.vendor or "").strip(),
        model=(disk.model or "").strip(),
        addresses=tuple(getattr(transport, "address", None) or ()),
    )


def find(luns: Iterable[Lun], wanted: Mapping[str, Any]) -> Lun | None:
    """The LUN that the options ``naa``, or ``target`` and ``lun``, mean."""
    for lun in luns:
        if wanted.get("naa") and lun.naa.lower() == wanted["naa"].lower():
            return lun
        if not wanted.get("naa") and (lun.target, lun.number) == (wanted.get("target"), wanted.get("lun")):
            return lun
    return None


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
