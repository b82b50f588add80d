# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datacenters and clusters of a vCenter: read, plan, apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work, dispatch
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.read import read_tree
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.state import Tree
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task

_LONGEST = 80


def plan(current: Tree, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them. No I/O.

    :raises ConvergeError: when it cannot be; nothing has been changed then.
    """
    name, clusters = desired["name"], desired.get("clusters") or ()
    check_name("name", name)
    for cluster in clusters:
        check_name("clusters: name", cluster["name"])
    if desired["state"] == "absent":
        return _plan_removal(current, name)
    changes = []
    if name not in current.datacenters:
        changes.append(Change(f"datacenter {name}", None, {"name": name}, "add_datacenter", {"datacenter": name}))
    have = current.clusters_of(name)
    for cluster in clusters:
        if cluster["state"] == "absent":
            changes += _plan_cluster_removal(current, name, cluster["name"])
        elif cluster["name"] not in have:
            args = {"datacenter": name, "cluster": cluster["name"]}
            changes.append(Change(f"cluster {cluster['name']}", None, {"datacenter": name}, "add_cluster", args))
    return changes


def check_name(option: str, name: str) -> None:
    """Refuse a name that no vCenter takes.

    :raises ConvergeError: naming the option.
    """
    if not name.strip() or len(name) > _LONGEST:
        raise ConvergeError(f"{option}: '{name}' must have 1 to {_LONGEST} characters.")


def _plan_removal(current: Tree, name: str) -> list[Change]:
    if name not in current.datacenters:
        return []
    hosts = current.hosts_of(name)
    if hosts:
        raise ConvergeError(f"datacenter '{name}' cannot be removed: it holds the hosts {', '.join(hosts)}. Remove "
                            "them first.")
    return [Change(f"datacenter {name}", {"name": name}, None, "remove_datacenter", {"datacenter": name})]


def _plan_cluster_removal(current: Tree, datacenter: str, name: str) -> list[Change]:
    if name not in current.clusters_of(datacenter):
        return []
    hosts = current.hosts_of(datacenter, name)
    if hosts:
        raise ConvergeError(f"cluster '{name}' cannot be removed: it holds the hosts {', '.join(hosts)}. Remove them "
                            "first.")
    args = {"datacenter": datacenter, "cluster": name}
    return [Change(f"cluster {name}", {"datacenter": datacenter}, None, "remove_cluster", args)]


class DatacenterWork(Work):
    """``read``, ``plan`` and ``apply`` of the module ``vcenter_datacenter``."""

    def __init__(self, params: Mapping[str, Any], connect: Callable[[Mapping[str, Any]], Client] = Client) -> None:
        super().__init__(params)
        self._connect = connect
        self.apply = dispatch({
            "add_datacenter": self._add_datacenter,
            "remove_datacenter": self._remove_datacenter,
            "add_cluster": self._add_cluster,
            "remove_cluster": self._remove_cluster,
        })

    def read(self) -> Tree:
        """Connect, and read the whole tree in one call."""
        self.client = self._connect(self.params)
        tree, self.objects = read_tree(self.client)
        return tree

    def plan(self, current: Tree) -> list[Change]:
        """The changes; see :func:`plan`."""
        return plan(current, self.params)

    def close(self) -> None:
        """Log out."""
        if self.client:
            self.client.close()

    def _add_datacenter(self, change: Change) -> None:
        name = change.args["datacenter"]
        made = self.client.content.rootFolder.CreateDatacenter(name)
        self.objects.datacenters[name] = made
        if self.params.get("clusters"):
            self.objects.folders[name, ()] = self.client.read(made, "hostFolder")["hostFolder"]

    def _add_cluster(self, change: Change) -> None:
        folder = self.objects.folders[change.args["datacenter"], ()]
        folder.CreateClusterEx(change.args["cluster"], vim.cluster.ConfigSpecEx())

    def _remove_datacenter(self, change: Change) -> None:
        wait_for_task(self.client, self.objects.datacenters[change.args["datacenter"]].Destroy_Task())

    def _remove_cluster(self, change: Change) -> None:
        cluster = self.objects.clusters[change.args["datacenter"], change.args["cluster"]]
        wait_for_task(self.client, cluster.Destroy_Task())
