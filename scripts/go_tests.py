# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads `go test -json` and prints what failed and what was skipped, each package's end, and the counts of tests."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable


def read(lines: Iterable[str]) -> tuple[Counter, list[str]]:
    """The number of tests by how they ended, and what to print."""
    counts: Counter = Counter()
    output: dict[tuple[str, str], list[str]] = defaultdict(list)
    printed: list[str] = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            printed.append(line.rstrip("\n"))  # what does not compile is said as plain text by some versions
            continue
        key = (event.get("Package", event.get("ImportPath", "")), event.get("Test", ""))
        action = event["Action"]
        if action in ("output", "build-output"):
            output[key].append(event["Output"].rstrip("\n"))
        elif action == "build-fail":
            printed += output.pop(key, [])
        elif action in ("pass", "fail", "skip"):
            said = output.pop(key, [])
            if key[1]:
                counts[action] += 1
                printed += said if action != "pass" else []
            else:
                # A package without tests ends with "skip", and is no test that was skipped.
                printed += said if action == "fail" else [f"{action:4} {key[0]} {event.get('Elapsed', 0):.0f} s"]
                counts["packages failed"] += action == "fail"
    return counts, printed


def main() -> int:
    """Print, and return 1 when something failed."""
    counts, printed = read(sys.stdin)
    print("\n".join(printed))
    print(f"{counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped")
    return int(bool(counts["fail"] or counts["packages failed"] or not counts["pass"]))


if __name__ == "__main__":
    sys.exit(main())
