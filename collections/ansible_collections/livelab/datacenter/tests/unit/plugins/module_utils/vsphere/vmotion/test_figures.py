# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases of a move, from a server that tells them and from one that does not."""

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.figures import read_figures, translate


def pair(key, value):
    return SimpleNamespace(key=key, value=value)


TOLD = [
    pair("task", "task-7"), pair("total_ms", 2310), pair("precopy_ms", 2100), pair("switchover_ms", 12),
    pair("rounds", 3), pair("transferred_bytes", 1000), pair("measured", True), pair("colour", "blue"),
]
KNOWN = {
    "total_s": 2.31, "precopy_s": 2.1, "switchover_s": 0.012, "rounds": 3, "transferred_bytes": 1000, "measured": True,
}


class Server:
    """A client with an event manager that has these events, and counts how often it is asked."""

    def __init__(self, *events):
        self.asked = 0
        self.content = SimpleNamespace(eventManager=SimpleNamespace(QueryEvents=self.query))
        self.events = list(events)

    def query(self, _filter):
        self.asked += 1
        return self.events

    def retrying(self, call):
        return call()


def info(result=None):
    return SimpleNamespace(result=result, key="task-7", startTime=None)


def machine():
    from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import vim

    return vim.VirtualMachine("vm-1")


def test_known_figures_are_taken_in_seconds_and_others_passed_over():
    assert translate(TOLD) == KNOWN


def test_what_is_no_number_is_passed_over():
    assert translate([pair("total_ms", "soon"), pair("setup_ms", True)]) == {}


def test_another_result_has_no_figures():
    assert translate(None) == {}
    assert translate("done") == {}


def test_the_result_of_the_task_is_enough():
    server = Server()
    assert read_figures(server, machine(), info(list(TOLD))) == KNOWN
    assert server.asked == 0


def test_else_the_event_of_this_task_and_no_other():
    other = SimpleNamespace(arguments=[pair("task", "task-6"), pair("total_ms", 1)])
    server = Server(other, SimpleNamespace(), SimpleNamespace(arguments=TOLD))
    assert read_figures(server, machine(), info()) == KNOWN


def test_a_server_that_tells_nothing_is_no_error():
    assert read_figures(Server(), machine(), info()) is None
