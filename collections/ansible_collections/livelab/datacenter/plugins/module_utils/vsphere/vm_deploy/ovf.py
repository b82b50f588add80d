# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an OVF descriptor says: hardware, networks, files. The standard is DMTF DSP0243. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

# ResourceType of an Item, from DMTF's CIM_ResourceAllocationSettingData.
_CPU, _MEMORY, _ETHERNET, _DISK = "3", "4", "10", "17"

_OLDER_UNITS = {"bytes": 1, "kilobytes": 2**10, "kb": 2**10, "megabytes": 2**20, "mb": 2**20, "gigabytes": 2**30}


@dataclass(frozen=True)
class File:
    """A file beside the descriptor. size: bytes as the descriptor says, None when it does not."""

    href: str
    size: int | None = None


@dataclass(frozen=True)
class Disk:
    """A virtual disk. capacity: bytes. populated: bytes in use as the descriptor says, None when it does not."""

    identifier: str
    capacity: int
    populated: int | None = None


@dataclass(frozen=True)
class Descriptor:
    """A parsed descriptor. memory_mb: MiB."""

    name: str
    cpus: int
    memory_mb: int
    nics: int
    networks: tuple = ()
    disks: tuple = ()
    files: tuple = ()
    text: str = field(default="", repr=False)

    def hardware(self) -> dict:
        """The hardware as plain data, in the same words as `inventory.hardware_of`."""
        return {
            "cpus": self.cpus,
            "memory_mb": self.memory_mb,
            "disks_bytes": [disk.capacity for disk in self.disks],
            "nics": self.nics,
        }


def parse(text: str, where: str) -> Descriptor:
    """The descriptor in `text`. where: its path, for errors. Raises ConvergeError when it cannot be deployed."""
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise ConvergeError(f"{where} is not an OVF descriptor: it is not XML ({error}).") from error
    if _local(root) != "Envelope":
        raise ConvergeError(f"{where} is not an OVF descriptor: its root is <{_local(root)}>, not <Envelope>.")
    systems = list(_all(root, "VirtualSystem"))
    if len(systems) != 1:
        raise ConvergeError(f"{where} holds {len(systems)} virtual systems; only an OVF of one can be deployed.")
    system = systems[0]
    items = [_fields(item) for item in _all(system, "Item")]
    kinds = [item.get("ResourceType") for item in items]
    return Descriptor(
        name=next((child.text or "" for child in system if _local(child) == "Name"), _get(system, "id") or ""),
        cpus=_quantity(items, _CPU),
        memory_mb=_memory_mb(items),
        nics=kinds.count(_ETHERNET),
        networks=tuple(_get(network, "name") or "" for network in _all(root, "Network")),
        disks=_used_disks(root, items),
        files=tuple(_file(element, where) for element in _all(root, "File")),
        text=text,
    )


def units(text: str | None) -> int:
    """Bytes in an allocation unit as OVF writes it: `byte * 2^20`, or the older `MegaBytes`. Nothing is 1 byte."""
    text = (text or "byte").strip()
    if text.lower() in _OLDER_UNITS:
        return _OLDER_UNITS[text.lower()]
    match = re.fullmatch(r"byte(?:\s*\*\s*(\d+)(?:\s*\^\s*(\d+))?)?", text)
    if not match:
        raise ConvergeError(f"the OVF descriptor counts in '{text}'; expected something like 'byte * 2^20'.")
    return int(match[1] or 1) ** int(match[2] or 1)


def _local(element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _all(element, name: str):
    return (child for child in element.iter() if isinstance(child.tag, str) and _local(child) == name)


def _get(element, name: str) -> str | None:
    """An attribute, with or without a namespace."""
    return next((value for key, value in element.attrib.items() if key.rsplit("}", 1)[-1] == name), None)


def _fields(item) -> dict:
    return {_local(child): (child.text or "").strip() for child in item}


def _quantity(items, kind: str) -> int:
    counted = [item.get("VirtualQuantity") for item in items if item.get("ResourceType") == kind]
    return sum(_number(count, "VirtualQuantity") for count in counted)


def _memory_mb(items) -> int:
    total = 0
    for item in items:
        if item.get("ResourceType") == _MEMORY:
            unit = units(item.get("AllocationUnits") or "byte * 2^20")
            total += _number(item.get("VirtualQuantity"), "VirtualQuantity") * unit
    return total // 2**20


def _used_disks(root, items) -> tuple:
    """The disks that a drive of the machine uses, in the drives' order."""
    known = {_get(disk, "diskId"): disk for disk in _all(root, "Disk") if _get(disk, "diskId")}
    used = []
    for item in items:
        if item.get("ResourceType") == _DISK:
            identifier = item.get("HostResource", "").rsplit("/", 1)[-1]
            if identifier in known:
                used.append(_disk(identifier, known[identifier]))
    return tuple(used)


def _disk(identifier: str, element) -> Disk:
    populated = _get(element, "populatedSize")
    return Disk(
        identifier,
        _number(_get(element, "capacity"), "capacity") * units(_get(element, "capacityAllocationUnits")),
        None if populated is None else _number(populated, "populatedSize"),
    )


def _file(element, where: str) -> File:
    href = _get(element, "href") or ""
    outside = "://" in href or href.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", href)
    if not href or outside:
        raise ConvergeError(f"{where} names the file '{href}'; it must be a file beside the descriptor.")
    if _get(element, "compression") not in (None, "", "identity") or _get(element, "chunkSize"):
        raise ConvergeError(f"{where}: '{href}' is compressed or in pieces; export it as it is and in one piece.")
    size = _get(element, "size")
    return File(href, None if size is None else _number(size, f"the size of '{href}'"))


def _number(text, what: str) -> int:
    try:
        return int(text)
    except (TypeError, ValueError):
        raise ConvergeError(f"the OVF descriptor's {what} is '{text}'; it must be a whole number.") from None
