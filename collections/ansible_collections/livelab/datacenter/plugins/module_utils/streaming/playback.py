# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a viewer sees of a stream: a player with a buffer, as arithmetic. No clock, no network.

Times are seconds on any clock that only goes forward; the caller brings them.
"""

from __future__ import annotations

import math


class Player:
    """A player that shows `rate` bytes each second out of its buffer.

    It starts once `buffer_s` seconds are in the buffer. When the buffer runs dry it stands still (a stall) until
    `resume_s` seconds are there again.
    """

    def __init__(self, rate: float, buffer_s: float, resume_s: float, now: float = 0.0):
        """rate: bytes per second, more than 0. buffer_s, resume_s: seconds, 0 or more. now: when play was pressed."""
        self.rate = rate
        self.pressed = now
        self.started = None
        self.received = 0
        self.played_s = 0.0
        self.stalls = []
        self._first = max(1, math.ceil(buffer_s * rate))
        self._again = max(1, math.ceil(resume_s * rate))
        self.capacity = max(self._first, self._again)
        self._last = now
        self.playing = False

    def buffered(self) -> float:
        """Bytes in the buffer at the last time told of."""
        return max(0.0, self.received - self.played_s * self.rate)

    def advance(self, now: float) -> None:
        """Let the player run until `now` with what it has."""
        span = max(0.0, now - self._last)
        if self.playing:
            left = self.buffered() / self.rate
            # A nanosecond of tolerance: arithmetic alone must not make a stall.
            if span > left + 1e-9:
                self.playing = False
                self.stalls.append({"start": self._last + left, "end": None})
            self.played_s += min(span, left)
        self._last += span

    def arrived(self, now: float, count: int) -> None:
        """`count` bytes came in at `now`."""
        self.advance(now)
        self.received += count
        if self.playing:
            return
        if self.started is None:
            if self.buffered() >= self._first:
                self.started = self._last
                self.playing = True
        elif self.buffered() >= self._again:
            self.stalls[-1]["end"] = self._last
            self.playing = True

    def room(self, now: float) -> int:
        """Bytes the buffer can take at `now`: a player that is full does not read on."""
        self.advance(now)
        return max(0, math.floor(self.capacity - self.buffered()))

    def finish(self, now: float) -> None:
        """The viewer leaves at `now`: a stall that goes on ends here, for the count."""
        self.advance(now)
        if self.stalls and self.stalls[-1]["end"] is None:
            self.stalls[-1]["end"] = self._last


class Gaps:
    """The times at which the player wanted bytes and none came."""

    def __init__(self, note_from: float = 0.2, keep: int = 200):
        """note_from: seconds from which a gap is listed. keep: how many of them, the longest ones win."""
        self._note_from = note_from
        self._keep = keep
        self._since = None
        self.longest = None
        self.listed = []

    def hungry(self, now: float) -> None:
        """The player waits for bytes from `now` on, if it does not already."""
        if self._since is None:
            self._since = now

    def fed(self, now: float) -> None:
        """Bytes came, or the viewer left."""
        if self._since is None:
            return
        gap = {"start": self._since, "length": max(0.0, now - self._since)}
        self._since = None
        if self.longest is None or gap["length"] > self.longest["length"]:
            self.longest = gap
        if gap["length"] >= self._note_from:
            self.listed.append(gap)
            if len(self.listed) > self._keep:
                self.listed.remove(min(self.listed, key=lambda entry: entry["length"]))


class Throughput:
    """Bytes received in each second from `begin` on."""

    def __init__(self, begin: float):
        self._begin = begin
        self.per_second = []

    def arrived(self, now: float, count: int) -> None:
        """Count `count` bytes that came at `now`."""
        second = max(0, int(now - self._begin))
        self._extend(second + 1)
        self.per_second[second] += count

    def finish(self, now: float) -> None:
        """Fill the whole seconds until `now` in which nothing came with zeros."""
        self._extend(int(max(0.0, now - self._begin)))

    def _extend(self, length: int) -> None:
        self.per_second.extend([0] * (length - len(self.per_second)))


def play(arrivals, rate: float, buffer_s: float, resume_s: float, end: float) -> Player:
    """Play a recorded list of (seconds, bytes) from 0 to `end`; returns the player as it stands then."""
    player = Player(rate, buffer_s, resume_s)
    for when, count in arrivals:
        player.arrived(when, count)
    player.finish(end)
    return player
