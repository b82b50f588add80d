# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each suite of `make test`, and of their tests.

usage: tally.py FOLDER SUITE...

FOLDER holds, of each suite, what it printed (SUITE.log) and how it ended (SUITE.end: exit status and seconds). Status 77
is a suite that could not run here. What was not run is not passed: a suite is called so only when all of it ran. The exit
status is 1 for a suite that did not run, too, and for tests that were skipped because something is not installed. Tests that
this computer or this checkout has nothing for (no KVM, say) are shown and counted, and the exit status is 0.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

NOT_RUN = 77
COUNTS = re.compile(
    r"^(?:=+ )?((?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|warnings?|deselected)(?:, )?)+)(?: in .*)?$", re.MULTILINE
)
SKIPPED = re.compile(r"^SKIPPED .*$|^\s+\w+_test\.go:\d+: .*$", re.MULTILINE)
MISSING = re.compile(r"not installed|could not import", re.IGNORECASE)


@dataclass
class Suite:
    """How a suite ended."""

    name: str
    status: int
    seconds: int
    log: str

    def count(self, *words: str) -> int:
        """Tests that ended so. A suite may print several lines of counts: molecule does, one a scenario."""
        return sum(
            int(number) for line in COUNTS.findall(self.log) for number, word in re.findall(r"(\d+) (\w+)", line) if word in words
        )

    @property
    def skips(self) -> list[str]:
        """The lines that say which tests were skipped and why."""
        return [line.strip() for line in SKIPPED.findall(self.log)] if self.count("skipped") else []

    @property
    def passed(self) -> int:
        """Tests that passed; a suite without tests is one."""
        return self.count("passed") or int(self.status == 0)

    @property
    def failed(self) -> int:
        """Tests that failed; at least one in a suite that failed, which may have come to no test."""
        return max(self.count("failed", "error", "errors", "xpassed"), int(self.status not in (0, NOT_RUN)))

    @property
    def not_run(self) -> int:
        """Tests that were skipped; a suite that was not run is one."""
        return self.count("skipped") + int(self.status == NOT_RUN)

    @property
    def incomplete(self) -> bool:
        """Whether something of it did not run that should run everywhere."""
        return self.status == NOT_RUN or any(MISSING.search(line) for line in self.skips)

    @property
    def word(self) -> str:
        """Its end in a word."""
        if self.failed:
            return "FAILED"
        if self.status == NOT_RUN:
            return "NOT RUN"
        return "INCOMPLETE" if self.incomplete else "in part" if self.not_run else "passed"


def read(folder: Path, name: str) -> Suite:
    """A suite as its files tell; one that noted no end was not run."""
    end, log = folder / f"{name}.end", folder / f"{name}.log"
    status, seconds = map(int, end.read_text(encoding="utf-8").split()) if end.is_file() else (NOT_RUN, 0)
    return Suite(name, status, seconds, log.read_text(encoding="utf-8", errors="replace") if log.is_file() else "")


def main(folder: str, *names: str) -> int:
    """Print the table and return the exit status."""
    suites = [read(Path(folder), name) for name in names]
    print(f"\n{'suite':12} {'':10} {'passed':>7} {'failed':>7} {'not run':>8} {'seconds':>8}")
    for suite in suites:
        print(f"{suite.name:12} {suite.word:10} {suite.passed:7} {suite.failed:7} {suite.not_run:8} {suite.seconds:8}")
    for suite in suites:
        for line in suite.skips:
            print(f"not run in {suite.name}: {line}")
        if suite.status == NOT_RUN:
            print(f"not run: {suite.name}: {(suite.log.strip().splitlines() or ['it did not come to its end'])[-1]}")
    passed, failed, not_run = (sum(counts) for counts in zip(*((s.passed, s.failed, s.not_run) for s in suites), strict=True))
    print(f"{passed} passed, {failed} failed, {not_run} not run")
    return int(any(suite.failed or suite.incomplete for suite in suites))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
