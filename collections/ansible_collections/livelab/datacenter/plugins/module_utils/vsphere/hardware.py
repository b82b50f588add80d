# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual machine's hardware and guest as plain data, from the API's answer. No I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Disk:
    """A virtual disk.

    :ivar key: the device's number within its machine.
    :ivar label: as the vSphere client shows it, ``Hard disk 1``.
    :ivar capacity: bytes.
    :ivar file: ``[datastore] web/web.vmdk``, ``""`` when it is in no file.
    """

    key: int
    label: str
    capacity: int
    file: str

    @property
    def datastore(self) -> str:
        """The name of the datastore that its file is on."""
        return datastore_of(self.file)


@dataclass(frozen=True)
class Card:
    """A network adapter.

    :ivar network: the name of the network it is on; of a distributed port group, its key, until that is looked up.
    :ivar distributed: whether it is on a distributed port group.
    """

    key: int
    label: str
    mac: str
    network: str
    connected: bool
    distributed: bool = False


def is_a(thing: Any, *names: str) -> bool:
    """Whether an object of the API is of one of these types, or of a type derived from one: ``VirtualDisk``."""
    return any(cls.__name__.rsplit(".", 1)[-1] in names for cls in type(thing).__mro__)


def datastore_of(file: str) -> str:
    """The datastore of ``[datastore] folder/file``, ``""`` of what is no such path."""
    return file[1:].split("]")[0] if file.startswith("[") else ""


def disks(devices: Any) -> list[Disk]:
    """The disks among a machine's devices."""
    return [
        Disk(
            device.key,
            _label(device),
            device.capacityInBytes or (device.capacityInKB or 0) * 1024,
            getattr(device.backing, "fileName", None) or "",
        )
        for device in devices or ()
        if is_a(device, "VirtualDisk")
    ]


def cards(devices: Any) -> list[Card]:
    """The network adapters among a machine's devices."""
    return [_card(device) for device in devices or () if is_a(device, "VirtualEthernetCard")]


def summary(hardware: Any) -> dict[str, Any]:
    """A machine's ``config.hardware`` in the words in which an OVF descriptor's hardware is told too."""
    devices = hardware.device
    return {
        "cpus": hardware.numCPU,
        "memory_mb": hardware.memoryMB,
        "disks_bytes": [disk.capacity for disk in disks(devices)],
        "nics": len(cards(devices)),
    }


def tools_run(values: Mapping[str, Any]) -> bool:
    """Whether VMware Tools run in the guest (``guest.toolsRunningStatus`` must have been read)."""
    return values.get("guest.toolsRunningStatus") == "guestToolsRunning"


def addresses(values: Mapping[str, Any]) -> list[str]:
    """The guest's addresses as VMware Tools tell them, IPv4 before IPv6; none that is only valid on the link.

    :param values: with ``guest.ipAddress`` and ``guest.net``, each only as far as the server has them.
    """
    told = [values.get("guest.ipAddress")]
    for adapter in values.get("guest.net") or ():
        told += list(adapter.ipAddress or ())
    found = []
    for text in told:
        try:
            candidate = ipaddress.ip_address((text or "").split("%")[0])
        except ValueError:
            continue
        if not (candidate.is_link_local or candidate.is_loopback or candidate.is_unspecified):
            found.append(candidate)
    return [str(one) for one in sorted(dict.fromkeys(found), key=lambda one: one.version)]


def address(values: Mapping[str, Any]) -> str | None:
    """The first of the guest's addresses."""
    return next(iter(addresses(values)), None)


def _label(device: Any) -> str:
    return getattr(getattr(device, "deviceInfo", None), "label", None) or f"device {device.key}"


def _card(device: Any) -> Card:
    port = getattr(device.backing, "port", None)
    connectable = getattr(device, "connectable", None)
    return Card(
        device.key,
        _label(device),
        getattr(device, "macAddress", None) or "",
        (port.portgroupKey if port else getattr(device.backing, "deviceName", None)) or "",
        bool(connectable and connectable.connected),
        bool(port and port.portgroupKey),
    )
