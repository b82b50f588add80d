# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a guest: after a restart nothing counts that it told before."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power import apply
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.apply import Power

OPTIONS = {
    "name": "web", "wait_for_ip": True, "wait_for_tools": False, "wait_for_port": None, "wait_timeout": 5,
    "shutdown_timeout": None,
}


def values(power="poweredOn", tools=True, address=None):
    status = "guestToolsRunning" if tools else "guestToolsNotRunning"
    return {"runtime.powerState": power, "guest.toolsRunningStatus": status, "guest.ipAddress": address}


class Server:
    """A client whose machine goes through these values, and stays with the last."""

    def __init__(self, *course):
        self.course = list(course)

    def read(self, _machine, *_properties):
        return self.course.pop(0) if len(self.course) > 1 else self.course[0]


class Clock:
    """Time that only sleeping passes."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(apply, "time", clock)
    return clock


def power(*course, **options):
    work = Power({**OPTIONS, **options})
    work.name = "web"
    work.client = Server(*course)
    return work


def change(step):
    return Change("virtual machine web", {}, {}, step)


OLD, NEW = "10.0.0.1", "10.0.0.2"


@pytest.mark.parametrize("step", ["reboot_guest", "reset"])
def test_after_a_restart_the_old_address_is_not_taken(step):
    work = power(
        values(address=OLD), values(address=OLD), values(tools=False, address=OLD), values(tools=False),
        values(), values(address=NEW),
    )
    work.settle([change(step)])
    assert work.result() == {"power": "poweredOn", "ip": NEW}


def test_a_guest_that_does_not_go_down_is_said():
    work = power(values(address=OLD))
    with pytest.raises(ConvergeError, match="has not gone down for the restart within 5 s; it is poweredOn, VMware Tools run"):
        work.settle([change("reboot_guest")])


def test_a_machine_that_was_switched_on_or_left_as_it_is_need_not_go_down():
    for changes in ([change("power_on")], []):
        work = power(values(tools=False, address=OLD), values(address=NEW))
        work.settle(changes)
        assert work.result()["ip"] == NEW


def test_what_is_not_waited_for_is_not_looked_at():
    work = power(values(tools=False), wait_for_ip=False)
    work.settle([change("reset")])
    assert work.client.course == [values(tools=False)]


def test_tools_and_a_question():
    work = power(values(tools=False), values(), wait_for_ip=False, wait_for_tools=True)
    work.settle([])
    asked = {**values(tools=False), "runtime.question": SimpleNamespace(text="moved or copied?")}
    with pytest.raises(ConvergeError, match="web waits for an answer: moved or copied"):
        power(asked, wait_for_tools=True).settle([])


def test_a_port_is_waited_for_at_the_address_that_is_told():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        told = SimpleNamespace(told="127.0.0.1")
        work = power(values(address=NEW), wait_for_port=port)
        work._latest = told
        work._wait_for_port("127.0.0.1", port, 5)
    with pytest.raises(ConvergeError, match=f"127.0.0.1 has not taken a connection on the TCP port {port} within 5 s"):
        work._wait_for_port("127.0.0.1", port, 5)


class Asked:
    """A machine that notes what is asked of it."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *_args: self.calls.append(name)


def test_a_guest_that_does_not_shut_down_is_switched_off_only_where_that_is_asked_for(monkeypatch):
    monkeypatch.setattr(apply, "wait_for_task", lambda *_args: None)
    work = power(values(), shutdown_timeout=3)
    work.machine = Asked()
    work.apply(change("shutdown_guest"))
    assert work.machine.calls == ["ShutdownGuest", "PowerOffVM_Task"]
    assert "has not shut down within 3 s" in work.warnings[0]
    assert "It was switched off" in work.warnings[0]
    work = power(values())
    work.machine = Asked()
    with pytest.raises(ConvergeError, match="has not shut down within 5 s"):
        work.apply(change("shutdown_guest"))
    assert work.machine.calls == ["ShutdownGuest"]


def test_a_guest_that_shuts_down_is_not_switched_off():
    work = power(values(), values("poweredOff"), shutdown_timeout=3)
    work.machine = Asked()
    work.apply(change("shutdown_guest"))
    assert (work.machine.calls, work.warnings) == (["ShutdownGuest"], [])
