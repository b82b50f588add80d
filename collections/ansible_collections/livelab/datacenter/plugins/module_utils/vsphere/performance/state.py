# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Performance counters as series: names, units, and the answers of QueryPerf taken apart. No I/O."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

_NAME = re.compile(r"[\w-]+\.[\w-]+\.(average|summation|latest|maximum|minimum|none)")

# Units as a reader writes them, by the API's key.
_UNITS = {
    "megaHertz": "MHz",
    "kiloBytes": "KB",
    "megaBytes": "MB",
    "kiloBytesPerSecond": "KB/s",
    "megaBytesPerSecond": "MB/s",
    "millisecond": "ms",
    "second": "s",
    "percent": "%",
    "number": "",
}


@dataclass(frozen=True)
class Counter:
    """A counter. key: the server's own number. name: ``group.counter.rollup``. divisor: what a value is divided by."""

    key: int
    name: str
    unit: str
    divisor: int = 1


@dataclass(frozen=True)
class Entity:
    """What counters are read of. type: ``host`` or ``vm``. name: as the user gave it. ref: the managed object."""

    type: str
    name: str
    ref: Any = None


@dataclass(frozen=True)
class State:
    """What a server has: entities, counters by name, and seconds between two real-time samples where that was asked."""

    entities: tuple[Entity, ...]
    counters: Mapping[str, Counter]
    refresh_rate: int = 0


def catalogue(infos: Any) -> dict[str, Counter]:
    """The counters of a server by name, from its ``perfCounter``. Percentages come as hundredths of a percent."""
    found = {}
    for info in infos:
        name = f"{info.groupInfo.key}.{info.nameInfo.key}.{info.rollupType}"
        unit = info.unitInfo.key
        found[name] = Counter(info.key, name, _UNITS.get(unit, unit), 100 if unit == "percent" else 1)
    return found


def check_counter(name: str) -> None:
    """Refuse what is no counter's name.

    :raises ConvergeError: naming it, and what one is like.
    """
    if not _NAME.fullmatch(name):
        raise ConvergeError(f"counters: '{name}' is not of the form group.counter.rollup, such as cpu.usagemhz.average.")


def choose(wanted: list[str], known: Mapping[str, Counter]) -> list[Counter]:
    """The wanted counters, in their order. Raises ConvergeError for one that is not there, with those like it."""
    chosen = []
    for name in dict.fromkeys(wanted):
        check_counter(name)
        if name not in known:
            alike = difflib.get_close_matches(name, known, n=5, cutoff=0.3)
            raise ConvergeError(f"counters: the server has no counter '{name}'; the nearest it has: "
                                f"{', '.join(alike) or 'none'}.")
        chosen.append(known[name])
    return chosen


def parse_time(text: str, option: str) -> datetime:
    """A moment from ISO 8601; without a zone it is UTC. Raises ConvergeError when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConvergeError(f"{option}: '{text}' is not a time in ISO 8601, such as 2016-05-31T12:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def take_apart(answer: Any, counters: dict[int, Counter], entity: dict) -> list[dict]:
    """The series in one entity's answer of QueryPerf (csv format).

    :param answer: an ``EntityMetricCSV``.
    :param counters: the counters asked for, by the server's number.
    :param entity: ``type`` and ``name``, to be put into each series.
    :returns: a list of series; a value the server does not have is left out together with its time.
    """
    stamps = _stamps(answer.sampleInfoCSV or "")
    found = []
    for value in answer.value or ():
        counter = counters.get(value.id.counterId)
        if counter is None:
            continue
        numbers = (value.value or "").split(",") if value.value else []
        pairs = sorted(
            (stamp, _scaled(number, counter.divisor))
            for stamp, number in zip(stamps, numbers, strict=False)
            if number not in ("", "-1")
        )
        found.append({
            **entity,
            "counter": counter.name,
            "instance": value.id.instance or "",
            "unit": counter.unit,
            "timestamps": [stamp for stamp, _number in pairs],
            "samples": [number for _stamp, number in pairs],
        })
    return found


def _stamps(text: str) -> list[str]:
    """The times of ``20,2016-05-31T12:00:00Z,20,…``: each is the end of an interval and follows its length."""
    return [_utc(stamp) for stamp in text.split(",")[1::2]]


def _utc(stamp: str) -> str:
    moment = parse_time(stamp, "the server's time")
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _scaled(number: str, divisor: int) -> int | float:
    return int(number) if divisor == 1 else round(int(number) / divisor, 2)
