# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner: check mode, diff, and what is said of a failure in the middle."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import (
    Change,
    ConvergeError,
    Work,
    attempt,
    converge,
    diff,
    explain_any,
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
        self.result, self.failed, self.warnings, self.no_log_values = None, None, [], set()

    def warn(self, text):
        self.warnings.append(text)

    def exit_json(self, **result):
        self.result, self.failed = result, False
        raise Ended

    def fail_json(self, **result):
        self.result, self.failed = result, True
        raise Ended


class Doing(Work):
    """Work of which a test says what it does."""

    def __init__(self, apply=pytest.fail, read=dict, close=lambda: None, **more):
        super().__init__({"name": "lab"})
        self.log = []
        self._steps = {"apply": apply, "read": read, "close": close, **more}

    def _step(self, name, *args):
        self.log.append(name)
        return self._steps[name](*args) if name in self._steps else None

    def read(self):
        return self._step("read")

    def verify(self, changes):
        return self._step("verify", changes)

    def apply(self, change):
        return self._step("apply", change)

    def settle(self, changes):
        return self._step("settle", changes)

    def result(self):
        return self._step("result") or {}

    def close(self):
        return self._step("close")


def run(module, apply=pytest.fail, plan=lambda _current, _params: PLAN, check=None, explain=explain_any, work=None, **steps):
    with pytest.raises(Ended):
        converge(module, work or Doing(apply, **steps), plan=plan, check=check, explain=explain)
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
    for check_mode in (False, True):
        result = run(Module(check_mode=check_mode), pytest.fail, plan=lambda _current, _params: [])
        assert result == {"changed": False, "changes": []}
        assert result["changed"] is False


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
    def plan(_current, _params):
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
    result = run(Module(), pytest.fail, plan=lambda _current, _params: [], result=lambda: {"changed": True, "luns": [1]})
    assert (result["changed"], result["luns"]) == (True, [1])


def test_a_change_as_it_stands_in_a_result():
    assert PLAN[1].shown() == {"what": "zvol tank/a", "action": "update", "before": {"size": 1}, "after": {"size": 2}}


@pytest.mark.parametrize(("failing", "said", "text"), [
    ("add", "no disks...", "pool tank: could not add: no disks. Done before it: nothing. Not reached: zvol tank/a, portal old. "
                           "Running again goes on from there."),
    ("remove", ".in useX", "portal old: could not remove: .in useX. Done before it: pool tank, zvol tank/a. "
                           "Not reached: nothing. Running again goes on from there."),
])
def test_failure_at_the_ends(failing, said, text):
    def apply(change):
        if change.apply == failing:
            raise ConvergeError(said)

    assert run(Module(), apply)["msg"] == text


def test_a_failure_of_the_only_change_and_one_that_was_taken_back_name_no_others():
    def apply(change):
        if change.apply == "grow":
            raise ConvergeError("no room", **details)

    details = {"changed": False}
    assert run(Module(), apply)["msg"] == "zvol tank/a: could not update: no room."
    details = {"changed": True}
    assert "Done before it: pool tank." in run(Module(), apply)["msg"]
    details = {}
    result = run(Module(), apply, plan=lambda _current, _params: [PLAN[1]])
    assert (result["msg"], result["not_reached"]) == ("zvol tank/a: could not update: no room.", [])
    # Of two, one was done or not reached.
    assert "Not reached: portal old." in run(Module(), apply, plan=lambda _current, _params: PLAN[1:])["msg"]


def test_a_librarys_error_is_explained_where_a_change_is_made():
    def apply(_change):
        raise KeyError("x")

    result = run(Module(), apply, plan=lambda _current, _params: [PLAN[0]], explain=lambda error: f"plain {error!r}")
    assert result["msg"] == "pool tank: could not add: plain KeyError('x')."


def test_every_step_gets_what_it_is_to_look_at():
    seen = []
    work = Doing(apply=lambda _change: None, read=lambda: "state", verify=seen.append, settle=seen.append)
    run(Module(), work=work, plan=lambda current, params: seen.append((current, params)) or PLAN)
    assert seen == [("state", {"name": "lab"}), PLAN, PLAN]


def test_work_knows_the_mode_before_it_reads():
    for check_mode in (True, False):
        work = Doing(apply=lambda _change: None)
        assert (work.check_mode, work.client) == (False, None)
        modes = []
        work._steps["read"] = lambda it=work, seen=modes: seen.append(it.check_mode)
        run(Module(check_mode=check_mode), work=work)
        assert modes == [check_mode]


def test_a_module_without_a_diff_and_without_secrets():
    module = Module()
    del module._diff, module.no_log_values
    work = Doing(apply=lambda _change: None)
    work.warn("careful")
    assert "diff" not in run(module, work=work)
    assert module.warnings == ["careful"]


def test_an_error_without_words_is_called_by_its_name():
    assert explain_any(OSError()) == "OSError"
    assert explain_any(OSError("gone")) == "OSError: gone"


def test_secrets_are_hidden_in_warnings_and_where_a_module_only_reads():
    module = Module()
    module.no_log_values = {"hunter22"}
    work = Doing(apply=lambda _change: None)
    work.warn("sent hunter22")
    run(module, work=work)
    assert module.warnings == ["sent ********"]
    with pytest.raises(Ended):
        run_plainly(module, lambda: {}["hunter22"], explain=lambda error: f"no {error}")
    assert module.result["msg"] == "no '********'"


def test_a_failure_to_read_has_neither_done_nor_failed_changes():
    result = run(Module(), read=lambda: 1 / 0)
    assert result == {"msg": "ZeroDivisionError: division by zero", "changed": False, "changes": []}


def test_the_session_of_work_is_closed_where_there_is_one():
    class Client:
        closed = False

        def close(self):
            self.closed = True

    work = Work({})
    work.close()
    work.client = Client()
    work.close()
    assert work.client.closed


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


def test_the_steps_come_in_this_order_and_check_mode_stops_after_verify():
    order = ["read", "verify", "apply", "apply", "apply", "settle", "result", "close"]
    for check_mode, wanted in ((False, order), (True, ["read", "verify", "result", "close"])):
        work = Doing(apply=lambda _change: None)
        run(Module(check_mode=check_mode), work=work, check=lambda params, it=work: it.log.append(params["name"]))
        assert work.log == ["lab", *wanted]


def test_what_check_refuses_is_not_even_read():
    def check(_params):
        raise ConvergeError("vlan_id: 5000")

    result = run(Module(), read=pytest.fail, check=check)
    assert result == {"msg": "vlan_id: 5000", "changed": False, "changes": []}


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_verify_refuses_changes_nothing_in_either_mode(check_mode):
    def verify(_changes):
        raise ConvergeError("the certificate is another")

    module = Module(check_mode=check_mode)
    result = run(module, verify=verify)
    assert module.failed
    assert result == {"msg": "the certificate is another", "changed": False, "changes": []}


def test_two_changes_of_one_name_are_refused_before_the_first():
    module = Module()
    result = run(module, plan=lambda _current, _params: [PLAN[0], PLAN[0]])
    assert module.failed
    assert result["msg"] == ("the plan changes 'pool tank' twice, which is a fault of this module; nothing was changed. "
                             "Please report it, with the task.")


def test_settling_may_change_something_and_comes_without_a_plan_too():
    for settled in (True, False, None):
        result = run(Module(), plan=lambda _current, _params: [], settle=lambda _changes, it=settled: it)
        assert result["changed"] is bool(settled)


def test_warnings_reach_the_user_once_also_when_it_fails():
    def read():
        work.warn("no manifest")
        work.warn("no manifest")
        raise ConvergeError("gone")

    work, module = Doing(read=read), Module()
    run(module, work=work)
    assert (module.failed, module.warnings) == (True, ["no manifest"])


def test_a_secret_in_a_librarys_text_is_hidden():
    module = Module()
    module.no_log_values = {"key\nwith end", "pässwörd 1"}

    def read():
        raise ValueError("header 'Bearer key\\nwith end' and p%C3%A4ssw%C3%B6rd%201")

    result = run(module, read=read)
    assert result["msg"] == "ValueError: header 'Bearer ********' and ********"


def test_a_change_is_applied_by_the_method_of_its_name():
    class Growing(Work):
        def grow(self, change):
            return change.what

    assert Growing({}).apply(PLAN[1]) == "zvol tank/a"
