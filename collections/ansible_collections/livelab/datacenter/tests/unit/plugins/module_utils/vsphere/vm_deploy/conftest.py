# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small OVF package to take apart and to damage."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest


def disk(capacity: int, flags: int = 0x30001) -> bytes:
    """The file of a stream-optimised disk of this capacity, as far as anything looks at it: 16 KiB."""
    header = struct.pack("<4sIIQ", b"KDMV", 3, flags, capacity // 512)
    return header.ljust(512, b"\0") + bytes(range(256)) * 62


DISK = disk(4 * 2**30)

DESCRIPTOR = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
  <References><File ovf:href="disk.vmdk" ovf:id="file1" ovf:size="16384"/></References>
  <DiskSection>
    <Disk ovf:capacity="4" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="d1" ovf:fileRef="file1"
        ovf:populatedSize="123456"/>
    <Disk ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="unused"/>
  </DiskSection>
  <NetworkSection><Network ovf:name="VM Network"/></NetworkSection>
  <VirtualSystem ovf:id="web">
    <Name>web server</Name>
    <VirtualHardwareSection>
      <Item><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item>
      <Item><rasd:HostResource>ovf:/disk/d1</rasd:HostResource><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:Connection>VM Network</rasd:Connection><rasd:ResourceType>10</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"""


def manifest(**digests: str) -> str:
    """Lines of a manifest."""
    return "".join(f"SHA256({name.replace('_', '.')})= {digest}\n" for name, digest in digests.items())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """web.ovf, disk.vmdk and web.mf, all in order."""
    (tmp_path / "web.ovf").write_text(DESCRIPTOR)
    (tmp_path / "disk.vmdk").write_bytes(DISK)
    whole = {"web_ovf": DESCRIPTOR.encode(), "disk_vmdk": DISK}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in whole.items()}
    (tmp_path / "web.mf").write_text(manifest(**digests))
    return tmp_path
