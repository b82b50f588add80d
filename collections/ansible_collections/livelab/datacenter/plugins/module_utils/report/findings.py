# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The thesis's findings (its section 5.3), each held against a measurement. Pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

from ansible_collections.livelab.datacenter.plugins.module_utils.report.data import (
    CPU,
    MEMORY,
    Migration,
    Record,
    Series,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.report.words import clock, memory, seconds, times

HOLDS, FAILS, UNKNOWN = "holds", "fails", "unknown"


@dataclass(frozen=True)
class Finding:
    """claim: the thesis's words. verdict: HOLDS, FAILS or UNKNOWN. evidence: the figures, in words."""

    claim: str
    verdict: str
    evidence: str


def check(record: Record) -> list[Finding]:
    """All findings, in the thesis's order."""
    return [
        _finding(record, claim, judge)
        for claim, judge in (
            ("The memory of the measured host stands on a plateau while it holds the machine.", _plateau),
            ("Receiving the machine costs more CPU than sending it.", _receiving),
            ("The highest CPU peak is migration 3, receiving under stress.", _highest),
            ("Sending under stress costs less CPU than the stress itself.", _sending),
            ("How long a migration takes depends more on its direction than on the load.", _direction),
            ("The stream is not interrupted.", _stream),
        )
    ]


def during(series: Series, interval: float, start: float, end: float) -> list[float]:
    """The values of samples whose interval touches a stretch of time."""
    pairs = zip(series.times, series.values, strict=True)
    return [value for time, value in pairs if time > start and time - interval < end]


def inside(series: Series, interval: float, start: float, end: float) -> list[float]:
    """The values of samples whose interval lies wholly in a stretch of time."""
    pairs = zip(series.times, series.values, strict=True)
    return [value for time, value in pairs if time - interval >= start and time <= end]


def holding(record: Record) -> tuple[list, list]:
    """When the measured host held the machine, and when it did not: two lists of (start, end), moves left out."""
    held, away = [], []
    since, here = record.begin, record.migrations[0].source == record.measured_host
    for migration in record.migrations:
        (held if here else away).append((since, migration.started))
        since, here = migration.ended, migration.target == record.measured_host
    (held if here else away).append((since, record.end))
    return held, away


class _Untold(Exception):
    """There is too little to judge by; the text says what is missing."""


def _finding(record: Record, claim: str, judge: Callable) -> Finding:
    try:
        holds, evidence = judge(record)
    except _Untold as missing:
        return Finding(claim, UNKNOWN, str(missing))
    return Finding(claim, HOLDS if holds else FAILS, evidence)


def _plateau(record: Record) -> tuple[bool, str]:
    series = _need(record, MEMORY)
    held, away = (
        [value for start, end in spans for value in inside(series, record.interval, start, end)]
        for spans in holding(record)
    )
    if not held or not away:
        raise _Untold("No memory samples lie between the migrations; longer pauses would show them.")
    text = (f"With the machine {memory(min(held))} to {memory(max(held))}, {memory(fmean(held))} on average; "
            f"without it {memory(min(away))} to {memory(max(away))}, {memory(fmean(away))} on average.")
    return min(held) > max(away), text


def _receiving(record: Record) -> tuple[bool, str]:
    receives, sends = (_peak(record, _move(record, "idle", kind)) for kind in ("receives", "sends"))
    text = f"Peaks with the machine idle: {receives:.0f} MHz receiving, {sends:.0f} MHz sending."
    try:
        under = [_peak(record, _move(record, "stress", kind)) for kind in ("receives", "sends")]
        # Not to be judged by: the sender bears the stress until the switch-over, the receiver only after it.
        text += f" Under stress the stress itself is in them: {under[0]:.0f} and {under[1]:.0f} MHz."
    except _Untold:
        pass
    return receives > sends, text


def _highest(record: Record) -> tuple[bool, str]:
    series = _need(record, CPU)
    third = _move(record, "stress", "receives")
    peak = _peak(record, third)
    highest = max(series.values)
    when = series.times[series.values.index(highest)]
    at = clock(when - record.begin)
    text = f"The highest is {highest:.0f} MHz at {at}; migration {third.number} peaks at {peak:.0f} MHz."
    return peak >= highest, text


def _sending(record: Record) -> tuple[bool, str]:
    series = _need(record, CPU)
    third, fourth = _move(record, "stress", "receives"), _move(record, "stress", "sends")
    between = inside(series, record.interval, third.ended, fourth.started)
    if not between:
        raise _Untold("No CPU samples lie between migrations 3 and 4; a longer pause shows them.")
    sending, stress = _peak(record, fourth), max(between)
    return sending <= stress, f"Peaks: {sending:.0f} MHz sending under stress, {stress:.0f} MHz under stress alone."


def _direction(record: Record) -> tuple[bool, str]:
    moves = record.migrations
    groups = {
        "receiving": [one.duration_s for one in moves if one.target == record.measured_host],
        "sending": [one.duration_s for one in moves if one.source == record.measured_host],
        "idle": [one.duration_s for one in moves if one.load == "idle"],
        "under stress": [one.duration_s for one in moves if one.load == "stress"],
    }
    if not all(groups.values()):
        raise _Untold("It takes migrations in both directions, idle and under stress.")
    means = {name: fmean(values) for name, values in groups.items()}
    by_direction = abs(means["receiving"] - means["sending"])
    by_load = abs(means["idle"] - means["under stress"])
    text = "On average " + ", ".join(f"{seconds(value)} {name}" for name, value in means.items()) + "."
    text += f" Direction makes {seconds(by_direction)} of difference, load {seconds(by_load)}."
    return by_direction > by_load, text


def _stream(record: Record) -> tuple[bool, str]:
    stream = record.stream
    if stream is None:
        raise _Untold("No stream was watched.")
    gap = f"The longest wait for data was {seconds(stream.longest_gap.length)}." if stream.longest_gap else ""
    if not stream.stalls:
        return True, f"It never stalled in {seconds(stream.duration_s)}. {gap}".strip()
    longest = max(stall.length for stall in stream.stalls)
    return False, f"It stalled {times(len(stream.stalls))}, {seconds(longest)} at the longest. {gap}".strip()


def _need(record: Record, counter: str) -> Series:
    series = record.of_host(counter, record.measured_host)
    if series is None:
        raise _Untold(f"There are no samples of {counter} of {record.measured_host}.")
    return series


def _move(record: Record, load: str, direction: str) -> Migration:
    for migration in record.migrations:
        end = migration.target if direction == "receives" else migration.source
        if migration.load == load and end == record.measured_host:
            return migration
    raise _Untold(f"There is no migration in which {record.measured_host} {direction} with load {load}.")


def _peak(record: Record, migration: Migration) -> float:
    values = during(_need(record, CPU), record.interval, migration.started, migration.ended)
    if not values:
        raise _Untold(f"There is no CPU sample of migration {migration.number}.")
    return max(values)
