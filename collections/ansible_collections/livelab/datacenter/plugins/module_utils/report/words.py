# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures as a reader wants them."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds(value: float) -> str:
    """``4 ms``, ``2.31 s``, ``75 s``, ``12 min 5 s``."""
    if abs(value) < 0.0995:
        return f"{value * 1000:.0f} ms"
    if abs(value) < 10:
        return f"{value:.2f} s"
    if abs(value) < 120:
        return f"{value:.0f} s"
    return f"{int(value // 60)} min {int(value % 60)} s"


def clock(value: float) -> str:
    """Seconds since the start as ``m:ss``."""
    value = round(value)
    return f"{'-' if value < 0 else ''}{abs(value) // 60}:{abs(value) % 60:02d}"


def memory(kilobytes: float) -> str:
    """Kilobytes of 1024 bytes as ``512 MB`` or ``1.53 GB``."""
    megabytes = kilobytes / 1024
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:.2f} GB"


def amount(count: float) -> str:
    """Bytes as ``512 B``, ``96 KB``, ``230.5 MB`` or ``1.53 GB``, of 1024 each."""
    for unit, size, digits in (("GB", 2**30, 2), ("MB", 2**20, 1), ("KB", 2**10, 0)):
        if count >= size:
            return f"{count / size:.{digits}f} {unit}"
    return f"{count:.0f} B"


def date(moment: float) -> str:
    """A moment as ``2016-05-31 12:00:07 UTC``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def times(count: int) -> str:
    """``once``, ``twice``, … ``5 times``."""
    return {1: "once", 2: "twice", 3: "three times", 4: "four times"}.get(count, f"{count} times")
