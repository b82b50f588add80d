# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the hosts of a vCenter as they are to the one declared: a list of changes. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import normalise
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.state import DIGESTS, Host, State


def plan(current: State, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :param current: the vCenter as it is.
    :param desired: the module's options.
    :raises ConvergeError: when it cannot be; nothing has been changed then.
    """
    name, host = desired["name"], current.host
    if desired["state"] == "absent":
        return [] if host is None else _plan_removal(current, host, desired)
    if host is None:
        _check_credentials(desired, "add")
        after = {"place": str(current.place), "connected": True}
        changes = [Change(f"host {name}", None, after, "add", {"place": current.place.path})]
        return changes + _plan_maintenance(name, False, desired)
    _check_thumbprint(current, host, desired)
    # Without a folder, any that it stands in by itself will do.
    anywhere = not (desired.get("cluster") or desired.get("folder")) and not host.place.is_cluster
    if host.place != current.place and not (anywhere and _same_centre(host, current)):
        raise ConvergeError(f"host '{host.name}' is in {host.place} of {current.server}, not in {current.place}. Remove it "
                            "there first, or declare it where it is.")
    return _plan_connection(host, desired) + _plan_maintenance(host.name, host.maintenance, desired)


def _same_centre(host: Host, current: State) -> bool:
    return f"{host.place.path}/".startswith(f"{current.place.path}/")


def _check_credentials(desired: Mapping[str, Any], purpose: str) -> None:
    for option in ("esxi_username", "esxi_password"):
        if not desired.get(option):
            raise ConvergeError(f"'{option}' is needed to {purpose} host '{desired['name']}'.")


def _check_thumbprint(current: State, host: Host, desired: Mapping[str, Any]) -> None:
    """The host that is there must be the one that is pinned, connected or not."""
    if not desired.get("esxi_thumbprint"):
        return
    digest, pinned = normalise(desired["esxi_thumbprint"], "esxi_thumbprint", DIGESTS)
    known = host.thumbprints.get(digest)
    if known and known != pinned and host.connection == "connected":
        raise ConvergeError(f"esxi_thumbprint: {current.server} is connected to host '{host.name}' by a certificate whose "
                            f"{digest} thumbprint is {known}, not {pinned}. Compare it with the host's console, and correct "
                            "the one that is wrong.")


def _plan_connection(host: Host, desired: Mapping[str, Any]) -> list[Change]:
    if host.connection == "connected":
        return []
    _check_credentials(desired, "reconnect")
    return [Change(f"host {host.name}", {"connection": host.connection}, {"connection": "connected"}, "reconnect")]


def _plan_maintenance(name: str, now: bool, desired: Mapping[str, Any]) -> list[Change]:
    wanted = desired.get("maintenance_mode")
    if wanted is None or wanted == now:
        return []
    step = "enter_maintenance" if wanted else "exit_maintenance"
    return [Change(f"maintenance mode of {name}", {"on": now}, {"on": wanted}, step)]


def _plan_removal(current: State, host: Host, desired: Mapping[str, Any]) -> list[Change]:
    if host.machines and not desired["force"]:
        raise ConvergeError(f"host '{host.name}' has virtual machines that would leave the inventory of {current.server} with "
                            f"it: {', '.join(host.machines)}. Move them to another host first, or give 'force: true'.")
    before = {"place": str(host.place), "connection": host.connection}
    changes = []
    if host.place.is_cluster and host.connection == "connected" and not host.maintenance:
        # A cluster lets go of a host only when that is disconnected or in maintenance mode; its machines go on.
        changes.append(Change(f"connection of {host.name}", {"connected": True}, {"connected": False}, "disconnect"))
    return [*changes, Change(f"host {host.name}", before, None, "remove")]
