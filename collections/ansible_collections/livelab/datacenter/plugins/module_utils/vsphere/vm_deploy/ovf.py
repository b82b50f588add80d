# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an OVF descriptor says: hardware, networks, files. The standard is DMTF DSP0243, 1.1 and 2. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy import ovf_options
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.ovf_options import Property
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.ovf_xml import (
    attribute,
    children,
    every,
    local,
    number,
    parse_xml,
    units,
)

# ResourceType of an Item, from DMTF's CIM_ResourceAllocationSettingData.
_CPU, _MEMORY, _ETHERNET, _DISK = "3", "4", "10", "17"
# OVF 2 has elements of their own for disks and network adapters.
_ITEMS = ("Item", "StorageItem", "EthernetPortItem")

Item = Mapping[str, str]


@dataclass(frozen=True)
class File:
    """A file of the package.

    :ivar size: bytes as they are stored, as the descriptor says; ``None`` when it does not.
    :ivar gzip: whether it is compressed.
    :ivar chunk: bytes of each of the pieces it is stored in but the last; ``None`` when it is in one.
    """

    identifier: str
    href: str
    size: int | None = None
    gzip: bool = False
    chunk: int | None = None


@dataclass(frozen=True)
class Disk:
    """A virtual disk.

    :ivar capacity: bytes.
    :ivar populated: bytes in use as the descriptor says, ``None`` when it does not.
    :ivar file: the identifier of the file that it is filled from, ``None`` for an empty one.
    """

    identifier: str
    capacity: int
    populated: int | None = None
    file: str | None = None


@dataclass(frozen=True)
class Descriptor:
    """A parsed descriptor, with a deployment option chosen.

    :ivar memory_mb: MiB.
    :ivar networks: the names of its networks; ``connected`` are those that an adapter is on.
    :ivar option: the deployment option chosen, ``""`` when it has none.
    :ivar properties: by their full keys.
    """

    name: str
    cpus: int
    memory_mb: int
    nics: int
    networks: tuple[str, ...] = ()
    connected: tuple[str, ...] = ()
    disks: tuple[Disk, ...] = ()
    files: tuple[File, ...] = ()
    option: str = ""
    properties: Mapping[str, Property] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)

    def hardware(self) -> dict[str, Any]:
        """The hardware in the words of ``hardware.summary``."""
        return {
            "cpus": self.cpus,
            "memory_mb": self.memory_mb,
            "disks_bytes": [disk.capacity for disk in self.disks],
            "nics": self.nics,
        }


def parse(data: bytes, where: str, option: str | None = None, given: Mapping[str, Any] | None = None) -> Descriptor:
    """The descriptor in ``data``.

    :param where: its path, for errors.
    :param option: the deployment option wanted; the package's default when not given.
    :param given: values of its properties.
    :raises ConvergeError: when it cannot be deployed.
    """
    root, text = parse_xml(data, where)
    systems = list(every(root, "VirtualSystem"))
    if len(systems) != 1:
        raise ConvergeError(f"{where} holds {len(systems)} virtual systems; only an OVF of one can be deployed.")
    system = systems[0]
    _options, chosen = ovf_options.choose_option(root, option)
    known = ovf_options.properties(root, chosen, given)
    items = _items(system, chosen)
    cards = [item for item in items if item.get("ResourceType") == _ETHERNET]
    networks = [one for section in every(root, "NetworkSection") for one in children(section, "Network")]
    return Descriptor(
        name=next((child.text or "" for child in children(system, "Name")), attribute(system, "id") or ""),
        cpus=sum(number(item.get("VirtualQuantity"), "number of CPUs") for item in _of(items, _CPU)),
        memory_mb=_memory_mb(items),
        nics=len(cards),
        networks=tuple(attribute(network, "name") or "" for network in networks),
        connected=tuple(dict.fromkeys(item["Connection"] for item in cards if item.get("Connection"))),
        disks=_used_disks(root, items, known),
        files=tuple(_file(one, where) for section in every(root, "References") for one in children(section, "File")),
        option=chosen,
        properties=known,
        text=text,
    )


# -- items --------------------------------------------------------------------------------------------------------------


def _items(system: Any, option: str) -> list[Item]:
    """The items of the hardware that the option has, each once: what is of the option takes the place of what is of all."""
    section = next((one for one in every(system, "VirtualHardwareSection") if ovf_options.belongs(one, option)), None)
    found: dict[str, tuple[bool, Item]] = {}
    for place, element in enumerate(children(section, *_ITEMS) if section is not None else ()):
        # What an item may be at the least and at the most is not what it is.
        if attribute(element, "bound") in ("min", "max") or not ovf_options.belongs(element, option):
            continue
        fields: dict[str, str] = {}
        for child in element:
            fields.setdefault(local(child), (child.text or "").strip())
        special = attribute(element, "configuration") is not None
        key = fields.get("InstanceID") or f"place {place}"
        if key not in found or (special and not found[key][0]):
            found[key] = (special, {**fields, "special": "yes" if special else ""})
    return [item for _special, item in found.values()]


def _of(items: Sequence[Item], kind: str) -> list[Item]:
    """The items of a type that count together: those of the option, where it has any; else those of all."""
    of_kind = [item for item in items if item.get("ResourceType") == kind]
    return [item for item in of_kind if item["special"]] or of_kind


def _memory_mb(items: Sequence[Item]) -> int:
    total = 0
    for item in _of(items, _MEMORY):
        unit = units(item.get("AllocationUnits") or "byte * 2^20")
        total += number(item.get("VirtualQuantity"), "amount of memory") * unit
    return total // 2**20


# -- disks and files ----------------------------------------------------------------------------------------------------


def _used_disks(root: Any, items: Sequence[Item], known: Mapping[str, Property]) -> tuple[Disk, ...]:
    """The disks that a drive of the machine uses, in the drives' order."""
    described = {attribute(disk, "diskId"): disk for section in every(root, "DiskSection")
                 for disk in children(section, "Disk")}
    used = []
    for item in items:
        if item.get("ResourceType") != _DISK:
            continue
        identifier = item.get("HostResource", "").rsplit("/", 1)[-1]
        if identifier in described:
            used.append(_disk(identifier, described, known))
        elif identifier:
            raise ConvergeError(f"the OVF descriptor has a drive with the disk '{identifier}', which it does not describe; it "
                                f"describes: {listing(described)}.")
        else:
            size = number(item.get("VirtualQuantity"), "size of a disk") * units(item.get("AllocationUnits"))
            used.append(Disk(item.get("InstanceID", ""), size))
    return tuple(used)


def _disk(identifier: str, described: Mapping[str | None, Any], known: Mapping[str, Property]) -> Disk:
    element = described[identifier]
    populated = attribute(element, "populatedSize")
    capacity = number(ovf_options.resolve(attribute(element, "capacity"), known), f"capacity of the disk '{identifier}'")
    return Disk(
        identifier,
        capacity * units(attribute(element, "capacityAllocationUnits")),
        None if populated is None else number(populated, "populatedSize"),
        attribute(element, "fileRef") or None,
    )


def _file(element: Any, where: str) -> File:
    href = attribute(element, "href") or ""
    if not href or "://" in href:
        raise ConvergeError(f"{where} names the file '{href}'; it must be a file beside the descriptor.")
    compression = attribute(element, "compression") or "identity"
    if compression not in ("identity", "gzip"):
        raise ConvergeError(f"{where}: '{href}' is compressed with '{compression}'; it must be gzip, or not compressed.")
    size, chunk = attribute(element, "size"), attribute(element, "chunkSize")
    pieces = None if chunk is None else number(chunk, f"chunkSize of '{href}'")
    if pieces == 0:
        raise ConvergeError(f"the OVF descriptor's chunkSize of '{href}' is 0; it must be 1 or more.")
    return File(
        attribute(element, "id") or "",
        href,
        None if size is None or re.fullmatch(r"\$\{.*\}", size) else number(size, f"size of '{href}'"),
        compression == "gzip",
        pieces,
    )
