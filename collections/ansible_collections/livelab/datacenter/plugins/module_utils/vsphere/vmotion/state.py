# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a virtual machine is, and the hosts, the datastore and the networks that it could be moved to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import hardware
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import unescape

PROPERTIES = ("runtime.host", "config.files.vmPathName", "config.hardware.device")


@dataclass(frozen=True)
class Network:
    """A network of a host.

    :ivar path: where it is in the inventory, which tells those of one name apart.
    :ivar portgroup: the key of a distributed port group, ``None`` for a network of the host alone.
    :ivar ref: the managed object.
    :ivar switch: the managed object of the distributed switch.
    """

    name: str
    path: str
    portgroup: str | None = None
    ref: Any = field(default=None, compare=False, repr=False)
    switch: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Host:
    """A host that the machine is on, or could go to.

    :ivar compute: the id of the cluster, or of what stands for one, that it is in.
    :ivar problem: why it takes no machine, in words that follow its name; ``""`` when it does.
    :ivar datastores: the names of those that it can write to.
    :ivar ref: the managed object.
    :ivar pool: the root resource pool of its cluster.
    """

    name: str
    compute: str = ""
    problem: str = ""
    datastores: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    ref: Any = field(default=None, compare=False, repr=False)
    pool: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Machine:
    """A machine where it stands.

    :ivar datastores: the names of those that hold its files and disks, sorted.
    :ivar cards: its network adapters, each with its network's name as the user writes it.
    """

    name: str
    host: Host
    datastores: tuple[str, ...] = ()
    cards: tuple[hardware.Card, ...] = ()


@dataclass(frozen=True)
class State:
    """All that a plan is made from.

    :ivar hosts: those that were asked for: the one, or the members of the cluster, by path; none where it stays.
    :ivar cluster: the cluster's name where one was asked for.
    :ivar datastore: the datastore's name where one was asked for.
    :ivar datastore_ref: its managed object.
    """

    machine: Machine
    hosts: tuple[Host, ...] = ()
    cluster: str | None = None
    datastore: str | None = None
    datastore_ref: Any = field(default=None, compare=False, repr=False)


def from_api(name: str, host: Host, values: Mapping[str, Any], networks: Mapping[Any, str]) -> Machine:
    """A machine from its :data:`PROPERTIES`.

    :param host: the host it is on.
    :param networks: the names of networks, by managed object and, for distributed port groups, by key.
    """
    devices = {device.key: device for device in values.get("config.hardware.device") or ()}
    cards = [
        replace(card, network=_network(devices[card.key].backing, card, networks)) for card in hardware.cards(devices.values())
    ]
    files = [values.get("config.files.vmPathName") or "", *(disk.file for disk in hardware.disks(devices.values()))]
    stores = {unescape(hardware.datastore_of(file)) for file in files} - {""}
    return Machine(name, host, tuple(sorted(stores)), tuple(cards))


def _network(backing: Any, card: hardware.Card, networks: Mapping[Any, str]) -> str:
    """The network's name in the inventory where that is known; else what the adapter itself calls it."""
    return networks.get(card.network if card.distributed else getattr(backing, "network", None), card.network)
