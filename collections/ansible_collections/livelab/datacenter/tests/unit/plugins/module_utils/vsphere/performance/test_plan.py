# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which questions answer what is asked for, and what no answer had."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.plan import Query, missing, plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.state import Counter, Entity, State

CPU, MEM = Counter(6, "cpu.usagemhz.average", "MHz"), Counter(98, "mem.consumed.average", "KB")
WEB, HOST = Entity("vm", "web"), Entity("host", "esxi1")
STATE = State((WEB, HOST), {one.name: one for one in (CPU, MEM)}, 20)
DESIRED = {"counters": [MEM.name, CPU.name], "interval": None, "start": None, "end": None, "max_samples": None}


def test_one_question_for_each_entity_in_the_servers_own_rhythm():
    assert plan(STATE, DESIRED) == [Query(WEB, (MEM, CPU), 20), Query(HOST, (MEM, CPU), 20)]


def test_what_is_asked_for_is_in_each():
    start, end = "2016-05-31T14:00:00+02:00", "2016-05-31T12:30:00"
    wanted = {**DESIRED, "counters": [CPU.name], "interval": 300, "start": start, "end": end, "max_samples": 3}
    moments = (datetime(2016, 5, 31, 12, tzinfo=UTC), datetime(2016, 5, 31, 12, 30, tzinfo=UTC))
    assert plan(STATE, wanted) == [Query(one, (CPU,), 300, *moments, 3) for one in (WEB, HOST)]


def test_a_counter_that_is_not_there():
    with pytest.raises(ConvergeError, match=r"the server has no counter 'cpu\.usage\.average'"):
        plan(STATE, {**DESIRED, "counters": ["cpu.usage.average"]})


def test_what_came_without_a_value_is_missing():
    queries = plan(STATE, DESIRED)
    found = [
        {"type": "vm", "name": "web", "counter": CPU.name, "samples": [1]},
        {"type": "vm", "name": "web", "counter": MEM.name, "samples": []},
        {"type": "host", "name": "esxi1", "counter": CPU.name, "samples": [0]},
    ]
    assert missing(found, queries) == ["vm web: mem.consumed.average", "host esxi1: mem.consumed.average"]
