# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one move that brings a machine to where it is to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.state import (
    Host,
    Machine,
    Network,
    State,
)


def plan(state: State, desired: Mapping[str, Any]) -> list[Change]:
    """Nothing when it is there, or only to be checked; else one move.

    :raises ConvergeError: as :func:`moves` does.
    """
    return [] if desired["precheck_only"] else moves(state, desired)


def moves(state: State, desired: Mapping[str, Any]) -> list[Change]:
    """Nothing when it is there; else one move.

    :raises ConvergeError: when the host takes no machine, or has not the datastore or the network.
    """
    machine, there = state.machine, destination(state)
    before, after = _words(state, there)
    if before == after:
        return []
    _refuse_host(there, state.datastore)
    cards = new_networks(machine, there, desired["networks"] or {})
    if cards:
        by_key = {card.key: card.network for card in machine.cards}
        before["networks"] = sorted({by_key[key] for key in cards})
        after["networks"] = sorted({network.name for network in cards.values()})
    args = {
        "from": machine.host.name,
        "to": there.name,
        "host": there.ref if state.hosts else None,
        "pool": there.pool if there.compute != machine.host.compute else None,
        "datastore": state.datastore_ref,
        "networks": cards,
    }
    return [Change(f"virtual machine {machine.name}", before, after, "move", args)]


def destination(state: State) -> Host:
    """The host it is to be on: the one asked for, one of the cluster, or that on which it is.

    In a cluster, the one on which it is if that is fit; else the first that is.

    :raises ConvergeError: when none of the cluster is fit.
    """
    here = state.machine.host
    if state.cluster is None:
        return state.hosts[0] if state.hosts else here
    fit = [host for host in state.hosts if not host.problem and state.datastore in (None, *host.datastores)]
    if not fit:
        store = f" and has the datastore '{state.datastore}'" if state.datastore else ""
        raise ConvergeError(f"no host of the cluster '{state.cluster}' is connected, out of maintenance mode{store}; it has: "
                            f"{listing(host.name for host in state.hosts)}.")
    return here if here in fit else fit[0]


def new_networks(machine: Machine, there: Host, wanted: Mapping[str, str]) -> dict[int, Network]:
    """The network that each adapter comes onto, by the adapter's key, for those that come onto another.

    :raises ConvergeError: for a mapping of a network that it is not on and has not been moved to either, or to one that
        the host does not have.
    """
    on = {card.network for card in machine.cards}
    for source, target in wanted.items():
        if source not in on and target not in on:
            raise ConvergeError(f"networks: {machine.name} is not on the network '{source}'; it is on: {listing(on)}.")
    changed = {card.key: wanted.get(card.network, card.network) for card in machine.cards}
    return {
        card.key: _network(there, changed[card.key]) for card in machine.cards if changed[card.key] != card.network
    }


def _network(host: Host, name: str) -> Network:
    fitting = [one for one in host.networks if name in (one.name, one.path)]
    if not fitting:
        raise ConvergeError(f"networks: the ESXi host '{host.name}' has no network '{name}'; it has: "
                            f"{listing(one.name for one in host.networks)}.")
    if len(fitting) > 1:
        raise ConvergeError(f"networks: {len(fitting)} networks of the ESXi host '{host.name}' are called '{name}'; say which "
                            f"by its path: {listing(one.path for one in fitting)}.")
    return fitting[0]


def _words(state: State, there: Host) -> tuple[dict[str, Any], dict[str, Any]]:
    """The place before and after, as far as the user speaks of it."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if state.hosts:
        before["host"], after["host"] = state.machine.host.name, there.name
    if state.datastore:
        before["datastores"], after["datastores"] = list(state.machine.datastores), [state.datastore]
    return before, after


def _refuse_host(there: Host, datastore: str | None) -> None:
    if there.problem:
        raise ConvergeError(f"the ESXi host '{there.name}' {there.problem}.")
    if datastore not in (None, *there.datastores):
        raise ConvergeError(f"the ESXi host '{there.name}' does not have the datastore '{datastore}'; it has: "
                            f"{listing(there.datastores)}.")
