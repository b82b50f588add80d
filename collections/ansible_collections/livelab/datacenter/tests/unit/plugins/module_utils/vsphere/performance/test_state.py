# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counters by name, and the answers of QueryPerf as series."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance import state as series


def info(key, group, name, rollup, unit):
    return SimpleNamespace(
        key=key,
        groupInfo=SimpleNamespace(key=group),
        nameInfo=SimpleNamespace(key=name),
        rollupType=rollup,
        unitInfo=SimpleNamespace(key=unit),
    )


KNOWN = series.catalogue([
    info(6, "cpu", "usagemhz", "average", "megaHertz"),
    info(2, "cpu", "usage", "average", "percent"),
    info(98, "mem", "consumed", "average", "kiloBytes"),
    info(5, "cpu", "odd", "average", "furlongs"),
])
WEB = {"type": "vm", "name": "web"}


def answer(stamps, *values):
    return SimpleNamespace(
        sampleInfoCSV=stamps,
        value=[SimpleNamespace(id=SimpleNamespace(counterId=key, instance=""), value=text) for key, text in values],
    )


def test_units_are_those_a_reader_knows():
    assert KNOWN["cpu.usagemhz.average"].unit == "MHz"
    assert KNOWN["cpu.odd.average"].unit == "furlongs"


def test_counters_are_chosen_in_order_and_once():
    chosen = series.choose(["mem.consumed.average", "cpu.usage.average", "mem.consumed.average"], KNOWN)
    assert [counter.key for counter in chosen] == [98, 2]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cpu", "not of the form"),
        ("cpu.usage.average\n", "not of the form"),
        ("cpu.usagemhs.average", r"the nearest it has: cpu\.usagemhz\.average")],
)
def test_an_unknown_counter_is_said_with_those_like_it(name, words):
    with pytest.raises(ConvergeError, match=words):
        series.choose([name], KNOWN)


def test_an_answer_becomes_series_in_time_order_without_what_is_missing():
    counters = {counter.key: counter for counter in KNOWN.values()}
    stamps = "20,2016-05-31T12:00:40Z,20,2016-05-31T12:00:20Z,20,2016-05-31T14:00:00+02:00"
    found = series.take_apart(answer(stamps, (6, "30,-1,10"), (2, "3350,,1234"), (999, "1,2,3")), counters, WEB)
    assert found == [
        {
            **WEB, "counter": "cpu.usagemhz.average", "instance": "", "unit": "MHz",
            "timestamps": ["2016-05-31T12:00:00+00:00", "2016-05-31T12:00:40+00:00"], "samples": [10, 30],
        },
        {
            **WEB, "counter": "cpu.usage.average", "instance": "", "unit": "%",
            "timestamps": ["2016-05-31T12:00:00+00:00", "2016-05-31T12:00:40+00:00"], "samples": [12.34, 33.5],
        },
    ]


def test_an_empty_answer_is_an_empty_series():
    found = series.take_apart(answer("", (6, "")), {6: KNOWN["cpu.usagemhz.average"]}, WEB)
    assert found[0]["samples"] == []


def test_times():
    assert series.parse_time("2016-05-31T12:00:00", "start") == series.parse_time("2016-05-31T14:00:00+02:00", "start")
    with pytest.raises(ConvergeError, match="start: 'noon' is not a time"):
        series.parse_time("noon", "start")
