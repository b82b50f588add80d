# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each finding holds on data like the thesis's, and stops holding when the data is bent against it."""

from __future__ import annotations

from ansible_collections.livelab.datacenter.plugins.module_utils.report.data import load
from ansible_collections.livelab.datacenter.plugins.module_utils.report.findings import check, holding

PLATEAU, RECEIVING, HIGHEST, SENDING, DIRECTION, STREAM = range(6)


def verdicts(raw):
    return [finding.verdict for finding in check(load(raw))]


def values(raw, counter):
    return next(one for one in raw["series"] if one["counter"] == counter)["samples"]


def test_all_hold_on_data_like_the_thesis(whole):
    assert verdicts(whole) == ["holds"] * 6


def test_when_it_held_the_machine(whole):
    record = load(whole)
    held, away = holding(record)
    shift = record.begin
    assert [(round(start - shift, 1), round(end - shift, 1)) for start, end in held] == [(24, 48), (94.4, 118)]
    assert len(away) == 3


def test_flat_memory_is_no_plateau(whole):
    numbers = values(whole, "mem.consumed.average")
    numbers[:] = [1_300_000] * len(numbers)
    assert verdicts(whole)[PLATEAU] == "fails"


def test_sending_that_costs_more_is_said(whole):
    numbers = values(whole, "cpu.usagemhz.average")
    numbers[:] = [2100 if number == 1000 else number for number in numbers]
    finding = check(load(whole))[RECEIVING]
    assert finding.verdict == "fails"
    assert "2000 MHz receiving, 2100 MHz sending" in finding.evidence


def test_a_higher_peak_elsewhere_is_said_with_its_time(whole):
    values(whole, "cpu.usagemhz.average")[0] = 9000
    finding = check(load(whole))[HIGHEST]
    assert finding.verdict == "fails"
    assert "9000 MHz at 0:00" in finding.evidence


def test_sending_above_the_stress_is_said(whole):
    numbers = values(whole, "cpu.usagemhz.average")
    numbers[:] = [2800 if number == 1500 else number for number in numbers]
    assert verdicts(whole)[SENDING] == "fails"


def test_load_that_counts_more_than_direction_is_said(whole):
    for migration in whole["migrations"][2:]:
        migration["duration_s"] += 10
    finding = check(load(whole))[DIRECTION]
    assert finding.verdict == "fails"
    assert "Direction makes 2.10 s of difference, load 10 s" in finding.evidence


def test_a_stall_is_said(whole):
    whole["stream"]["stalls"] = [{"start": whole["stress"]["started"], "length_s": 1.3}]
    finding = check(load(whole))[STREAM]
    assert finding.verdict == "fails"
    assert "stalled once, 1.30 s at the longest" in finding.evidence


def test_without_counters_nothing_is_claimed(whole):
    whole["series"] = []
    assert verdicts(whole) == ["unknown"] * 4 + ["holds", "holds"]


def test_without_a_stream_nothing_is_claimed(whole):
    del whole["stream"]
    assert verdicts(whole)[STREAM] == "unknown"


def test_one_migration_is_too_few_for_most(whole):
    del whole["migrations"][1:]
    assert verdicts(whole)[RECEIVING:STREAM] == ["unknown"] * 4


def averaged(raw, interval):
    """The same measurement with a sample every `interval` seconds, each the average of those in it."""
    raw["interval"] = interval
    width = interval // 2
    for one in raw["series"]:
        # The first sample ends at second 2, and the clock shows no second 0.
        ends = range(width - 1, len(one["samples"]), width)
        one["samples"] = [sum(one["samples"][end - width + 1 : end + 1]) / width for end in ends]
        one["timestamps"] = [one["timestamps"][end] for end in ends]
    return raw


def test_samples_too_coarse_for_the_pauses_are_not_read_into(whole):
    found = check(load(averaged(whole, 60)))
    assert [found[number].verdict for number in (PLATEAU, SENDING)] == ["unknown", "unknown"]
    assert "longer pauses would show them" in found[PLATEAU].evidence
    assert "a longer pause shows them" in found[SENDING].evidence


def test_a_sample_of_a_pause_and_of_a_move_is_of_neither(whole):
    """Of 20 s, one lies wholly where it holds the machine; those half in a move would blur the plateau."""
    found = check(load(averaged(whole, 20)))
    assert [found[number].verdict for number in (PLATEAU, SENDING)] == ["holds", "holds"]
    assert "With the machine 1.62 GB to 1.62 GB" in found[PLATEAU].evidence
    # The only one between migrations 3 and 4: 18 s at 2500 MHz, and the last 2 s at 100.
    assert "2260 MHz under stress alone" in found[SENDING].evidence
