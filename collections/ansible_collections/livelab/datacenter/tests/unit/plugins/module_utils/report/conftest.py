# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A measurement as the thesis found it, to be bent by the tests."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest

START = datetime(2016, 5, 31, 12, 0, 0, tzinfo=UTC)
MEASURED, OTHER = "esxi-2", "esxi-1"
# number, load, from, to, start, length: receiving takes longer than sending, load changes little.
MOVES = [
    (1, "idle", OTHER, MEASURED, 20, 6.0),
    (2, "idle", MEASURED, OTHER, 50, 4.0),
    (3, "stress", OTHER, MEASURED, 90, 6.4),
    (4, "stress", MEASURED, OTHER, 120, 4.2),
]


def at(second):
    return (START + timedelta(seconds=second)).isoformat()


def cpu(second):
    """MHz of the measured host: most when it receives under stress, less when it sends than under stress."""
    peaks = {1: 2000, 2: 1000, 3: 3000, 4: 1500}
    for number, _load, _source, _target, start, length in MOVES:
        if start < second <= start + length + 2:
            return peaks[number]
    return 2500 if 98 < second < 120 else 100


def memory(second):
    """KB of the measured host: more while it holds the machine."""
    return 1_700_000 if 26 < second < 54 or 96.4 < second < 124.2 else 1_300_000


def series(counter, unit, value):
    seconds = range(2, 160, 2)
    return {
        "type": "host", "name": MEASURED, "counter": counter, "instance": "", "unit": unit,
        "timestamps": [at(second) for second in seconds], "samples": [value(second) for second in seconds],
    }


WHOLE = {
    "vm": "web",
    "hosts": [MEASURED, OTHER],
    "measured_host": MEASURED,
    "interval": 2,
    "migrations": [
        {
            "number": number, "load": load, "from": source, "to": target, "started": at(start),
            "ended": at(start + length), "duration_s": length,
            "phases": {"precopy_s": length - 0.1, "switchover_s": 0.02, "bytes_left": 4096, "downtime_s": 0.01},
        }
        for number, load, source, target, start, length in MOVES
    ],
    "stress": {"started": at(75), "ended": at(140)},
    "stream": {
        "started": at(1), "duration_s": 150.0, "rate": 524288, "buffer_s": 2, "stalls": [], "reconnects": 0,
        "longest_gap": {"start": at(96), "length_s": 0.41},
        "throughput": {"interval_s": 1, "bytes": [1_000_000] + [524288] * 149},
    },
    "series": [
        series("cpu.usagemhz.average", "MHz", cpu),
        series("mem.consumed.average", "KB", memory),
    ],
    "provenance": [{"what": "the machine", "how": "measured", "note": "it ran"}],
}


@pytest.fixture
def whole():
    """The measurement as plain data."""
    return copy.deepcopy(WHOLE)
