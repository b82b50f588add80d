# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the hosts of a vCenter as they are to the one declared: a list of changes. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.state import Host, Place, Tree


def plan(current: Tree, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :raises ConvergeError: when it cannot be; nothing has been changed then.
    """
    name = desired["name"]
    host = current.hosts.get(name)
    if desired["state"] == "absent":
        return _plan_removal(name, host)
    place = _wanted_place(current, desired)
    if host is None:
        _check_credentials(desired)
        after = {"place": str(place), "connected": True}
        changes = [Change(f"host {name}", None, after, "add", {"place": place})]
        return changes + _plan_maintenance(name, False, desired)
    if (host.place.datacenter, host.place.cluster) != (place.datacenter, place.cluster) or (
        desired.get("folder") is not None and host.place.folders != place.folders
    ):
        raise ConvergeError(f"host '{name}' is in {host.place} of {current.server}, not in {place}. Remove it there "
                            "first, or declare it where it is.")
    return _plan_connection(name, host, desired) + _plan_maintenance(name, host.maintenance, desired)


def _check_credentials(desired: Mapping[str, Any]) -> None:
    for option in ("esxi_username", "esxi_password"):
        if not desired.get(option):
            raise ConvergeError(f"'{option}' is needed to add host '{desired['name']}'.")


def folders_of(text: str | None) -> tuple[str, ...]:
    """``("lab", "rack1")`` of the option's ``lab/rack1``."""
    return tuple(part for part in (text or "").split("/") if part)


def _wanted_place(current: Tree, desired: Mapping[str, Any]) -> Place:
    datacenter = desired.get("datacenter")
    if not datacenter:
        raise ConvergeError(f"'datacenter' must say where host '{desired['name']}' goes. {current.server} has: "
                            f"{', '.join(sorted(current.datacenters)) or 'none'}.")
    if datacenter not in current.datacenters:
        raise ConvergeError(f"datacenter: {current.server} has no '{datacenter}'; it has: "
                            f"{', '.join(sorted(current.datacenters)) or 'none'}.")
    cluster = desired.get("cluster")
    if cluster:
        clusters = current.clusters_of(datacenter)
        if cluster not in clusters:
            raise ConvergeError(f"cluster: datacenter '{datacenter}' has no '{cluster}'; it has: "
                                f"{', '.join(sorted(clusters)) or 'none'}.")
        folders = next(place.folders for name, place in current.clusters
                       if (name, place.datacenter) == (cluster, datacenter))
        return Place(datacenter, folders, cluster)
    place = Place(datacenter, folders_of(desired.get("folder")))
    if place not in current.folders:
        there = sorted("/".join(folder.folders) for folder in current.folders
                       if folder.datacenter == datacenter and folder.folders)
        raise ConvergeError(f"folder: datacenter '{datacenter}' has no host folder '{desired['folder']}'; it has: "
                            f"{', '.join(there) or 'none'}.")
    return place


def _plan_connection(name: str, host: Host, desired: Mapping[str, Any]) -> list[Change]:
    if host.connection == "connected":
        return []
    _check_credentials(desired)
    return [Change(f"host {name}", {"connection": host.connection}, {"connection": "connected"}, "reconnect")]


def _plan_maintenance(name: str, now: bool, desired: Mapping[str, Any]) -> list[Change]:
    wanted = desired.get("maintenance_mode")
    if wanted is None or wanted == now:
        return []
    step = "enter_maintenance" if wanted else "exit_maintenance"
    return [Change(f"maintenance mode of {name}", {"on": now}, {"on": wanted}, step)]


def _plan_removal(name: str, host: Host | None) -> list[Change]:
    if host is None:
        return []
    before = {"place": str(host.place), "connection": host.connection}
    changes = []
    if host.place.cluster and host.connection == "connected" and not host.maintenance:
        # A cluster lets go of a host only when that is disconnected or in maintenance mode; its machines go on.
        changes.append(Change(f"connection of {name}", {"connected": True}, {"connected": False}, "disconnect"))
    return [*changes, Change(f"host {name}", before, None, "remove", {"cluster": host.place.cluster})]
