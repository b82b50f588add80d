# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A data centre with its clusters and hosts as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Cluster:
    """A cluster: its name, its path and the names of the hosts in it."""

    name: str
    path: str
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """The state that plans are made from.

    :ivar server: the vCenter's name, for messages.
    :ivar path: the data centre's; ``None`` when there is none of the name.
    :ivar clusters: those in it, at any depth.
    :ivar hosts: the names of all hosts in it.
    :ivar machines: the names of the virtual machines and templates in it.
    :ivar taken: the names that a new cluster cannot have, since another object of the host folder has them.
    """

    server: str
    path: str | None = None
    clusters: tuple[Cluster, ...] = ()
    hosts: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()


def from_api(
    server: str,
    path: str,
    clusters: Mapping[str, str],
    hosts: Mapping[str, str],
    machines: Iterable[str],
    others: Iterable[str] = (),
) -> State:
    """The state, from what one read of the inventory found in the data centre.

    :param clusters: ``{path: name}``
    :param hosts: ``{path: name}``; a host's path is that of its cluster and its name.
    :param machines: the names of machines.
    :param others: the names of folders and standalone hosts beside which a new cluster would come.
    """
    return State(
        server=server,
        path=path,
        clusters=tuple(
            Cluster(name, there, tuple(sorted(host for at, host in hosts.items() if at.startswith(f"{there}/"))))
            for there, name in clusters.items()
        ),
        hosts=tuple(sorted(hosts.values())),
        machines=tuple(sorted(machines)),
        taken=tuple(sorted(others)),
    )
