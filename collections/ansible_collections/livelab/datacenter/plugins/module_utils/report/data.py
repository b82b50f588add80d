# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a measurement: what the modules wrote, checked and with times as numbers. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

LOADS = ("idle", "stress")
KINDS = ("real", "measured", "computed", "stand-in")
CPU = "cpu.usagemhz.average"
MEMORY = "mem.consumed.average"


@dataclass(frozen=True)
class Migration:
    """One migration. started, ended: seconds since 1970. phases: seconds and counts by name, may be empty."""

    number: int
    load: str
    source: str
    target: str
    started: float
    ended: float
    duration_s: float
    phases: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Series:
    """A counter of one entity. times: the end of each sample's interval, seconds since 1970, ascending."""

    kind: str
    name: str
    counter: str
    unit: str
    times: tuple
    values: tuple


@dataclass(frozen=True)
class Span:
    """A stretch of time: seconds since 1970, and seconds."""

    start: float
    length: float

    @property
    def end(self) -> float:
        """When it is over."""
        return self.start + self.length


@dataclass(frozen=True)
class Stream:
    """What the viewer saw. per_second: bytes received in each second from `started` on."""

    started: float
    duration_s: float
    rate: float
    stalls: tuple
    longest_gap: Span | None
    per_second: tuple
    reconnects: int
    raw: dict


@dataclass(frozen=True)
class Record:
    """The whole measurement. interval: seconds between two samples. provenance: what was real, as plain data."""

    vm: str
    hosts: tuple
    measured_host: str
    migrations: tuple
    series: tuple
    interval: float
    stress: Span | None
    stream: Stream | None
    provenance: tuple

    @property
    def begin(self) -> float:
        """The first moment of the graphs."""
        times = [series.times[0] for series in self.series if series.times]
        return min([*times, *(migration.started for migration in self.migrations)])

    @property
    def end(self) -> float:
        """The last moment of the graphs."""
        times = [series.times[-1] for series in self.series if series.times]
        return max([*times, *(migration.ended for migration in self.migrations)])

    def of_host(self, counter: str, host: str) -> Series | None:
        """A counter of a host, None when there is none."""
        for one in self.series:
            if one.kind == "host" and one.counter == counter and one.name == host and one.values:
                return one
        return None


def load(raw: Any) -> Record:
    """The record in plain data. Raises ConvergeError naming the field and what it should be."""
    if not isinstance(raw, dict):
        raise ConvergeError("the data must be a dictionary with vm, hosts, migrations and series.")
    migrations = tuple(_migration(one, f"migrations[{index}]") for index, one in enumerate(_list(raw, "migrations")))
    if not migrations:
        raise ConvergeError("migrations is empty: there is nothing to report.")
    hosts = tuple(str(host) for host in _list(raw, "hosts"))
    measured = str(raw.get("measured_host") or (hosts[0] if hosts else migrations[0].target))
    if hosts and measured not in hosts:
        raise ConvergeError(f"measured_host '{measured}' is not one of hosts: {', '.join(hosts)}.")
    return Record(
        vm=str(raw.get("vm") or "the virtual machine"),
        hosts=(measured, *(host for host in hosts if host != measured)),
        measured_host=measured,
        migrations=tuple(sorted(migrations, key=lambda one: one.started)),
        series=tuple(_series(one, f"series[{index}]") for index, one in enumerate(_list(raw, "series"))),
        interval=_number(raw.get("interval") or 20, "interval"),
        stress=_stress(raw.get("stress")),
        stream=_stream(raw.get("stream")),
        provenance=tuple(_origin(one, f"provenance[{index}]") for index, one in enumerate(_list(raw, "provenance"))),
    )


def moment(text: Any, where: str) -> float:
    """Seconds since 1970 of a time in ISO 8601; UTC when it names no zone."""
    try:
        parsed = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ConvergeError(f"{where} is '{text}'; it must be a time like 2016-05-31T12:00:00Z.") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _migration(one: Any, where: str) -> Migration:
    one = _dict(one, where)
    if one.get("load") not in LOADS:
        raise ConvergeError(f"{where}.load is '{one.get('load')}'; it must be one of {', '.join(LOADS)}.")
    started, ended = (moment(one.get(name), f"{where}.{name}") for name in ("started", "ended"))
    if ended < started:
        raise ConvergeError(f"{where} ended before it started.")
    for name in ("from", "to"):
        if not one.get(name):
            raise ConvergeError(f"{where}.{name} is missing; it must be the name of a host.")
    duration = one.get("duration_s")
    return Migration(
        number=int(_number(one.get("number"), f"{where}.number")),
        load=one["load"],
        source=str(one["from"]),
        target=str(one["to"]),
        started=started,
        ended=ended,
        duration_s=ended - started if duration is None else _number(duration, f"{where}.duration_s"),
        phases=_phases(one.get("phases"), f"{where}.phases"),
    )


def _phases(raw: Any, where: str) -> dict:
    phases = {key: value for key, value in _dict(raw or {}, where).items() if value is not None}
    for name, value in phases.items():
        if name.endswith("_s") or name in ("pages_left", "bytes_left", "bandwidth"):
            _number(value, f"{where}.{name}")
    return phases


def _series(one: Any, where: str) -> Series:
    one = _dict(one, where)
    times = [moment(text, f"{where}.timestamps") for text in _list(one, "timestamps", where)]
    values = [_number(value, f"{where}.samples") for value in _list(one, "samples", where)]
    if len(times) != len(values):
        raise ConvergeError(f"{where} has {len(times)} timestamps and {len(values)} samples; they must be as many.")
    pairs = sorted(zip(times, values, strict=True))
    return Series(
        kind=str(one.get("type")),
        name=str(one.get("name")),
        counter=str(one.get("counter")),
        unit=str(one.get("unit") or ""),
        times=tuple(time for time, _value in pairs),
        values=tuple(value for _time, value in pairs),
    )


def _stress(raw: Any) -> Span | None:
    if not raw:
        return None
    raw = _dict(raw, "stress")
    started, ended = (moment(raw.get(name), f"stress.{name}") for name in ("started", "ended"))
    return Span(started, max(0.0, ended - started))


def _stream(raw: Any) -> Stream | None:
    if not raw:
        return None
    raw = _dict(raw, "stream")
    gap = raw.get("longest_gap")
    return Stream(
        started=moment(raw.get("started"), "stream.started"),
        duration_s=_number(raw.get("duration_s"), "stream.duration_s"),
        rate=_number(raw.get("rate"), "stream.rate"),
        stalls=tuple(_span(one, "stream.stalls") for one in _list(raw, "stalls", "stream")),
        longest_gap=_span(gap, "stream.longest_gap") if gap else None,
        per_second=tuple(
            _number(count, "stream.throughput.bytes")
            for count in _list(_dict(raw.get("throughput") or {}, "stream.throughput"), "bytes", "stream.throughput")
        ),
        reconnects=int(_number(raw.get("reconnects") or 0, "stream.reconnects")),
        raw=raw,
    )


def _span(one: Any, where: str) -> Span:
    one = _dict(one, where)
    return Span(moment(one.get("start"), f"{where}.start"), _number(one.get("length_s"), f"{where}.length_s"))


def _origin(one: Any, where: str) -> dict:
    one = _dict(one, where)
    if one.get("how") not in KINDS:
        raise ConvergeError(f"{where}.how is '{one.get('how')}'; it must be one of {', '.join(KINDS)}.")
    return {"what": str(one.get("what") or ""), "how": one["how"], "note": str(one.get("note") or "")}


def _dict(value: Any, where: str) -> dict:
    if not isinstance(value, dict):
        raise ConvergeError(f"{where} must be a dictionary, not {type(value).__name__}.")
    return value


def _list(holder: dict, name: str, where: str = "") -> list:
    value = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConvergeError(f"{where + '.' if where else ''}{name} must be a list, not {type(value).__name__}.")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConvergeError(f"{where} is '{value}'; it must be a number.")
    return value
