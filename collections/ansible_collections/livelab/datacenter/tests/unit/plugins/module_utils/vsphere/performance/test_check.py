# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of performance_info that are refused before a server is asked."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.check import check

WEB = {"type": "vm", "name": "web"}
GOOD = {
    "entities": [WEB], "counters": ["cpu.usage.average"], "interval": None, "max_samples": None, "start": None, "end": None,
}


@pytest.mark.parametrize("options", [
    {}, {"entities": [WEB, {"type": "host", "name": "web"}]}, {"interval": 1, "max_samples": 2**31 - 1},
    {"start": "2016-05-31T12:00:00Z", "end": "2016-05-31T12:00:01Z"}, {"end": "2016-05-31T12:00:00Z"},
])
def test_what_can_be(options):
    check({**GOOD, **options})


@pytest.mark.parametrize(("options", "words"), [
    ({"interval": 0}, "interval is 0: it must be from 1 to 2147483647."),
    ({"interval": 2**31}, "interval is 2147483648: it must be from 1 to 2147483647."),
    ({"max_samples": -1}, "max_samples is -1: it must be from 1 to 2147483647."),
    ({"entities": []}, "entities is empty: there is nothing to read."),
    ({"counters": []}, "counters is empty: there is nothing to read."),
    ({"entities": [WEB, {"type": "host", "name": "x"}, WEB]}, "entities: the vm 'web' is there twice."),
    ({"counters": ["cpu.usage.average"] * 2}, "counters: 'cpu.usage.average' is there twice."),
    ({"counters": ["cpu.usage"]},
     "counters: 'cpu.usage' is not of the form group.counter.rollup, such as cpu.usagemhz.average."),
    ({"start": "noon"}, "start: 'noon' is not a time in ISO 8601, such as 2016-05-31T12:00:00Z."),
    ({"end": "noon"}, "end: 'noon' is not a time in ISO 8601, such as 2016-05-31T12:00:00Z."),
    ({"start": "2016-05-31T12:00:00Z", "end": "2016-05-31T14:00:00+02:00"},
     "start (2016-05-31T12:00:00Z) must be before end (2016-05-31T14:00:00+02:00)."),
])
def test_what_cannot_be_is_said(options, words):
    with pytest.raises(ConvergeError) as caught:
        check({**GOOD, **options})
    assert str(caught.value) == words
