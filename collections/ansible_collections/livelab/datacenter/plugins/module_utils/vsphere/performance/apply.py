# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a vCenter or an ESXi host for performance counters: one call for all the entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Inventory
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find_machine import IDENTITY
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.plan import Query, missing, plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.state import (
    Entity,
    State,
    catalogue,
    take_apart,
)


def gather(client: Client, params: Mapping[str, Any]) -> dict[str, Any]:
    """The module's result: the series, and what was asked for and is not there.

    :param params: the module's options.
    :raises ConvergeError: for an entity or a counter that is not there, or an interval the server does not keep.
    """
    state = read(client, params)
    queries = plan(state, params)
    found = ask(client, queries)
    return {"series": found, "missing": missing(found, queries), "interval": queries[0].interval}


def read(client: Client, params: Mapping[str, Any]) -> State:
    """What the server has: the entities, its counters, and its own rhythm where no other is asked for."""
    entities = find(client, params["entities"])
    infos = client.read(client.content.perfManager, "perfCounter").get("perfCounter", ())
    rhythm = 0 if params["interval"] else refresh_rate(client, entities[0].ref)
    return State(tuple(entities), catalogue(infos), rhythm)


def find(client: Client, wanted: Sequence[Mapping[str, str]]) -> list[Entity]:
    """The entities. One call, whatever their number.

    :raises ConvergeError: for one that is not there, could be several, or is named in two ways.
    """
    kinds = {"host": (vim.HostSystem, ()), "vm": (vim.VirtualMachine, IDENTITY)}
    inventory = Inventory.read(client, dict(kinds[entity["type"]] for entity in wanted))
    found: dict[Any, Entity] = {}
    for entity in wanted:
        one = inventory.host(entity["name"]) if entity["type"] == "host" else inventory.machine(entity["name"])
        if one.ref in found:
            raise ConvergeError(f"entities: '{found[one.ref].name}' and '{entity['name']}' are the same {entity['type']}.")
        found[one.ref] = Entity(entity["type"], entity["name"], one.ref)
    return list(found.values())


def refresh_rate(client: Client, entity: Any) -> int:
    """Seconds between two real-time samples, as the entity's provider says."""
    summary = client.retrying(lambda: client.content.perfManager.QueryPerfProviderSummary(entity))
    if not summary.currentSupported or not summary.refreshRate or summary.refreshRate < 0:
        raise ConvergeError("the server keeps no real-time counters of these; interval must be one that it keeps, such "
                            "as 300.")
    return summary.refreshRate


def ask(client: Client, queries: Sequence[Query]) -> list[dict[str, Any]]:
    """The series that answer them. One call."""
    api = vim.PerformanceManager
    specs = [
        api.QuerySpec(
            entity=query.entity.ref,
            metricId=[api.MetricId(counterId=counter.key, instance="") for counter in query.counters],
            intervalId=query.interval,
            startTime=query.start,
            endTime=query.end,
            maxSample=query.max_samples,
            format=api.Format.csv,
        )
        for query in queries
    ]
    answers = client.retrying(lambda: client.content.perfManager.QueryPerf(specs)) or ()
    by_key = {counter.key: counter for query in queries for counter in query.counters}
    entities = {query.entity.ref: {"type": query.entity.type, "name": query.entity.name} for query in queries}
    return [series for answer in answers for series in take_apart(answer, by_key, entities[answer.entity])]
