# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The player as arithmetic: when it starts, when it stands still, what it reads ahead."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.streaming.playback import (
    Gaps,
    Player,
    Throughput,
    play,
)

RATE = 100.0


def each_second(first, last, count=100):
    return [(float(second), count) for second in range(first, last)]


def test_starts_when_the_buffer_is_full():
    player = play(each_second(1, 10), RATE, buffer_s=3, resume_s=1, end=10)
    assert player.started == 3.0
    assert player.stalls == []
    assert player.played_s == pytest.approx(7.0)


def test_a_pause_shorter_than_the_buffer_is_not_seen():
    arrivals = [*each_second(1, 5), (6.9, 290), *each_second(7, 12)]
    assert play(arrivals, RATE, buffer_s=3, resume_s=1, end=12).stalls == []


def test_a_pause_longer_than_the_buffer_is_a_stall():
    # Started at 2 with 2 s in the buffer, 1 s more at 3: it runs dry at 5.
    arrivals = [*each_second(1, 4), (7.5, 50), (8.0, 50), *each_second(9, 12)]
    player = play(arrivals, RATE, buffer_s=2, resume_s=1, end=11)
    assert player.stalls == [{"start": pytest.approx(5.0), "end": 8.0}]
    assert player.played_s == pytest.approx(3.0 + 3.0)


def test_a_stall_that_goes_on_ends_with_the_viewing():
    player = play(each_second(1, 3), RATE, buffer_s=1, resume_s=1, end=9)
    assert player.stalls == [{"start": pytest.approx(3.0), "end": 9.0}]


def test_bytes_that_come_just_in_time_are_no_stall():
    player = play([(0.0, 100)] + [(0.1 * step, 10) for step in range(1, 200)], RATE, buffer_s=0, resume_s=0, end=19.9)
    assert player.stalls == []


def test_never_started_never_stalls():
    player = play([(1.0, 10)], RATE, buffer_s=2, resume_s=1, end=30)
    assert player.started is None
    assert player.stalls == []
    assert player.played_s == 0.0


def test_a_full_player_reads_no_further_and_reads_on_as_it_plays():
    player = Player(RATE, buffer_s=2, resume_s=0.25)
    assert player.room(0.0) == 200
    player.arrived(1.0, 200)
    assert player.room(1.0) == 0
    assert player.room(1.5) == 50


def test_a_clock_that_stands_still_or_goes_back_plays_nothing():
    player = Player(RATE, buffer_s=1, resume_s=1)
    player.arrived(1.0, 100)
    player.advance(0.5)
    player.advance(1.0)
    assert player.played_s == 0.0


def test_a_longer_resume_than_start_fits_in_the_buffer():
    assert Player(RATE, buffer_s=1, resume_s=4).room(0.0) == 400


def test_gaps_keep_the_longest_and_list_the_long_ones():
    gaps = Gaps(note_from=0.2, keep=2)
    for start, end in ((0.0, 0.1), (1.0, 1.3), (2.0, 3.0), (4.0, 4.5)):
        gaps.hungry(start)
        gaps.hungry(start + 0.05)
        gaps.fed(end)
    assert gaps.longest == {"start": 2.0, "length": pytest.approx(1.0)}
    assert [gap["start"] for gap in gaps.listed] == [2.0, 4.0]


def test_fed_without_hunger_is_no_gap():
    gaps = Gaps()
    gaps.fed(5.0)
    assert gaps.longest is None


def test_throughput_counts_by_second_and_fills_silence():
    throughput = Throughput(10.0)
    throughput.arrived(10.1, 5)
    throughput.arrived(10.9, 6)
    throughput.arrived(13.0, 7)
    throughput.finish(15.2)
    assert throughput.per_second == [11, 0, 0, 7, 0]
