# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's files from a record: the page, and the data beside it. Text in, text out."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.report import charts, findings
from ansible_collections.livelab.datacenter.plugins.module_utils.report.data import Record
from ansible_collections.livelab.datacenter.plugins.module_utils.report.style import STYLE
from ansible_collections.livelab.datacenter.plugins.module_utils.report.template import TEMPLATE
from ansible_collections.livelab.datacenter.plugins.module_utils.report.words import amount, clock, date, seconds, times

try:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    JINJA_ERROR = None
except ImportError as missing:
    Environment = StrictUndefined = Markup = None
    JINJA_ERROR = str(missing)

_VERDICTS = {
    findings.HOLDS: "holds here",
    findings.FAILS: "does not hold here",
    findings.UNKNOWN: "cannot be told here",
}
# An en dash.
_NONE = "\u2013"


def render(record: Record, raw: dict, title: str) -> dict[str, str]:
    """All files of the report: `{name: text}`.

    :param raw: the data as it came, for report.json.
    :raises ConvergeError: when a library is missing.
    """
    for name, problem in (("matplotlib", charts.MATPLOTLIB_ERROR), ("jinja2", JINJA_ERROR)):
        if problem:
            raise ConvergeError(f"the Python library {name} is needed where this module runs: {problem}. "
                                f"Install it with: pip install {name}")
    found = findings.check(record)
    files = {
        "report.json": _json(raw, found),
        "migrations.csv": _migrations_csv(record),
        "series.csv": _series_csv(raw),
    }
    if record.stream:
        files["stream.csv"] = _stream_csv(record)
    return {"index.html": _page(record, title, found, sorted(files)), **files}


def _page(record: Record, title: str, found: list, files: list[str]) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    drawn = {
        name: {size: Markup(text) for size, text in sizes.items()} for name, sizes in charts.draw(record).items()
    }
    rows, note = _rows(record)
    return environment.from_string(TEMPLATE).render(
        title=title,
        style=Markup(STYLE),
        lead=_lead(record),
        vm=record.vm,
        hosts=record.hosts,
        measured_host=record.measured_host,
        interval=f"{record.interval:g}",
        when=date(record.begin),
        stressed=record.stress is not None,
        figures=_figures(record),
        charts=drawn,
        rows=rows,
        phases_note=note,
        stream_words=_stream_words(record),
        stalls=[
            {"at": clock(stall.start - record.begin), "length": seconds(stall.length)}
            for stall in (record.stream.stalls if record.stream else ())
        ],
        findings=[
            {"claim": one.claim, "verdict": one.verdict, "word": _VERDICTS[one.verdict], "evidence": one.evidence}
            for one in found
        ],
        provenance=record.provenance,
        files=files,
    )


def _lead(record: Record) -> str:
    count = len(record.migrations)
    text = f"A running server moved between two hosts {times(count)}."
    if record.stream is None:
        return text
    if not record.stream.stalls:
        return text[:-1] + ", and the film it was streaming never stopped."
    longest = max(stall.length for stall in record.stream.stalls)
    stopped = times(len(record.stream.stalls))
    return text[:-1] + f"; the film it was streaming stopped {stopped}, for {seconds(longest)} at the longest."


def _figures(record: Record) -> list[dict]:
    durations = [migration.duration_s for migration in record.migrations]
    shown = [{
        "name": "Longest migration",
        "value": seconds(max(durations)),
        "note": f"the shortest of {len(durations)} took {seconds(min(durations))}",
    }]
    stopped = [phases["switchover_s"] for phases in _phases(record) if "switchover_s" in phases]
    if stopped:
        longest = seconds(max(stopped))
        shown.append({"name": "Longest switch-over", "value": longest, "note": "the machine stands still"})
    if record.stream:
        longest = max((stall.length for stall in record.stream.stalls), default=0)
        count = len(record.stream.stalls)
        shown.append({
            "name": "Stalls of the film",
            "value": str(count) if count else "none",
            "note": f"{seconds(longest)} at the longest" if count else f"in {seconds(record.stream.duration_s)}",
        })
    if record.stream and record.stream.longest_gap:
        gap = record.stream.longest_gap
        shown.append({
            "name": "Longest wait for data",
            "value": seconds(gap.length),
            "note": f"at {clock(gap.start - record.begin)}; the buffer: {record.stream.raw.get('buffer_s', 0):g} s",
        })
    return shown


def _phases(record: Record) -> list[dict]:
    return [migration.phases for migration in record.migrations]


def _rows(record: Record) -> tuple[list[dict], str]:
    """The table of migrations, and what has to be said about its figures."""

    def told(phases: dict, name: str, words: Any) -> str:
        return words(phases[name]) if name in phases else _NONE

    rows = [
        {
            "number": one.number,
            "load": "under stress" if one.load == "stress" else one.load,
            "source": one.source,
            "target": one.target,
            "start": clock(one.started - record.begin),
            "took": seconds(one.duration_s),
            "precopy": told(one.phases, "precopy_s", seconds),
            "switchover": told(one.phases, "switchover_s", seconds),
            "left": told(one.phases, "bytes_left", amount),
            "stood": told(one.phases, "downtime_s", seconds),
        }
        for one in record.migrations
    ]
    if not any(_phases(record)):
        return rows, "The phases are not known: the logs of the hosts, which tell them, could not be read."
    if any(fact["how"] == "computed" for fact in record.provenance):
        return rows, "Something here was computed from a model, and no machine ran for it: the last section says what."
    return rows, ""


def _stream_words(record: Record) -> str:
    stream = record.stream
    if stream is None:
        return "No stream was watched."
    text = f"A viewer played a film of {amount(stream.rate)} a second for {seconds(stream.duration_s)}"
    text += f" with {stream.raw.get('buffer_s', 0):g} s of buffer. "
    if stream.stalls:
        total = seconds(sum(one.length for one in stream.stalls))
        text += f"It stood still {times(len(stream.stalls))}, {total} in all."
    else:
        text += "It never stood still."
    if stream.longest_gap:
        at = clock(stream.longest_gap.start - record.begin)
        text += f" The longest time in which it waited for data was {seconds(stream.longest_gap.length)}, at {at}."
    if not stream.raw.get("errors"):
        return f"{text} The connection did not break."
    again = f"was taken up again {times(stream.reconnects)}" if stream.reconnects else "was not taken up again"
    return f"{text} The connection broke and {again}."


def _json(raw: dict, found: list) -> str:
    checked = [{"claim": one.claim, "verdict": one.verdict, "evidence": one.evidence} for one in found]
    return json.dumps({**raw, "findings": checked}, indent=2, ensure_ascii=False) + "\n"


def _table(header: list[str], rows: Any) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _migrations_csv(record: Record) -> str:
    names = sorted({name for phases in _phases(record) for name in phases})
    rows = [
        [one.number, one.load, one.source, one.target, date(one.started), date(one.ended), one.duration_s]
        + [one.phases.get(name, "") for name in names]
        for one in record.migrations
    ]
    return _table(["number", "load", "from", "to", "started", "ended", "duration_s", *names], rows)


def _series_csv(raw: dict) -> str:
    rows = [
        [stamp, one["type"], one["name"], one["counter"], value, one.get("unit", "")]
        for one in raw.get("series") or ()
        for stamp, value in zip(one["timestamps"], one["samples"], strict=True)
    ]
    return _table(["time", "type", "name", "counter", "value", "unit"], rows)


def _stream_csv(record: Record) -> str:
    return _table(["second", "bytes"], enumerate(record.stream.per_second))
