#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what `make lab` built, how long it took, what each migration took, what was real, and where the report is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def main() -> None:
    """Read the files that the run left and print the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="the state directory, .lab")
    parser.add_argument("--times", type=Path, required=True, help="what the chapter_times callback wrote")
    parser.add_argument("--phases", type=Path, help="JSON: what came before the playbooks, and its seconds")
    options = parser.parse_args()

    times = read(options.times)
    description = read(options.dir / "lab.json")
    measured = read(options.dir / "report" / "migrations.json")
    provenance = description.get("facts", [])
    report = read(options.dir / "report" / "report.json")
    provenance = report.get("provenance") or provenance

    phases = read(options.phases) if options.phases else {}
    sections = [
        ("What was built", built(options.dir, times)),
        ("How long it took", [f"{name:<12} {duration(seconds)}" for name, seconds in chapters(phases, times)]),
        ("The migrations", migrations(measured)),
        (
            "What was real, and what was not",
            [f"{one['what']:<26} {one['how']:<10} {one['note']}" for one in provenance],
        ),
    ]
    for title, lines in sections:
        print(f"\n{title}")
        for line in lines:
            print(f"  {line}")
    print(f"\nThe report: {options.dir / 'report' / 'index.html'}")


def read(path: Path) -> dict:
    """A JSON file; empty when it is not there."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def chapters(phases: dict[str, float], times: dict) -> list[tuple[str, float]]:
    """Seconds of each phase and chapter, in order. A chapter is the first word of its plays' names, such as 3.4."""
    spent = dict(phases)
    for play in times.get("plays", []):
        chapter = f"chapter {play['name'].split()[0]}"
        spent[chapter] = spent.get(chapter, 0) + play["seconds"]
    return [*spent.items(), ("together", sum(spent.values()))]


def built(directory: Path, times: dict) -> list[str]:
    """The data centre in a few lines, and what this run changed."""
    hosts = times.get("hosts", {})
    changed = sum(counts["changed"] for counts in hosts.values())
    total = sum(counts["ok"] for counts in hosts.values())
    return [
        "two ESXi hosts and their vCenter; a NAS with a LUN over iSCSI; one VMFS datastore on it that both hosts have;",
        "a Debian web server with Apache, MySQL and ownCloud, its disk on that datastore",
        f"{total} tasks, {changed} of which changed something; state in {directory}",
    ]


def migrations(measured: dict) -> list[str]:
    """A line for each migration, and one for the stream."""
    lines = []
    for one in measured.get("migrations", []):
        stopped = (one.get("phases") or {}).get("downtime_s")
        stop = f", stopped for {stopped * 1000:.0f} ms" if stopped is not None else ""
        lines.append(f"{one['number']}  {one['load']:<7} {one['from']} -> {one['to']}  {one['duration_s']:.1f} s{stop}")
    stream = measured.get("stream", {})
    if stream.get("stalls"):
        lines.append(f"the stream: {len(stream['stalls'])} stalls, the longest {stream['longest_stall_s']:.2f} s")
    elif stream:
        lines.append(f"the stream: {stream['played_s']:.0f} s of it played, no stall")
    return lines


def duration(seconds: float) -> str:
    """Such as 1 min 02 s."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


if __name__ == "__main__":
    main()
