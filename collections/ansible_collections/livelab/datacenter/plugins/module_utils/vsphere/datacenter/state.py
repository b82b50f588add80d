# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The "Hosts and Clusters" tree of a vCenter as plain data: datacenters, host folders, clusters, hosts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Place:
    """Where a host or cluster is: its datacenter, the folders from its host folder down, its cluster if any."""

    datacenter: str = ""
    folders: tuple[str, ...] = ()
    cluster: str | None = None

    def __str__(self) -> str:
        inner = "/".join((self.datacenter, *self.folders))
        return f"cluster '{self.cluster}' of {inner}" if self.cluster else f"datacenter {inner}"


@dataclass
class Host:
    """A host: its place, how the vCenter stands to it, and whether it is in maintenance mode."""

    place: Place
    connection: str = "connected"
    maintenance: bool = False


@dataclass
class Tree:
    """The state that plans are made from.

    :ivar server: the vCenter's name, for messages.
    :ivar datacenters: their names.
    :ivar clusters: ``(name, its place)`` of those in every datacenter.
    :ivar folders: the places of the host folders.
    :ivar hosts: ``{name: Host}``.
    """

    server: str
    datacenters: list[str] = field(default_factory=list)
    clusters: list[tuple[str, Place]] = field(default_factory=list)
    folders: list[Place] = field(default_factory=list)
    hosts: dict[str, Host] = field(default_factory=dict)

    def clusters_of(self, datacenter: str) -> list[str]:
        """The clusters in a datacenter, at any depth."""
        return [name for name, place in self.clusters if place.datacenter == datacenter]

    def hosts_of(self, datacenter: str, cluster: str | None = None) -> list[str]:
        """The hosts in a datacenter, or in a cluster of it."""
        return sorted(
            name
            for name, host in self.hosts.items()
            if host.place.datacenter == datacenter and cluster in (None, host.place.cluster)
        )


@dataclass
class Objects:
    """What :func:`from_api` found, beside the plain tree: the references, to apply changes with."""

    datacenters: dict[str, Any] = field(default_factory=dict)
    clusters: dict[tuple[str, str], Any] = field(default_factory=dict)
    folders: dict[tuple[str, tuple[str, ...]], Any] = field(default_factory=dict)
    hosts: dict[str, Any] = field(default_factory=dict)
    parents: dict[str, Any] = field(default_factory=dict)


def kind_of(obj: Any) -> str:
    """``HostSystem`` of ``vim.HostSystem:host-12``."""
    return type(obj).__name__.rsplit(".", 1)[-1]


def from_api(server: str, found: Mapping[Any, Mapping[str, Any]]) -> tuple[Tree, Objects]:
    """The tree and its references, from what one bulk read of datacenters, folders, compute resources and hosts gave.

    :param found: ``{object: {"name", "parent", …}}``.
    """
    tree, objects = Tree(server), Objects()
    for obj, values in found.items():
        place = _place(obj, found)
        kind, name = kind_of(obj), values["name"]
        if kind == "Datacenter":
            tree.datacenters.append(name)
            objects.datacenters[name] = obj
        elif kind == "ClusterComputeResource":
            tree.clusters.append((name, place))
            objects.clusters[place.datacenter, name] = obj
        elif kind == "HostSystem":
            tree.hosts[name] = Host(
                place, str(values.get("runtime.connectionState", "")), bool(values.get("runtime.inMaintenanceMode"))
            )
            objects.hosts[name], objects.parents[name] = obj, values["parent"]
        elif kind == "Folder" and place.datacenter:
            tree.folders.append(place)
            objects.folders[place.datacenter, place.folders] = obj
    return tree, objects


def _place(obj: Any, found: Mapping[Any, Mapping[str, Any]]) -> Place:
    """Where an object is, from its chain of parents. Of a folder: the place it stands for."""
    place = Place()
    folders: list[str] = []
    above = obj if kind_of(obj) == "Folder" else found[obj].get("parent")
    while above is not None and above in found:
        kind, values = kind_of(above), found[above]
        if kind == "ClusterComputeResource":
            place.cluster = values["name"]
        elif kind == "Folder":
            folders.insert(0, values["name"])
        elif kind == "Datacenter":
            place.datacenter = values["name"]
            # The outermost folder is the datacenter's own host folder, which users do not see.
            place.folders = tuple(folders[1:])
            break
        above = values.get("parent")
    return place
