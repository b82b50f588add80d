# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's graphs, drawn with matplotlib into SVG. Each is drawn twice: wide, and narrow for a phone."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.report import svg
from ansible_collections.livelab.datacenter.plugins.module_utils.report.data import CPU, MEMORY, Record
from ansible_collections.livelab.datacenter.plugins.module_utils.report.words import clock, seconds

try:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

    MATPLOTLIB_ERROR = None
except ImportError as missing:
    matplotlib = pyplot = FuncFormatter = MaxNLocator = MultipleLocator = None
    MATPLOTLIB_ERROR = str(missing)

# Inches; a drawing is 72 units an inch.
_SIZES = {"wide": (10.4, 3.9), "narrow": (5.0, 3.9)}
# Seconds between two marks on the time axis: such as a clock has.
_STEPS = (1, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "livelab",
    "font.size": 11,
    "axes.edgecolor": svg.GRID,
    "axes.labelcolor": svg.QUIET,
    "axes.linewidth": 1,
    "xtick.color": svg.GRID,
    "ytick.color": svg.GRID,
    "xtick.labelcolor": svg.QUIET,
    "ytick.labelcolor": svg.QUIET,
    "text.color": svg.INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.labelcolor": svg.INK,
    "hatch.color": svg.PAPER,
    "hatch.linewidth": 2,
}


def draw(record: Record) -> dict[str, dict[str, str]]:
    """Every graph there is data for: `{name: {"wide": svg, "narrow": svg}}`."""
    drawn = {}
    for name, (possible, painter, label) in _CHARTS.items():
        if possible(record):
            drawn[name] = {size: _render(record, name, painter, label, size) for size in _SIZES}
    return drawn


def _render(record: Record, name: str, painter: Callable, label: str, size: str) -> str:
    with matplotlib.rc_context(_STYLE):
        figure, axes = pyplot.subplots(figsize=_SIZES[size], layout="constrained")
        try:
            for side in ("top", "right", "left"):
                axes.spines[side].set_visible(False)
            axes.tick_params(length=0, pad=6)
            painter(axes, record, size == "narrow")
            out = io.StringIO()
            # No date: the same data gives the same drawing.
            figure.savefig(out, format="svg", metadata={"Date": None})
        finally:
            pyplot.close(figure)
    return svg.embed(out.getvalue(), f"{name}-{size}", label)


# -- the parts that several graphs have ------------------------------------------------------------------------------


def _time_axis(axes: Any, record: Record, narrow: bool) -> None:
    axes.set_xlim(0, max(1.0, record.end - record.begin))
    length = max(1.0, record.end - record.begin)
    step = next((step for step in _STEPS if length / step <= (5 if narrow else 10)), _STEPS[-1])
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: clock(value)))
    axes.set_xlabel("minutes:seconds since the start")
    axes.grid(axis="y", color=svg.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(5))


def _windows(axes: Any, record: Record) -> None:
    """The time under stress and the migrations, shaded; the latter numbered."""
    top = axes.get_xaxis_transform()
    if record.stress:
        start, end = record.stress.start - record.begin, record.stress.end - record.begin
        axes.axvspan(start, end, color=svg.STRESS, alpha=0.16, linewidth=0)
        axes.text((start + end) / 2, 1.12, "under stress", transform=top, ha="center", va="center", color=svg.QUIET)
        axes.text(start / 2, 1.12, "idle", transform=top, ha="center", va="center", color=svg.QUIET)
    # A migration of two seconds in ten minutes would be a hair; give it a breadth that can be seen.
    least = (record.end - record.begin) / 160
    for migration in record.migrations:
        start, end = migration.started - record.begin, migration.ended - record.begin
        middle = (start + end) / 2
        half = max(end - start, least) / 2
        axes.axvspan(middle - half, middle + half, color=svg.MOVE, alpha=0.35, linewidth=0)
        axes.text(
            middle, 1.035, str(migration.number), transform=top, ha="center", va="center", fontweight="bold",
            color=svg.PAPER, bbox={"boxstyle": "circle,pad=0.25", "facecolor": svg.MOVE, "edgecolor": "none"},
        )


def _line(axes: Any, record: Record, series: Any, scale: float, **look: Any) -> None:
    """A series as steps: each value is the average of the interval that ends at its time."""
    times = [time - record.begin for time in series.times]
    values = [value * scale for value in series.values]
    axes.step([times[0] - record.interval, *times], [values[0], *values], where="pre", **look)


def _legend(axes: Any, handles: Any = None) -> None:
    axes.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.15), ncols=2, frameon=False, handlelength=1.6,
        columnspacing=1.5, borderaxespad=0,
    )


def _memory_scale(record: Record) -> tuple[float, str]:
    """From kilobytes to what the largest value is best told in."""
    values = [value for one in record.series if one.kind == "host" and one.counter == MEMORY for value in one.values]
    return (1 / 2**20, "GB") if values and max(values) >= 4 * 2**20 else (1 / 2**10, "MB")


def _hosts(axes: Any, record: Record, counter: str, scale: float, unit: str, narrow: bool) -> None:
    looks = [{"color": svg.SECOND, "linewidth": 1.6}] * (len(record.hosts) - 1)
    for host, look in zip(record.hosts, [{"color": svg.FIRST, "linewidth": 2.4, "zorder": 3}, *looks], strict=True):
        series = record.of_host(counter, host)
        if series:
            label = f"{host} (measured)" if host == record.measured_host else host
            _line(axes, record, series, scale, label=label, **look)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(unit)
    _time_axis(axes, record, narrow)
    _windows(axes, record)
    _legend(axes)


# -- the graphs ------------------------------------------------------------------------------------------------------


def _cpu(axes: Any, record: Record, narrow: bool) -> None:
    _hosts(axes, record, CPU, 1, "MHz", narrow)


def _memory(axes: Any, record: Record, narrow: bool) -> None:
    scale, unit = _memory_scale(record)
    _hosts(axes, record, MEMORY, scale, unit, narrow)


def _both(axes: Any, record: Record, narrow: bool) -> None:
    scale, unit = _memory_scale(record)
    host = record.measured_host
    other = axes.twinx()
    other.spines[["top", "right", "left"]].set_visible(False)
    other.tick_params(length=0, pad=6)
    _line(axes, record, record.of_host(CPU, host), 1, color=svg.FIRST, linewidth=2.2, label="CPU (left)", zorder=3)
    memory = record.of_host(MEMORY, host)
    _line(other, record, memory, scale, color=svg.MEMORY, linewidth=2.2, linestyle="--", label="memory (right)")
    for one, text, colour in ((axes, "CPU in MHz", svg.FIRST), (other, f"memory in {unit}", svg.MEMORY)):
        one.set_ylim(bottom=0)
        one.set_ylabel(text, color=colour)
        one.yaxis.set_major_locator(MaxNLocator(5))
    _time_axis(axes, record, narrow)
    _windows(axes, record)
    _legend(axes, handles=[axes.lines[0], other.lines[0]])


def _durations(axes: Any, record: Record, _narrow: bool) -> None:
    """A bar a migration: the colour is the direction, hatching is stress."""
    rows = list(reversed(record.migrations))
    longest = max(migration.duration_s for migration in rows) or 1
    labels = []
    for row, migration in enumerate(rows):
        receives = migration.target == record.measured_host
        axes.barh(
            row, migration.duration_s, height=0.58, color=svg.FIRST if receives else svg.SECOND,
            hatch="///" if migration.load == "stress" else None, linewidth=0,
        )
        axes.text(migration.duration_s + longest * 0.015, row, seconds(migration.duration_s), va="center")
        load = "stress" if migration.load == "stress" else "idle"
        labels.append(f"{migration.number}  {'receives' if receives else 'sends'}, {load}")
    axes.set_yticks(range(len(rows)), labels)
    axes.tick_params(axis="y", labelcolor=svg.INK)
    axes.set_xlim(0, longest * 1.16)
    axes.set_xlabel("seconds")
    axes.grid(axis="x", color=svg.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines["bottom"].set_visible(False)


def _stream(axes: Any, record: Record, narrow: bool) -> None:
    """What came in each second, the rate of the film as a line, stalls in red."""
    stream = record.stream
    offset = stream.started - record.begin
    # The last second is not a whole one.
    counts = [count / 1024 for count in stream.per_second[: int(stream.duration_s)]]
    times = [offset + second for second in range(len(counts) + 1)]
    axes.stairs(counts, times, fill=True, color=svg.FIRST, alpha=0.75)
    axes.axhline(stream.rate / 1024, color=svg.INK, linewidth=1.2, linestyle="--")
    for stall in stream.stalls:
        axes.axvspan(stall.start - record.begin, stall.end - record.begin, color=svg.BAD, alpha=0.8, linewidth=0)
    # The first second fills the buffer and would flatten all others.
    axes.set_ylim(0, max([*counts[2:], stream.rate / 1024]) * 1.25)
    axes.set_ylabel("KB received each second")
    _time_axis(axes, record, narrow)
    axes.set_xlim(min(0.0, offset), max(record.end - record.begin, times[-1]))
    _windows(axes, record)


def _has(*counters: str) -> Callable[[Record], bool]:
    return lambda record: all(record.of_host(counter, record.measured_host) for counter in counters)


_CHARTS: dict[str, tuple[Callable, Callable, str]] = {
    "cpu": (_has(CPU), _cpu, "CPU usage of each host in MHz over time, migrations shaded and numbered"),
    "memory": (_has(MEMORY), _memory, "Memory consumed on each host over time, migrations shaded and numbered"),
    "both": (_has(CPU, MEMORY), _both, "CPU and memory of the measured host over time, one over the other"),
    "durations": (lambda record: True, _durations, "How long each migration took, as bars"),
    "stream": (
        lambda record: bool(record.stream and len(record.stream.per_second) > 2),
        _stream,
        "Bytes that the viewer received in each second, stalls in red",
    ),
}
