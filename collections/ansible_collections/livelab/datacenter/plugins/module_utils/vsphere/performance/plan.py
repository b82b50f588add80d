# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which questions answer what is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.state import (
    Counter,
    Entity,
    State,
    choose,
    parse_time,
)


@dataclass(frozen=True)
class Query:
    """A question of one entity: the counters, seconds between two samples, and from when to when."""

    entity: Entity
    counters: tuple[Counter, ...]
    interval: int
    start: datetime | None = None
    end: datetime | None = None
    max_samples: int | None = None


def plan(state: State, desired: Mapping[str, Any]) -> list[Query]:
    """One query for each entity.

    :raises ConvergeError: for a counter that the server does not have.
    """
    counters = tuple(choose(desired["counters"], state.counters))
    start, end = (desired[name] and parse_time(desired[name], name) for name in ("start", "end"))
    interval = desired["interval"] or state.refresh_rate
    return [
        Query(entity, counters, interval, start or None, end or None, desired["max_samples"]) for entity in state.entities
    ]


def missing(found: Sequence[Mapping[str, Any]], queries: Sequence[Query]) -> list[str]:
    """What was asked for and came without a value, in words."""
    there = {(one["type"], one["name"], one["counter"]) for one in found if one["samples"]}
    return [
        f"{query.entity.type} {query.entity.name}: {counter.name}"
        for query in queries
        for counter in query.counters
        if (query.entity.type, query.entity.name, counter.name) not in there
    ]
