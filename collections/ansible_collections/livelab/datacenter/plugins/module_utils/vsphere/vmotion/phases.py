# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a move of a running machine took, phase by phase, from the logs of the two hosts. Pure: texts in, phases out.

The vSphere API tells a move's start, end and percent, and nothing of its phases. The hosts write them down: the kernel in
C(vmkernel.log), the machine's own process in C(vmware.log). Lines differ in what stands before the text (``cpu4:2758489)`` up to
6.x, ``In(182) vmkernel: cpu4:2758489 opID=…)`` later; ``| vmx| I120:`` up to 6.x, ``In(05) vmx -`` later), and little in the text
itself, so the text is what is looked for. What is not found stays unknown.

Sources of the lines: Broadcom's knowledge base, articles 436882 (stun time), 441977 (which machine was moved), 321009 (stages)
and 1010634 (the numbers of the states); virten.net of October 2015 and virtuallypeculiar.com of 25 December 2015 (5.5 and 6.0);
haewon83.tistory.com/108 (8.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

# A page of x86 memory, in which the logs count.
PAGE_BYTES = 4096

# A machine is stunned for snapshots, too. What it stood for a move is written down within seconds of the move's last line.
_STUN_SECONDS = 60

# The states of the process at the source, as article 1010634 names them: MIGRATE_TO_VMX_…
READY, PRECOPY, CHECKPOINT, FINISHED = 1, 2, 3, 5

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))")
# "Setting VMOTION info: Source ts = …, src ip = <…> dest ip = <…>"; in 8.0 "vmotion: Source …, ts = …, srcIP = <…> dstIP = <…>".
_KERNEL_BEGIN = re.compile(
    r"Migrate: .*?(?:Setting VMOTION info: |vmotion: )(Source|Dest)\b.*?\bts ?= ?(\d+), ?src ?ip = <([^>]*)>"
    r",? de?st ?ip = <([^>]*)>", re.IGNORECASE)
_KERNEL_STOP = re.compile(
    r"VMotion: \d+: (\d+) S: Stopping pre-copy: only (\d+) pages (?:left to send|were modified)"
    r"(?:.*?time goal of (\d+(?:\.\d+)?) seconds)?(?:.*?network bandwidth ~(\d+(?:\.\d+)?) MB/s)?")
_PROCESS_REQUEST = re.compile(r"Received migrate '(to|from)' request for mid id (\d+)(?:, src ip <([^>]*)>, dst ip <([^>]*)>)?")
_PROCESS_OPEN = re.compile(r"Migrate_Open: Restoring from <[^>]*> with migration id (\d+)")
_PROCESS_STATE = re.compile(r"MigrateSetState: Transitioning from state \d+ to (\d+)\.")
_PROCESS_UNSTUN = re.compile(r"Checkpoint_Unstun: vm stopped for (\d+) us")


@dataclass(frozen=True)
class Phases:
    """A move, as far as the logs tell of it; None is what they do not tell.

    :ivar migration: the number that the lines of one move have in common.
    :ivar source: vMotion address of the host it left.
    :ivar destination: vMotion address of the host it came to.
    :ivar began: when the source was told to begin.
    :ivar setup_s: seconds from there to the first page sent.
    :ivar precopy_s: seconds of pre-copy, in which the machine runs on.
    :ivar switchover_s: seconds from the end of pre-copy until the source learnt that the machine runs at the destination.
    :ivar total_s: seconds of all three.
    :ivar downtime_s: seconds that the machine stood, as the destination measured.
    :ivar pages_left: pages of 4096 bytes that were left when pre-copy ended.
    :ivar bytes_left: the same in bytes.
    :ivar goal_s: seconds within which the host wanted to send them.
    :ivar bandwidth: megabytes a second that the host measured at the end of pre-copy, as it writes them.
    """

    migration: str
    source: str | None = None
    destination: str | None = None
    began: datetime | None = None
    setup_s: float | None = None
    precopy_s: float | None = None
    switchover_s: float | None = None
    total_s: float | None = None
    downtime_s: float | None = None
    pages_left: int | None = None
    bytes_left: int | None = None
    goal_s: float | None = None
    bandwidth: float | None = None


@dataclass
class _Found:
    """What the lines of one move told, while they are read."""

    migration: str
    addresses: tuple[str | None, str | None] = (None, None)
    asked: datetime | None = None
    kernel_began: datetime | None = None
    kernel_stopped: datetime | None = None
    states: dict[int, datetime] = field(default_factory=dict)
    stood_us: int | None = None
    pages_left: int | None = None
    goal_s: float | None = None
    bandwidth: float | None = None


def migrations(*texts: str) -> list[str]:
    """The moves that the texts tell of, by their number, in the order of their beginning; those without a time come first."""
    found: dict[str, _Found] = {}
    for text in texts:
        _read(text, found)
    return sorted(found, key=lambda number: (_began(found[number]) is not None, str(_began(found[number]) or "")))


def phases(migration: str, *texts: str) -> Phases:
    """The phases of one move.

    :param migration: its number, one of :func:`migrations`.
    :param texts: logs of any kind, each of one file: vmkernel.log of the two hosts, the machine's vmware.log and those before it
        (vmware-7.log and so on: the destination begins a new one).
    """
    found: dict[str, _Found] = {}
    for text in texts:
        _read(text, found)
    return _phases(found.get(migration) or _Found(migration))


def _began(found: _Found) -> datetime | None:
    return found.asked or found.states.get(READY) or found.kernel_began


def _phases(found: _Found) -> Phases:
    # All of these are times of the source: two hosts' clocks are never compared.
    began = _began(found)
    precopy, ended = found.states.get(PRECOPY), found.states.get(FINISHED)
    stopped = found.kernel_stopped or found.states.get(CHECKPOINT)
    return Phases(
        migration=found.migration,
        source=found.addresses[0],
        destination=found.addresses[1],
        began=began,
        setup_s=_seconds(began, precopy),
        precopy_s=_seconds(precopy, stopped),
        switchover_s=_seconds(stopped, ended),
        total_s=_seconds(began, ended),
        downtime_s=None if found.stood_us is None else found.stood_us / 1e6,
        pages_left=found.pages_left,
        bytes_left=None if found.pages_left is None else found.pages_left * PAGE_BYTES,
        goal_s=found.goal_s,
        bandwidth=found.bandwidth,
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """The seconds between two times; None where one is unknown, or where they are in the wrong order and so not of one move."""
    if start is None or end is None or end < start:
        return None
    return round((end - start).total_seconds(), 6)


def _read(text: str, found: dict[str, _Found]) -> None:
    """Add what one file tells."""
    # The lines of the machine's process name the move once, at its beginning.
    current: _Found | None = None
    source, last = True, None
    for time, line in _lines(text):
        if _kernel_line(time, line, found):
            continue
        if match := _PROCESS_REQUEST.search(line):
            source = match[1] == "to"
            current = found.setdefault(match[2], _Found(match[2]))
            if source:
                current.asked = current.asked or time
            if match[3]:
                current.addresses = (match[3], match[4])
        elif match := _PROCESS_OPEN.search(line):
            source = False
            current = found.setdefault(match[1], _Found(match[1]))
        elif current is None:
            continue
        elif match := _PROCESS_STATE.search(line):
            if source and time:
                current.states.setdefault(int(match[1]), time)
        elif match := _PROCESS_UNSTUN.search(line):
            since = _seconds(last, time)
            if not source and current.stood_us is None and since is not None and since <= _STUN_SECONDS:
                current.stood_us = int(match[1])
            continue
        else:
            continue
        last = time


def _kernel_line(time: datetime | None, line: str, found: dict[str, _Found]) -> bool:
    """Add what a line of vmkernel.log tells; whether it is one that is known here."""
    if match := _KERNEL_BEGIN.search(line):
        one = found.setdefault(match[2], _Found(match[2]))
        one.addresses = (match[3], match[4])
        if match[1].lower() == "source":
            one.kernel_began = one.kernel_began or time
    elif match := _KERNEL_STOP.search(line):
        one = found.setdefault(match[1], _Found(match[1]))
        one.kernel_stopped, one.pages_left = time, int(match[2])
        one.goal_s = float(match[3]) if match[3] else None
        one.bandwidth = float(match[4]) if match[4] else None
    else:
        return False
    return True


def _lines(text: str) -> Iterator[tuple[datetime | None, str]]:
    """Each line with its time; None where there is none that can be read."""
    for line in text.splitlines():
        match = _TIME.match(line.lstrip())
        yield (_time(match[1]) if match else None), line


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
