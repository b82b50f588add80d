# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a vCenter or an ESXi host for performance counters: one call for all the entities."""

from __future__ import annotations

from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance import state as series


def gather(client: Client, params: dict) -> dict:
    """The module's result: the series, and what was asked for and is not there.

    :param params: the module's options.
    :raises ConvergeError: for an entity or a counter that is not there, or an interval the server does not keep.
    """
    start, end = (params[name] and series.parse_time(params[name], name) for name in ("start", "end"))
    if start and end and start >= end:
        raise ConvergeError(f"start ({params['start']}) must be before end ({params['end']}).")
    entities = find(client, params["entities"])
    manager = client.content.perfManager
    known = series.catalogue(client.read(manager, "perfCounter").get("perfCounter", ()))
    counters = series.choose(params["counters"], known)
    interval = params["interval"] or refresh_rate(client, next(iter(entities)))
    query = vim.PerformanceManager.QuerySpec
    metrics = [vim.PerformanceManager.MetricId(counterId=counter.key, instance="") for counter in counters]
    specs = [
        query(
            entity=ref,
            metricId=metrics,
            intervalId=interval,
            startTime=start or None,
            endTime=end or None,
            maxSample=params["max_samples"],
            format=vim.PerformanceManager.Format.csv,
        )
        for ref in entities
    ]
    answers = client.retrying(lambda: manager.QueryPerf(specs)) or ()
    by_key = {counter.key: counter for counter in counters}
    found: list[dict] = []
    for answer in answers:
        found += series.take_apart(answer, by_key, entities[answer.entity])
    return {"series": found, "missing": missing(found, entities.values(), counters), "interval": interval}


def find(client: Client, wanted: list[dict]) -> dict[Any, dict]:
    """The entities by reference. One call, whatever their number."""
    kinds = {"host": vim.HostSystem, "vm": vim.VirtualMachine}
    types = {entity["type"] for entity in wanted}
    there = client.collect({kinds[kind]: ["name"] for kind in types})
    found = {}
    for entity in wanted:
        of_kind = {ref: values.get("name") for ref, values in there.items() if isinstance(ref, kinds[entity["type"]])}
        matching = [ref for ref, name in of_kind.items() if name == entity["name"]]
        if len(matching) != 1:
            count = "no" if not matching else f"{len(matching)} of type"
            raise ConvergeError(f"entities: {count} {entity['type']} '{entity['name']}' in {client.hostname}; it has: "
                                f"{listing(of_kind.values())}.")
        found[matching[0]] = {"type": entity["type"], "name": entity["name"]}
    return found


def refresh_rate(client: Client, entity: Any) -> int:
    """Seconds between two real-time samples, as the entity's provider says."""
    summary = client.retrying(lambda: client.content.perfManager.QueryPerfProviderSummary(entity))
    if not summary.currentSupported or not summary.refreshRate or summary.refreshRate < 0:
        raise ConvergeError("the server keeps no real-time counters of these; interval must be one that it keeps, such "
                            "as 300.")
    return summary.refreshRate


def missing(found: list[dict], entities: Any, counters: list) -> list[str]:
    """What was asked for and came without a value, in words."""
    there = {(one["type"], one["name"], one["counter"]) for one in found if one["values"]}
    return [
        f"{entity['type']} {entity['name']}: {counter.name}"
        for entity in entities
        for counter in counters
        if (entity["type"], entity["name"], counter.name) not in there
    ]
