# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the beginning of a disk's file says: whether it is a disk that a host takes, and how large. No I/O."""

from __future__ import annotations

import struct

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

# Bytes of the beginning that are looked at.
HEAD = 512

_SECTOR = 512
_SPARSE = b"KDMV"
# Of a sparse extent's header: grains are compressed, and markers tell where what is.
_STREAM = 0x30000
_REMEDY = "Export the machine again, or make one with: qemu-img convert -O vmdk -o subformat=streamOptimized"


def capacity(head: bytes, name: str) -> int:
    """The bytes of a disk, from the beginning of its file.

    :param name: the file, for errors.
    :raises ConvergeError: when it is no stream-optimised VMDK, the one form in which a host takes a disk.
    """
    if head[:2] == b"\x1f\x8b":
        raise ConvergeError(f"'{name}' is compressed with gzip, and the descriptor does not say so. Uncompress it, or give "
                            'the file ovf:compression="gzip" there.')
    if head.startswith(b"# Disk DescriptorFile"):
        raise ConvergeError(f"'{name}' only describes a disk whose bytes are in other files; it must be a stream-optimised "
                            f"VMDK, which is one file. {_REMEDY}")
    if head[:4] != _SPARSE or len(head) < HEAD:
        raise ConvergeError(f"'{name}' is no VMDK: it begins with {head[:12]!r}. It must be a stream-optimised VMDK. {_REMEDY}")
    flags, sectors = struct.unpack_from("<IQ", head, 8)
    if flags & _STREAM != _STREAM:
        raise ConvergeError(f"'{name}' is a VMDK, but not a stream-optimised one, which a host takes as no other. {_REMEDY}")
    return sectors * _SECTOR
