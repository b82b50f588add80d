# SPDX-License-Identifier: GPL-3.0-or-later
"""A small OVF package for tests that deploy machines, and variations of it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

RASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
OVF = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="{rasd}"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References><File ovf:href="web.vmdk" ovf:id="file1" ovf:size="{size}"/></References>
  <DiskSection><Info>Disks</Info><Disk ovf:capacity="16" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="d1"
    ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection><Info>Networks</Info><Network ovf:name="LAN"><Description>LAN</Description></Network></NetworkSection>
  <VirtualSystem ovf:id="web"><Info>A machine</Info><Name>web</Name>
    <OperatingSystemSection ovf:id="96"><Info>Debian</Info></OperatingSystemSection>
    <VirtualHardwareSection><Info>Hardware</Info>
      <System><vssd:ElementName>Hardware</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>web</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-08</vssd:VirtualSystemType></System>
      {items}
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"""
ITEMS = (
    {"ElementName": "2 CPUs", "InstanceID": 1, "ResourceType": 3, "VirtualQuantity": 2},
    {
        "AllocationUnits": "byte * 2^20",
        "ElementName": "64 MB",
        "InstanceID": 2,
        "ResourceType": 4,
        "VirtualQuantity": 64,
    },
    {"Address": 0, "ElementName": "SCSI", "InstanceID": 3, "ResourceSubType": "VirtualSCSI", "ResourceType": 6},
    {
        "AddressOnParent": 0,
        "ElementName": "disk",
        "HostResource": "ovf:/disk/d1",
        "InstanceID": 4,
        "Parent": 3,
        "ResourceType": 17,
    },
    {
        "AddressOnParent": 7,
        "AutomaticAllocation": "true",
        "Connection": "LAN",
        "ElementName": "eth0",
        "InstanceID": 5,
        "ResourceSubType": "VmxNet3",
        "ResourceType": 10,
    },
)


def make_package(folder: Path) -> Path:
    """web.ovf, a disk of 16 MiB and a manifest in a folder, as an export makes them."""
    (folder / "disk.raw").write_bytes(bytes(range(256)) * 4096 + bytes(15 * 2**20))
    convert = ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized"]
    subprocess.run([*convert, "disk.raw", "web.vmdk"], cwd=folder, check=True)
    (folder / "disk.raw").unlink()
    fields = ["".join(f"<rasd:{key}>{value}</rasd:{key}>" for key, value in item.items()) for item in ITEMS]
    items = "".join(f"<Item>{text}</Item>" for text in fields)
    size = (folder / "web.vmdk").stat().st_size
    (folder / "web.ovf").write_text(OVF.format(rasd=RASD, size=size, items=items), encoding="utf-8")
    write_manifest(folder)
    return folder


def write_manifest(folder: Path, name: str = "web.mf") -> None:
    """A manifest of web.ovf and web.vmdk as they are."""
    sums = {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in ("web.ovf", "web.vmdk")}
    (folder / name).write_text("".join(f"SHA256({file})= {digest}\n" for file, digest in sums.items()), encoding="utf-8")


def changed(package: Path, folder: Path, *replacements: tuple[str, str]) -> Path:
    """A copy of a package whose descriptor says something else, with a manifest that fits it."""
    shutil.copytree(package, folder, dirs_exist_ok=True)
    text = (folder / "web.ovf").read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text, f"{old} is not in the descriptor"
        text = text.replace(old, new)
    (folder / "web.ovf").write_text(text, encoding="utf-8")
    write_manifest(folder)
    return folder
