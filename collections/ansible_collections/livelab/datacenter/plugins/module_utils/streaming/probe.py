# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Play a source for a while and write down what a viewer would have seen."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from ansible_collections.livelab.datacenter.plugins.module_utils.streaming.playback import Gaps, Player, Throughput
from ansible_collections.livelab.datacenter.plugins.module_utils.streaming.source import StreamError

TICK = 0.1
"""Seconds between two looks at the clock and the stop file."""

RETRY = 0.2
"""Seconds between two tries to connect again."""

AHEAD = 10.0
"""Seconds before the end of the file at which it is asked for again. That it ends is the file's doing, not the server's:
the time a new request takes must not look like an outage."""

KEPT_ERRORS = 50


class Probe:
    """One viewing. The reading is done by a second thread, so that the first can watch the time."""

    def __init__(self, source, rate: float, buffer_s: float, resume_s: float):
        """source: a Source. rate: bytes per second. buffer_s, resume_s: seconds, as in Player."""
        self._source = source
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._zero_wall = time.time()
        self._zero = time.monotonic()
        self._player = Player(rate, buffer_s, resume_s, self._zero)
        self._gaps = Gaps()
        self._throughput = Throughput(self._zero)
        # A twentieth of a second at a time, so that the pace is smooth and a read is never larger than the buffer.
        self._chunk = int(max(1, min(64 * 1024, max(4096, rate / 20), self._player.capacity)))
        self._settings = {"rate": rate, "buffer_s": buffer_s, "resume_s": resume_s}
        self._counts = {"connections": 0, "reconnects": 0, "loops": 0}
        self._errors = []
        self._opener = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stream-opener")
        self._next = None

    def run(self, duration: float, stop_file: str | None = None) -> dict:
        """Play for `duration` seconds, or until `stop_file` is there; returns the record.

        Raises StreamError when the stream cannot be opened at all.
        """
        self._connect(0)
        reader = threading.Thread(target=self._read_all, name="stream-reader", daemon=True)
        reader.start()
        stopped_by = self._watch(duration, stop_file)
        end = time.monotonic()
        self._stop.set()
        self._source.close()
        reader.join(timeout=5)
        self._opener.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            self._player.finish(end)
            self._gaps.fed(end)
            self._throughput.finish(end)
            return self._record(end, stopped_by)

    def _watch(self, duration: float, stop_file: str | None) -> str:
        while True:
            left = self._zero + duration - time.monotonic()
            if left <= 0:
                return "duration"
            if stop_file and os.path.exists(stop_file):
                return "stop_file"
            time.sleep(min(TICK, left))

    def _read_all(self) -> None:
        while not self._stop.is_set():
            try:
                self._read_on()
            except StreamError as error:
                self._broken(error)

    def _read_on(self) -> None:
        """Wait for room, then for bytes."""
        with self._lock:
            now = time.monotonic()
            room = self._player.room(now)
            # While the film stands still no room comes of waiting: take what there is.
            full = self._player.playing and room < self._chunk
            if not full:
                self._gaps.hungry(now)
        if full:
            self._stop.wait((self._chunk - room) / self._player.rate)
            return
        data = self._source.read(min(self._chunk, room))
        if not data and not self._stop.is_set():
            self._begin_again()
            return
        self._look_ahead()
        with self._lock:
            if self._stop.is_set():
                return
            now = time.monotonic()
            self._gaps.fed(now)
            self._throughput.arrived(now, len(data))
            self._player.arrived(now, len(data))

    def _look_ahead(self) -> None:
        """Near the end of the file, ask for it again meanwhile."""
        remaining = self._source.remaining()
        if self._next is None and remaining is not None and remaining <= AHEAD * self._player.rate:
            self._next = self._opener.submit(_opened, self._source.another())

    def _begin_again(self) -> None:
        """The file has ended: go on with its start."""
        self._counts["loops"] += 1
        waiting, self._next = self._next, None
        if waiting is None:
            self._connect(0)
            return
        following = waiting.result()
        self._source.close()
        self._source = following
        self._counts["connections"] += 1

    def _broken(self, error: StreamError) -> None:
        """Say so and connect again where we were, until it works or the time is over."""
        while not self._stop.is_set():
            self._note(error)
            if self._stop.wait(RETRY):
                return
            try:
                self._connect(self._source.position)
                self._counts["reconnects"] += 1
                return
            except StreamError as again:
                error = again

    def _note(self, error: StreamError) -> None:
        """Write an error down; one that repeats itself is counted."""
        with self._lock:
            message = str(error)
            if self._errors and self._errors[-1]["message"] == message:
                self._errors[-1]["times"] += 1
            elif len(self._errors) < KEPT_ERRORS:
                self._errors.append({"at": self._iso(time.monotonic()), "message": message, "times": 1})

    def _connect(self, offset: int) -> None:
        self._source.open(offset)
        self._counts["connections"] += 1

    def _iso(self, moment: float) -> str:
        """Clock time of a moment, from one reading of the wall clock, so that a clock set meanwhile bends nothing."""
        wall = datetime.fromtimestamp(self._zero_wall + moment - self._zero, UTC)
        return wall.isoformat(timespec="milliseconds")

    def _span(self, start: float, length: float) -> dict:
        return {"start": self._iso(start), "length_s": round(length, 3)}

    def _record(self, end: float, stopped_by: str) -> dict:
        player = self._player
        stalls = [self._span(stall["start"], stall["end"] - stall["start"]) for stall in player.stalls]
        longest = self._gaps.longest
        return dict(
            self._settings,
            **self._counts,
            started=self._iso(self._zero),
            ended=self._iso(end),
            duration_s=round(end - self._zero, 3),
            stopped_by=stopped_by,
            bytes=player.received,
            startup_s=None if player.started is None else round(player.started - self._zero, 3),
            played_s=round(player.played_s, 3),
            stalls=stalls,
            stalled_s=round(sum(stall["length_s"] for stall in stalls), 3),
            longest_stall_s=max((stall["length_s"] for stall in stalls), default=0.0),
            longest_gap=longest and self._span(longest["start"], longest["length"]),
            gaps=[self._span(gap["start"], gap["length"]) for gap in self._gaps.listed],
            throughput={"interval_s": 1, "bytes": list(self._throughput.per_second)},
            ranges=self._source.ranges,
            errors=list(self._errors),
        )


def _opened(source):
    source.open(0)
    return source
