# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner: check mode, diff, and what is said of a failure in the middle."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import (
    Change,
    ConvergeError,
    attempt,
    converge,
    diff,
    dispatch,
    run_plainly,
)

PLAN = [
    Change("pool tank", None, {"disks": ["da1"]}, "add"),
    Change("zvol tank/a", {"size": 1}, {"size": 2}, "grow"),
    Change("portal old", {"listen": []}, None, "remove"),
]


class Ended(Exception):
    """Stands for Ansible ending the process."""


class Module:
    """What of an AnsibleModule the runner needs."""

    def __init__(self, check_mode=False, diff=False):
        self.check_mode, self._diff = check_mode, diff
        self.result, self.failed = None, None

    def exit_json(self, **result):
        self.result, self.failed = result, False
        raise Ended

    def fail_json(self, **result):
        self.result, self.failed = result, True
        raise Ended


def run(module, apply, plan=lambda _current: PLAN, read=dict, **more):
    with pytest.raises(Ended):
        converge(module, read, plan, apply, **more)
    return module.result


def test_applies_the_plan_in_order_and_tells_it():
    made = []
    result = run(Module(), made.append)
    assert made == PLAN
    assert result["changed"] is True
    assert [(change["what"], change["action"]) for change in result["changes"]] == [
        ("pool tank", "add"), ("zvol tank/a", "update"), ("portal old", "remove")]
    assert "diff" not in result


def test_check_mode_applies_nothing_but_tells_the_same():
    made = []
    result = run(Module(check_mode=True), made.append)
    assert made == []
    assert (result["changed"], len(result["changes"])) == (True, 3)


def test_nothing_to_do_is_no_change():
    assert run(Module(), pytest.fail, plan=lambda _current: []) == {"changed": False, "changes": []}


def test_diff_is_the_plan():
    result = run(Module(diff=True, check_mode=True), pytest.fail)
    assert result["diff"] == {
        "before": {"zvol tank/a": {"size": 1}, "portal old": {"listen": []}},
        "after": {"pool tank": {"disks": ["da1"]}, "zvol tank/a": {"size": 2}},
    }
    assert diff([]) == {"before": {}, "after": {}}


def test_failure_in_the_middle_says_what_is_done_and_what_is_not():
    def apply(change):
        if change.apply == "grow":
            raise ConvergeError("no room")

    module = Module()
    result = run(module, apply)
    assert module.failed
    assert result["changed"] is True
    assert [change["what"] for change in result["changes"]] == ["pool tank"]
    assert result["failed_change"]["what"] == "zvol tank/a"
    assert [change["what"] for change in result["not_reached"]] == ["portal old"]
    assert result["msg"] == ("zvol tank/a: could not update: no room. Done before it: pool tank. Not reached: "
                             "portal old. Running again goes on from there.")


def test_failure_of_the_plan_changes_nothing():
    def plan(_current):
        raise ConvergeError("no such disk", free=["da2"])

    module = Module()
    result = run(module, pytest.fail, plan=plan)
    assert result == {"msg": "no such disk", "changed": False, "changes": [], "free": ["da2"]}


def test_no_error_is_a_traceback():
    module = Module()
    result = run(module, pytest.fail, read=lambda: {}["missing"], explain=lambda error: f"plain: {error!r}")
    assert result["msg"] == "plain: KeyError('missing')"


def test_session_is_closed_after_a_failure_and_its_own_failure_is_ignored():
    closed = []

    def close():
        closed.append(True)
        raise OSError

    run(Module(), pytest.fail, read=lambda: 1 / 0, close=close)
    assert closed == [True]


def test_result_may_add_keys_and_say_that_something_changed():
    result = run(Module(), pytest.fail, plan=lambda _current: [], result=lambda: {"changed": True, "luns": [1]})
    assert (result["changed"], result["luns"]) == (True, [1])


def test_args_of_a_change_are_never_shown():
    change = Change("user", None, {"name": "x"}, "add", {"secret": "hunter22"})
    assert "hunter22" not in repr(change)
    assert "hunter22" not in str(change.shown())


def test_run_plainly_and_attempt():
    module = Module()
    with pytest.raises(Ended):
        run_plainly(module, lambda: {"series": []})
    assert module.result == {"series": []}
    with pytest.raises(Ended):
        run_plainly(module, lambda: 1 / 0)
    assert module.result["msg"] == "ZeroDivisionError: division by zero"
    assert attempt(lambda: 3) == (3, None)


def test_dispatch_calls_the_step_of_the_change():
    seen = []
    dispatch({"grow": lambda change: seen.append(change.what)})(PLAN[1])
    assert seen == ["zvol tank/a"]
