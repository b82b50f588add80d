#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say where the time of a `make lab` went: its phases, its chapters, and the tasks that took longest.

Reads what the last run left: times.json (written by the callback plugin chapter_times) and phases.json (by
scripts/lab.sh). To measure from zero, run `make clean lab` before it, on a computer that does nothing else.

usage: phases.py [--dir .lab] [--tasks 12] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

TOP = Path(__file__).parents[1]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, default=Path(os.environ.get("LABTWIN_DIR", TOP / ".lab")))
    parser.add_argument("--tasks", type=int, default=12, help="how many of the longest tasks")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    times = json.loads((options.dir / "times.json").read_text(encoding="utf-8"))
    phases = options.dir / "phases.json"
    figures = {
        "phases": json.loads(phases.read_text(encoding="utf-8")) if phases.exists() else {},
        "plays": {play["name"]: play["seconds"] for play in times["plays"]},
        "tasks": longest(times, options.tasks),
    }
    for name, seconds in {**figures["phases"], **figures["plays"]}.items():
        print(f"{seconds:8.1f} s  {name}")
    print(f"\nThe {len(figures['tasks'])} longest tasks")
    for task in figures["tasks"]:
        print(f"{task['seconds']:8.1f} s  {task['role'] or '':<16} {task['name']}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def longest(times: dict, count: int) -> list[dict]:
    """The tasks that took longest, as role, name and seconds."""
    tasks = [task for play in times["plays"] for task in play["tasks"]]
    tasks.sort(key=lambda task: -task["seconds"])
    return [{key: task[key] for key in ("role", "name", "seconds")} for task in tasks[:count]]


if __name__ == "__main__":
    main()
