# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's software iSCSI adapter as it is: frozen data, from what the vSphere API calls ``HostInternetScsiHba``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import luns
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import unescape
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.scsi_names import (
    PORT,
    canonical_node,
    canonical_portal,
    portal,
)

# The level of CHAP as the option has it, and as the vSphere API does.
LEVELS = {
    "prohibited": "chapProhibited",
    "discouraged": "chapDiscouraged",
    "preferred": "chapPreferred",
    "required": "chapRequired",
}
_OFF = "chapProhibited"
# The parent of a target that discovery found, where the host does not tell it.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Chap:
    """How a login proves who it is; secrets cannot be read."""

    user: str | None = None
    level: str = "prohibited"
    mutual_user: str | None = None

    def shown(self) -> dict[str, Any]:
        """As it stands in a change."""
        return {"user": self.user, "level": self.level, "mutual_user": self.mutual_user}


@dataclass(frozen=True)
class Target:
    """A portal to ask for targets, or a target at a portal.

    :ivar address: as the host has it.
    :ivar iqn: the target's iSCSI name; empty for a portal that is asked.
    :ivar parent: the portal that told of it, or :data:`UNKNOWN`; empty for one that somebody named.
    """

    address: str
    port: int = PORT
    iqn: str = ""
    parent: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others, however it is spelt."""
        return portal(self.address, self.port), canonical_node(self.iqn)

    def __str__(self) -> str:
        return f"{portal(self.address, self.port)} {self.iqn}".strip()


@dataclass(frozen=True)
class VMkernel:
    """A VMkernel adapter that could be bound.

    :ivar portgroup: as the user writes it; empty on a distributed switch.
    :ivar uplinks: the physical adapters that it may use, active ones and standby ones; ``None`` where that is not known.
    """

    device: str
    portgroup: str = ""
    uplinks: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return f"{self.device} (port group '{self.portgroup}')" if self.portgroup else self.device


@dataclass(frozen=True)
class Port:
    """A VMkernel adapter that is bound.

    :ivar in_use: whether paths to disks go over it; then the host does not release it.
    """

    device: str
    in_use: bool = False


@dataclass(frozen=True)
class Volume:
    """A VMFS volume of the host that is on disks behind the adapter.

    :ivar disks: their canonical names.
    """

    name: str
    disks: tuple[str, ...]
    accessible: bool = True


@dataclass(frozen=True)
class Adapter:
    """The software iSCSI adapter of a host, and what is behind it.

    :ivar host: the host's name, for messages.
    :ivar enabled: whether there is one; most of the rest is empty when not.
    :ivar hba: its device, ``vmhba64``.
    :ivar bound: the VMkernel adapters bound to it, where they were asked for.
    :ivar vmkernels: the VMkernel adapters that the host has.
    :ivar send_targets: portals of dynamic discovery.
    :ivar static_targets: those that somebody named.
    :ivar discovered: those that discovery found.
    :ivar luns: the LUNs reached over iSCSI, by whatever adapter.
    :ivar volumes: the VMFS volumes on disks behind this adapter.
    """

    host: str
    enabled: bool = False
    hba: str = ""
    iqn: str = ""
    alias: str = ""
    chap: Chap = Chap()
    bound: tuple[Port, ...] = ()
    vmkernels: tuple[VMkernel, ...] = ()
    send_targets: tuple[Target, ...] = ()
    static_targets: tuple[Target, ...] = ()
    discovered: tuple[Target, ...] = ()
    luns: tuple[luns.Lun, ...] = ()
    volumes: tuple[Volume, ...] = ()


def from_api(
    host: str, devices: Any, file_systems: Any = None, vmkernels: tuple[VMkernel, ...] = (), ports: Iterable[Any] | None = ()
) -> Adapter:
    """The state, from a host's ``config.storageDevice`` and ``config.fileSystemVolume``.

    :param vmkernels: see :func:`vmkernels_from_api`.
    :param ports: the ``IscsiPortInfo`` of the bound adapters.
    """
    behind = tuple(lun for lun in luns.luns_of(devices) if lun.target)
    hba = software_adapter(devices)
    if hba is None:
        return Adapter(host, vmkernels=vmkernels, luns=behind)
    static = [_target(target) for target in hba.configuredStaticTarget or ()]
    return Adapter(
        host=host,
        enabled=True,
        hba=hba.device,
        iqn=hba.iScsiName or "",
        alias=hba.iScsiAlias or "",
        chap=_chap(hba.authenticationProperties),
        bound=tuple(Port(port.vnicDevice, port.pathStatus in ("active", "standby", "lastActive")) for port in ports or ()),
        vmkernels=vmkernels,
        send_targets=tuple(Target(one.address, one.port or PORT) for one in hba.configuredSendTarget or ()),
        static_targets=tuple(target for target in static if not target.parent),
        discovered=tuple(target for target in static if target.parent),
        luns=behind,
        volumes=_volumes(file_systems, {lun.naa for lun in behind if lun.adapter in ("", hba.device)}),
    )


def vmkernels_from_api(vnics: Iterable[Any] | None, groups: Iterable[Any] | None) -> tuple[VMkernel, ...]:
    """The VMkernel adapters, from a host's ``config.network.vnic`` and ``config.network.portgroup``."""
    uplinks = {group.spec.name: _uplinks(group.computedPolicy) for group in groups or ()}
    return tuple(
        VMkernel(vnic.device, unescape(vnic.portgroup or ""), uplinks.get(vnic.portgroup or "")) for vnic in vnics or ()
    )


def _uplinks(policy: Any) -> tuple[str, ...] | None:
    order = policy.nicTeaming.nicOrder if policy and policy.nicTeaming else None
    return (*(order.activeNic or ()), *(order.standbyNic or ())) if order else None


def software_adapter(devices: Any) -> Any:
    """The software iSCSI adapter among a ``HostStorageDeviceInfo``'s, or ``None``."""
    if devices.softwareInternetScsiEnabled is False:
        return None
    return next((hba for hba in devices.hostBusAdapter or () if getattr(hba, "isSoftwareBased", False)), None)


def _target(static: Any) -> Target:
    found = static.discoveryMethod not in (None, "", "staticMethod")
    parent = canonical_portal(static.parent) if getattr(static, "parent", None) else UNKNOWN
    return Target(static.address, static.port or PORT, static.iScsiName or "", parent if found else "")


def _chap(properties: Any) -> Chap:
    levels = {api: level for level, api in LEVELS.items()}
    if properties is None or not properties.chapAuthEnabled:
        return Chap()
    mutual = properties.mutualChapAuthenticationType not in (None, "", _OFF)
    # Hosts that do not tell the level know only this one.
    level = levels.get(properties.chapAuthenticationType, "required")
    return Chap(properties.chapName or None, level, (properties.mutualChapName or None) if mutual else None)


def _volumes(file_systems: Any, disks: set[str]) -> tuple[Volume, ...]:
    found = []
    for mount in (file_systems.mountInfo if file_systems else None) or ():
        extents = tuple(extent.diskName for extent in getattr(mount.volume, "extent", None) or ())
        if disks & set(extents) and mount.mountInfo.mounted is not False:
            accessible = mount.mountInfo.accessible is not False
            found.append(Volume(unescape(mount.volume.name), extents, accessible))
    return tuple(found)
