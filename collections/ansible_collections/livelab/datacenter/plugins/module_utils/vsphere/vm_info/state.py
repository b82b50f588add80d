# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines as they are: place, power, address, disks, networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import hardware
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import unescape

PROPERTIES = (
    "config.uuid",
    "config.instanceUuid",
    "config.template",
    "config.files.vmPathName",
    "config.hardware",
    "guest.hostName",
    "guest.ipAddress",
    "guest.net",
    "guest.toolsRunningStatus",
    "resourcePool",
    "runtime.connectionState",
    "runtime.host",
    "runtime.powerState",
)


@dataclass(frozen=True)
class Place:
    """Where a machine is: names as the user writes them, but for paths, which are as the server keeps them."""

    path: str
    folder: str
    datacenter: str | None
    host: str | None
    cluster: str | None
    resource_pool: str | None


@dataclass(frozen=True)
class Machine:
    """A machine. Sizes in bytes, memory in MiB."""

    name: str
    moid: str
    uuid: str | None
    instance_uuid: str | None
    template: bool
    place: Place
    power: str | None
    connection: str | None
    tools_running: bool
    guest_hostname: str | None
    ip: str | None
    addresses: tuple[str, ...]
    cpus: int | None
    memory_mb: int | None
    datastore: str | None
    disks: tuple[dict[str, Any], ...]
    networks: tuple[dict[str, Any], ...]

    def shown(self) -> dict[str, Any]:
        """As it stands in the module's result."""
        data = asdict(self)
        return {**{key: value for key, value in data.items() if key != "place"}, **data["place"]}


def from_api(
    name: str, moid: str, place: Place, values: Mapping[str, Any], portgroups: Mapping[str, str] | None = None
) -> Machine:
    """A machine from its :data:`PROPERTIES`.

    :param portgroups: the names of distributed port groups by their keys.
    """
    machine = values.get("config.hardware")
    devices = machine.device if machine else ()
    return Machine(
        name,
        moid,
        values.get("config.uuid"),
        values.get("config.instanceUuid"),
        bool(values.get("config.template")),
        place,
        values.get("runtime.powerState"),
        values.get("runtime.connectionState"),
        hardware.tools_run(values),
        values.get("guest.hostName") or None,
        hardware.address(values),
        tuple(hardware.addresses(values)),
        machine.numCPU if machine else None,
        machine.memoryMB if machine else None,
        hardware.datastore_of(values.get("config.files.vmPathName") or "") or None,
        tuple(_disk(disk) for disk in hardware.disks(devices)),
        tuple(_network(card, values.get("guest.net") or (), portgroups or {}) for card in hardware.cards(devices)),
    )


def _disk(disk: hardware.Disk) -> dict[str, Any]:
    return {"label": disk.label, "capacity_bytes": disk.capacity, "datastore": disk.datastore or None, "file": disk.file or None}


def _network(card: hardware.Card, told: Any, portgroups: Mapping[str, str]) -> dict[str, Any]:
    """An adapter, with the addresses that its guest tells for it."""
    network = portgroups.get(card.network, card.network) if card.distributed else card.network
    return {
        "label": card.label,
        "mac": card.mac or None,
        "network": unescape(network) or None,
        "connected": card.connected,
        "addresses": [text for one in told if one.deviceConfigId == card.key for text in one.ipAddress or ()],
    }
