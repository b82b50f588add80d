# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a data centre as it is to the one declared: a list of changes. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.state import Cluster, State


def plan(current: State, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :param current: the data centre as it is.
    :param desired: the module's options.
    :raises ConvergeError: when it cannot be; nothing has been changed then.
    """
    name = desired["name"]
    if desired["state"] == "absent":
        return _plan_removal(current, name)
    changes = []
    if current.path is None:
        changes.append(Change(f"datacenter {name}", None, {"name": name}, "add_datacenter", {"name": name}))
    for wanted in desired.get("clusters") or ():
        cluster = _cluster(current, wanted["name"])
        if wanted["state"] == "present" and cluster is None:
            changes.append(_add_cluster(current, wanted["name"], name))
        elif wanted["state"] == "absent" and cluster is not None:
            changes.append(_remove_cluster(cluster, name))
    return changes


def _cluster(current: State, name: str) -> Cluster | None:
    named = [cluster for cluster in current.clusters if cluster.name == name]
    if len(named) > 1:
        raise ConvergeError(f"clusters: {len(named)} clusters of {current.path} are called '{name}': "
                            f"{', '.join(cluster.path for cluster in named)}. Rename one of them.")
    return named[0] if named else None


def _add_cluster(current: State, name: str, datacenter: str) -> Change:
    if name in current.taken:
        raise ConvergeError(f"cluster '{name}' cannot be made in datacenter '{datacenter}': a host or a folder there has "
                            "that name. Choose another.")
    return Change(f"cluster {name}", None, {"datacenter": datacenter}, "add_cluster", {"name": name})


def _plan_removal(current: State, name: str) -> list[Change]:
    """Remove it, and first what a vCenter would not remove along with it: its clusters, which hold nothing."""
    if current.path is None:
        return []
    for kind, there in (("hosts", current.hosts), ("virtual machines", current.machines)):
        if there:
            raise ConvergeError(f"datacenter '{name}' cannot be removed: it holds the {kind} {', '.join(there)}. Remove "
                                "them first.")
    clusters = [_remove_cluster(cluster, name) for cluster in current.clusters]
    args = {"path": current.path}
    return [*clusters, Change(f"datacenter {name}", {"name": name}, None, "remove_datacenter", args)]


def _remove_cluster(cluster: Cluster, datacenter: str) -> Change:
    if cluster.hosts:
        raise ConvergeError(f"cluster '{cluster.name}' cannot be removed: it holds the hosts {', '.join(cluster.hosts)}. "
                            "Remove them first.")
    args = {"path": cluster.path}
    return Change(f"cluster {cluster.name}", {"datacenter": datacenter}, None, "remove_cluster", args)
