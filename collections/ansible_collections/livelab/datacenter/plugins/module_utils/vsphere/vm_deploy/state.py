# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of the machine, of its package, and of the place it would go to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import hardware
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.ovf import Descriptor

PROPERTIES = ("name", "config.hardware", "config.uuid", "runtime.powerState", "runtime.host", "disabledMethod")


@dataclass(frozen=True)
class Machine:
    """A machine that is there.

    :ivar path: where it is in the inventory.
    :ivar hardware: in the words of ``hardware.summary``; nothing when the server cannot tell it.
    :ivar ref: the managed object.
    """

    name: str
    path: str
    moid: str
    uuid: str | None = None
    power: str = "poweredOff"
    host: str | None = None
    hardware: Mapping[str, Any] = field(default_factory=dict)
    ref: Any = field(default=None, compare=False, repr=False)

    def shown(self) -> dict[str, Any]:
        """As it stands in the module's result."""
        told = {"name": self.name, "moid": self.moid, "uuid": self.uuid, "power": self.power, "host": self.host}
        return {**told, "path": self.path, **self.hardware}


@dataclass(frozen=True)
class Destination:
    """Where a machine would go.

    :ivar words: the host, and the cluster where one was asked for, as the result tells them.
    :ivar free: bytes free on the datastore.
    :ivar networks: the networks of the package and those of the host they become.
    :ivar refs: the managed objects: ``pool``, ``host``, ``datastore``, ``folder``, ``networks``.
    """

    words: Mapping[str, str]
    datastore: str
    free: int
    networks: Mapping[str, str]
    refs: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class State:
    """All that a plan is made from.

    :ivar machine: the machine of the name, ``None`` when there is none.
    :ivar package: the descriptor; ``None`` when it was not needed or could not be read.
    :ivar stored: bytes of the package's files.
    :ivar manifest: the name of the package's manifest.
    :ivar destination: ``None`` where a machine is there.
    """

    machine: Machine | None = None
    package: Descriptor | None = None
    stored: int = 0
    manifest: str | None = None
    destination: Destination | None = None


def from_api(ref: Any, name: str, path: str, host: str | None, values: Mapping[str, Any]) -> Machine:
    """A machine from its :data:`PROPERTIES`."""
    known = values.get("config.hardware")
    return Machine(
        name,
        path,
        ref._GetMoId(),
        values.get("config.uuid"),
        values.get("runtime.powerState", "poweredOff"),
        host,
        hardware.summary(known) if known is not None else {},
        ref,
    )


def under_way(values: Mapping[str, Any]) -> bool:
    """Whether a machine's import has not ended: the server lets nobody switch it on or remove it until then."""
    disabled = values.get("disabledMethod") or ()
    return "PowerOnVM_Task" in disabled and "Destroy_Task" in disabled
