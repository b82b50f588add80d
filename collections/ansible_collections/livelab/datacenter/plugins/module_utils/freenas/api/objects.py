# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vocabulary: what a NAS has, in the same words for every version and every dialect of its API. No I/O.

An object's ``id`` is the server's own reference, of whatever type the dialect has; ``None``: it is not there yet.
Objects refer to each other by these ids, except where it says otherwise. What a version does not have is ``None``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# How initiators and targets prove who they are.
NONE, CHAP, MUTUAL = "NONE", "CHAP", "CHAP_MUTUAL"
# What discovery is when its parts do not agree with each other.
MIXED = "MIXED"

# The service of every version that serves iSCSI.
ISCSI_SERVICE = "iscsitarget"


@dataclass(frozen=True)
class GlobalConfig:
    """What holds for the whole iSCSI service; there is one, and it is only ever updated.

    :ivar basename: what stands before the targets' own names.
    :ivar port: the TCP port of all portals; ``None`` where each address has a port of its own.
    :ivar isns_servers: addresses, as the server has them.
    :ivar pool_threshold: percent of a pool in use at which the NAS warns; ``None``: never.
    """

    basename: str
    port: int | None = None
    isns_servers: tuple[str, ...] = ()
    pool_threshold: int | None = None


@dataclass(frozen=True)
class Discovery:
    """Who may ask which targets there are; there is one, and it is only ever updated.

    Versions keep it in three places (the global configuration, each portal, each CHAP user); a dialect reads it from
    there, and writes it to every place. A portal or user that is created afterwards gets what is in force.

    :ivar method: :data:`NONE`, :data:`CHAP`, :data:`MUTUAL`, or :data:`MIXED` when the places do not agree.
    :ivar tag: the group of CHAP users; ``None`` without CHAP.
    """

    method: str = NONE
    tag: int | None = None


@dataclass(frozen=True)
class Listen:
    """An address that a portal listens on. The port is always told, from wherever the version keeps it."""

    ip: str
    port: int = 3260


@dataclass(frozen=True)
class Portal:
    """Addresses at which targets are reached."""

    id: Any
    comment: str
    listen: tuple[Listen, ...]


@dataclass(frozen=True)
class Initiator:
    """A group of initiators.

    :ivar initiators: their iSCSI names; empty: all.
    :ivar networks: networks they come from; empty: all; ``None`` where a group has none.
    """

    id: Any
    comment: str
    initiators: tuple[str, ...] = ()
    networks: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Credential:
    """A CHAP user.

    :ivar tag: the group it is in. Targets and discovery refer to the group by this number, never to the user.
    :ivar secret: as the server tells it; asterisks where it hides it.
    :ivar peer_user: the name that the target gives (mutual CHAP); empty: none.
    """

    id: Any
    tag: int
    user: str
    secret: str = field(default="", repr=False)
    peer_user: str = ""
    peer_secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Group:
    """A way to reach a target: by which portal, for whom, and how they prove who they are.

    :ivar portal: a portal's id.
    :ivar initiator: the id of a group of initiators; ``None``: all.
    :ivar tag: the group of CHAP users; ``None`` without CHAP.
    """

    portal: Any
    initiator: Any = None
    method: str = NONE
    tag: int | None = None


@dataclass(frozen=True)
class Target:
    """A target.

    :ivar name: as the server keeps it: what comes after the base name, or a whole name (``iqn.…``).
    :ivar alias: empty: none.
    :ivar networks: networks it lets in; empty: all; ``None`` where a target has none.
    """

    id: Any
    name: str
    alias: str = ""
    groups: tuple[Group, ...] = ()
    networks: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Extent:
    """What a LUN is made of: a zvol, a whole disk, or a file.

    :ivar kind: ``zvol``, ``disk`` or ``file``.
    :ivar source: of a zvol its dataset's name with its spaces, ``tank/my vol``; of a disk its name, ``ada1``; of a file
        its path below ``/mnt``. Prefixes (``zvol/``, ``/dev/``) and the plus that some versions write for a space are
        the dialect's business.
    :ivar filesize: bytes of a file, 0 for what is there; 0 of all else.
    :ivar blocksize: bytes of a logical block.
    :ivar serial: empty on creation: the dialect sends one of its own where the server would not choose a unique one.
    :ivar rpm: ``UNKNOWN``, ``SSD``, ``5400``, ``7200``, ``10000`` or ``15000``.
    :ivar tpc: whether initiators may copy between extents (third-party copy).
    :ivar hide_pblocksize: whether the physical block size is not reported.
    :ivar threshold: percent in use at which the NAS warns; ``None``: never.
    :ivar read_only: whether initiators can only read; ``None`` where the version has no such thing.
    :ivar enabled: ``None`` where the version has no such thing.
    :ivar product_id: what it says it is; empty: the NAS's own; ``None`` where the version has no such thing.
    :ivar naa: the NAA id, ``0x6589cfc…``; read only.
    """

    id: Any
    name: str
    kind: str
    source: str
    filesize: int = 0
    blocksize: int = 512
    serial: str = ""
    rpm: str = "SSD"
    tpc: bool = True
    hide_pblocksize: bool = False
    comment: str = ""
    threshold: int | None = None
    xen: bool = False
    read_only: bool | None = None
    enabled: bool | None = None
    product_id: str | None = None
    naa: str = ""


@dataclass(frozen=True)
class TargetExtent:
    """An extent as a LUN of a target, by their ids."""

    id: Any
    target: Any
    extent: Any
    lun: int


@dataclass(frozen=True)
class Session:
    """An initiator that is logged in.

    :ivar target: the target's whole name, ``iqn.…:vmware``.
    """

    initiator: str
    address: str
    target: str


@dataclass(frozen=True)
class Address:
    """An address that a portal can listen on. Read only."""

    ip: str


@dataclass(frozen=True)
class Disk:
    """A disk that nothing uses. Read only.

    :ivar name: ``da1``, ``sdb``.
    :ivar size: bytes; ``None`` where it is not told.
    :ivar exported_pool: the pool that is on it and not imported, where the version tells; ``None``: none is known.
    """

    name: str
    size: int | None = None
    serial: str = ""
    exported_pool: str | None = None


@dataclass(frozen=True)
class Vdev:
    """A part of a pool.

    :ivar kind: ``stripe``, ``mirror``, ``raidz1``, ``raidz2``, ``raidz3``; another where the NAS has it.
    :ivar disks: names of disks.
    """

    kind: str
    disks: tuple[str, ...]


@dataclass(frozen=True)
class Pool:
    """A pool of disks.

    :ivar vdevs: the parts that hold data. Disks in a stripe may come as one vdev or as one each.
    """

    id: Any
    name: str
    vdevs: tuple[Vdev, ...] = ()


@dataclass(frozen=True)
class Filesystem:
    """A dataset that is no zvol; a pool's own is among them. Read only.

    :ivar available: bytes that can still be used below it; ``None`` where it is not told.
    """

    name: str
    available: int | None = None


@dataclass(frozen=True)
class Zvol:
    """A volume in a pool, known by its name.

    :ivar name: with its pool: ``tank/my vol``.
    :ivar size: bytes.
    :ivar blocksize: bytes; on creation ``None``: the NAS chooses.
    :ivar sparse: whether it takes room only for what is written; ``None`` where it is not told.
    :ivar used: bytes that it takes of its pool; ``None`` where it is not told.
    :ivar oversize: on creation and growing: although it takes more than 80 % of what is available, of which the NAS
        advises against. Never read.
    """

    name: str
    size: int
    blocksize: int | None = None
    sparse: bool | None = None
    used: int | None = None
    oversize: bool = False


@dataclass(frozen=True)
class Service:
    """A service of the NAS.

    :ivar enabled: whether it starts with the NAS.
    """

    id: Any
    name: str
    enabled: bool
    running: bool
