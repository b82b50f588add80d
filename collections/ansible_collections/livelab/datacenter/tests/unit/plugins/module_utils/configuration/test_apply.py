# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a service on a real file system, with a service that takes some of them and not others."""

from __future__ import annotations

import getpass
import grp
import os
import time

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration import apply
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration import plan as planning
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.apply import ConfigurationWork, look
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge

ME = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}


class Killed(BaseException):
    """The process ends here, as by a loss of power."""


class Module:
    """What of an AnsibleModule the runner needs."""

    def __init__(self, params, check_mode=False):
        self.params, self.check_mode, self._diff = params, check_mode, True
        self.result, self.failed, self.no_log_values = None, None, set()

    def warn(self, text):
        raise AssertionError(text)

    def exit_json(self, **result):
        self.result, self.failed = result, False

    def fail_json(self, **result):
        self.result, self.failed = result, True


class Machine:
    """A machine with one service, which does not start while a file of its configuration says "taken"."""

    def __init__(self, folder):
        self.conf, self.journals = folder / "conf", folder / "journals"
        self.conf.mkdir()
        self.there, self.active, self.enabled, self.since = True, True, True, 0.0
        self.acts, self.kill_at = [], None
        # Where the unit is, when it is among the files.
        self.unit = None

    def run(self, command):
        word = command[1] if command[0] == "systemctl" else command[0]
        if word == self.kill_at:
            raise Killed
        if word == "show":
            active, enabled = ("active", "inactive")[not self.active], ("enabled", "disabled")[not self.enabled]
            load = "loaded" if self.there else "not-found"
            since = int((self.since - (time.time() - time.monotonic())) * 1e6) if self.since else 0
            shown = {"LoadState": load, "ActiveState": active, "UnitFileState": enabled, "ActiveEnterTimestampMonotonic": since}
            return 0, "".join(f"{name}={value}\n" for name, value in shown.items()), ""
        if word == "daemon-reload":
            self.acts.append(word)
            if self.unit:
                self.there = self.unit.exists()
            return 0, "", ""
        if word == "judge":
            bad = "wrong" in self.text()
            return int(bad), "", "Syntax error on line 1\n" * bad
        if word in ("restart", "reload"):
            self.acts.append(word)
            self.active, self.since = "taken" not in self.text(), time.time()
            return int(not self.active and word == "restart"), "", ""
        if word == "is-active":
            return (0, "active\n", "") if self.active else (3, "failed\n", "")
        if word == "journalctl":
            return 0, "could not bind to address 0.0.0.0:80\n", ""
        if word == "disable":
            self.acts.append(word)
            self.active = self.enabled = False
            return 0, "", ""
        assert word == "enable", command
        self.enabled = True
        return 0, "", ""

    def text(self):
        return "".join(path.read_text() for path in self.conf.glob("*.conf"))

    def converge(self, *files, check_mode=False, watch=(), service="web", service_state="started"):
        defaults = dict.fromkeys(("content", "secret_content", "link"))
        defaults |= {"mode": "0644", "needs": "restart", "state": "present"} | ME
        params = {
            "files": [defaults | {"path": str(self.conf / name), **more} for name, more in files],
            "service": service, "service_state": service_state, "check": ["judge"], "watch": list(watch),
        }
        module = Module(params, check_mode)
        converge(module, ConfigurationWork(params, self.run, str(self.journals)), check=check, plan=plan)
        return module


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr(apply, "_SETTLE_SECONDS", 0)
    return Machine(tmp_path)


def text(content, **more):
    return {"content": content, **more}


def test_a_change_is_written_and_taken_into_use_once(machine):
    first = machine.converge(("a.conf", text("Listen 80\n", mode="0640")), ("a.link", {"link": "../a.conf"}))
    assert (first.failed, first.result["changed"], machine.acts) == (False, True, ["restart"])
    assert look(str(machine.conf / "a.conf")).mode == 0o640
    assert os.readlink(machine.conf / "a.link") == "../a.conf"
    second = machine.converge(("a.conf", text("Listen 80\n", mode="0640")), ("a.link", {"link": "../a.conf"}))
    assert (second.result["changed"], machine.acts) == (False, ["restart"])


@pytest.mark.parametrize(("needs", "acts"), [("reload", ["reload"]), ("restart", ["restart"]), ("nothing", [])])
def test_the_service_does_what_a_file_needs(machine, needs, acts):
    assert machine.converge(("a.conf", text("x", needs=needs))).result["changed"]
    assert machine.acts == acts


def test_of_two_needs_the_stronger_one(machine):
    machine.converge(("a.conf", text("x", needs="restart")), ("b.conf", text("x", needs="reload")))
    assert machine.acts == ["restart"]


@pytest.mark.parametrize("needs", ["restart", "reload"])
@pytest.mark.parametrize(("content", "said"), [
    ("wrong", "judge refuses the configuration: Syntax error on line 1. What was there before is in place again and in use."),
    ("taken", "could not bind to address 0.0.0.0:80. What was there before is in place again and in use."),
])
def test_what_the_service_does_not_take_is_taken_back(machine, needs, content, said):
    machine.converge(("a.conf", text("good")))
    broken = machine.converge(("a.conf", text(content, needs=needs)), ("new.conf", text("more")))
    assert broken.failed
    assert broken.result["msg"].endswith(said), broken.result["msg"]
    assert broken.result["changed"] is False
    assert (machine.conf / "a.conf").read_text() == "good"
    assert not (machine.conf / "new.conf").exists()
    assert machine.active
    assert not list(machine.journals.iterdir())


@pytest.mark.parametrize("moment", ["judge", "restart", "is-active"])
def test_a_run_that_was_killed_is_finished_by_the_next(machine, moment):
    machine.converge(("a.conf", text("good")))
    machine.kill_at = moment
    with pytest.raises(Killed):
        machine.converge(("a.conf", text("better")))
    machine.kill_at, machine.acts = None, []
    assert machine.converge(("a.conf", text("better"))).result["changed"]
    assert machine.acts == ["restart"]
    assert not machine.converge(("a.conf", text("better"))).result["changed"]


def test_a_killed_run_that_cannot_be_finished_is_taken_back_to_what_worked(machine):
    machine.converge(("a.conf", text("good")))
    machine.kill_at = "is-active"
    with pytest.raises(Killed):
        machine.converge(("a.conf", text("taken")))
    machine.kill_at = None
    assert machine.converge(("a.conf", text("taken, too"))).failed
    assert machine.active
    assert (machine.conf / "a.conf").read_text() == "good"


def test_check_mode_tells_and_does_nothing(machine):
    told = machine.converge(("a.conf", text("x")), check_mode=True).result
    assert [change["what"] for change in told["changes"]] == [str(machine.conf / "a.conf"), "service web"]
    assert not list(machine.conf.iterdir())
    assert machine.acts == []
    assert not machine.journals.exists()


def test_a_service_that_is_not_installed_gets_its_files(machine):
    machine.there = machine.active = machine.enabled = False
    assert machine.converge(("a.conf", text("x"))).result["changed"]
    assert machine.acts == []
    assert not machine.converge(("a.conf", text("x"))).result["changed"]


def test_a_service_that_is_down_or_off_is_started_and_enabled(machine):
    machine.active = machine.enabled = False
    assert machine.converge().result["changed"]
    assert (machine.acts, machine.active, machine.enabled) == (["restart"], True, True)


def test_what_others_changed_is_taken_into_use(machine):
    machine.since = time.time() + 100
    folder = machine.conf / "mods"
    folder.mkdir()
    assert not machine.converge(watch=[str(folder)]).result["changed"]
    machine.since = time.time() - 100
    assert machine.converge(watch=[str(folder)]).result["changed"]
    assert machine.acts == ["restart"]
    assert not machine.converge(watch=[str(folder), "/none"]).result["changed"]


def test_systemd_reads_its_units_again_when_one_of_them_changed(machine, monkeypatch):
    monkeypatch.setattr(apply, "UNITS", (str(machine.conf / "web.service.d"),))
    machine.converge(("a.conf", text("x")))
    assert machine.acts == ["restart"]
    machine.acts.clear()
    machine.converge(("web.service.d/b.conf", text("x")))
    assert machine.acts == ["daemon-reload", "restart"]
    machine.acts.clear()
    assert machine.converge(("web.service.d/b.conf", text("y")), ("c.conf", text("taken"))).failed
    assert machine.acts == ["daemon-reload", "restart", "daemon-reload", "restart"]
    machine.acts.clear()
    machine.kill_at = "restart"
    with pytest.raises(Killed):
        machine.converge(("web.service.d/b.conf", text("z")))
    machine.kill_at = None
    machine.acts.clear()
    machine.converge(("web.service.d/b.conf", text("z")))
    assert machine.acts == ["daemon-reload", "restart"]


@pytest.fixture
def without(machine, monkeypatch):
    """A machine that does not know the unit yet; units are in the folder of the configuration."""
    monkeypatch.setattr(apply, "UNITS", (f"{machine.conf}/",))
    monkeypatch.setattr(planning, "UNIT_FOLDER", f"{machine.conf}/")
    machine.there = machine.active = machine.enabled = False
    machine.unit = machine.conf / "web.timer"
    return machine


def test_a_unit_among_the_files_is_read_started_and_enabled(without):
    timer = {"service": "web.timer"}
    assert without.converge(("web.timer", text("[Timer]")), **timer).result["changed"]
    assert (without.acts, without.active, without.enabled) == (["daemon-reload", "restart"], True, True)
    assert not without.converge(("web.timer", text("[Timer]")), **timer).result["changed"]


def test_a_unit_that_another_service_needs_is_read(without):
    without.converge(("web.service", text("[Service]", needs="nothing")), service="web.timer")
    assert without.acts == ["daemon-reload"]


def test_a_unit_that_does_not_start_is_taken_back_and_forgotten(without):
    broken = without.converge(("web.timer", text("taken")), ("a.conf", text("taken")), service="web.timer")
    assert broken.result["msg"].endswith("What was there before is in place again.")
    assert (without.acts, list(without.conf.iterdir())) == (["daemon-reload", "restart", "daemon-reload"], [])


def test_a_service_is_stopped_before_its_unit_goes(without):
    without.converge(("web.timer", text("[Timer]")), service="web.timer")
    without.acts.clear()
    gone = ("web.timer", {"state": "absent"})
    assert without.converge(gone, service="web.timer", service_state="stopped").result["changed"]
    assert (without.acts, without.active, without.enabled) == (["disable", "daemon-reload"], False, False)
    assert not without.converge(gone, service="web.timer", service_state="stopped").result["changed"]


@pytest.mark.parametrize("moment", ["daemon-reload", "restart"])
def test_a_unit_of_a_killed_run_is_started_by_the_next(without, moment):
    without.kill_at = moment
    with pytest.raises(Killed):
        without.converge(("web.timer", text("[Timer]")), service="web.timer")
    without.kill_at, without.acts = None, []
    assert without.converge(("web.timer", text("[Timer]")), service="web.timer").result["changed"]
    assert without.acts == ["daemon-reload", "restart"]


def test_secrets_are_in_no_result(machine):
    secret = {"secret_content": "proxy=p%40ss", "mode": "0600"}
    said = [machine.converge(("a.conf", secret)).result]
    said.append(machine.converge(("a.conf", secret | {"secret_content": "proxy=n3w"})).result)
    said.append(machine.converge(("a.conf", {"state": "absent"})).result)
    assert all(one["changed"] for one in said)
    assert "p%40ss" not in str(said)
    assert "n3w" not in str(said)
    assert not (machine.conf / "a.conf").exists()


def test_a_secret_in_a_file_that_was_open_is_not_shown_when_it_goes(machine):
    (machine.conf / "a.conf").write_text("proxy=p%40ss")
    assert "p%40ss" not in str(machine.converge(("a.conf", {"state": "absent"})).result)


def test_an_unknown_owner_is_named_and_nothing_left(machine):
    broken = machine.converge(("a.conf", text("x")), ("b.conf", text("x", owner="nobody-here")))
    assert broken.result["msg"].startswith(f"{machine.conf}/b.conf: could not add: there is no user 'nobody-here'")
    assert not list(machine.conf.iterdir())
