# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps that every module of this collection which configures something is made of.

``check(params)`` refuses what no server could take, before anything is asked. ``work.read()`` returns the current state.
``plan(state, params)`` returns a list of :class:`Change`, pure data. ``work.verify(changes)`` asks what only a server can
say of them. ``work.apply(change)`` makes one. ``work.settle(changes)`` does what has to follow: rescans, waits.
:func:`converge` calls them in this order and does the rest: check mode (which stops after ``verify``), diff, the
``changes`` in the result, and what to say when something fails in the middle.

Nothing in here needs Ansible to be importable, only something with ``params``, ``check_mode``, ``exit_json`` and
``fail_json``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import without_secrets


class ConvergeError(Exception):
    """An error for the user: plain text that names the object, the value and what would be accepted.

    :param message: the whole text.
    :param details: further keys for the module's result (nothing secret).
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details


@dataclass(frozen=True)
class Change:
    """One step from the current state to the desired one.

    :param what: the object that changes, as a user would call it: ``vSwitch vSwitch1``. Unique within a plan.
    :param before: its state now, as plain data; ``None`` when it does not exist.
    :param after: its state afterwards, as plain data; ``None`` when it is to be removed.
    :param apply: the name of the step that makes the change, e.g. ``add_vswitch``. ``apply(change)`` looks at it.
    :param args: what that step needs beyond ``after``: keys, references, secrets. Never shown.
    """

    what: str
    before: Any
    after: Any
    apply: str
    args: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def action(self) -> str:
        """``add``, ``remove`` or ``update``, from which of the two states exist."""
        if self.before is None:
            return "add"
        return "remove" if self.after is None else "update"

    def shown(self) -> dict[str, Any]:
        """The change as it stands in a module's result."""
        return {"what": self.what, "action": self.action, "before": self.before, "after": self.after}


def diff(changes: Sequence[Change]) -> dict[str, dict[str, Any]]:
    """Ansible's diff of a plan: the state of every object that changes, before and after."""
    return {
        "before": {change.what: change.before for change in changes if change.before is not None},
        "after": {change.what: change.after for change in changes if change.after is not None},
    }


def explain_any(error: Exception) -> str:
    """The text of an error no one translated: what it is called and what it says."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


Explain = Callable[[Exception], str]


def attempt(step: Callable[[], Any], explain: Explain = explain_any) -> tuple[Any, ConvergeError | None]:
    """Call ``step`` and return ``(its result, None)``, or ``(None, the error as a ConvergeError)``.

    Errors become values, so that ``fail_json`` is called where no exception is being handled: Ansible would add a
    traceback to the result otherwise.
    """
    try:
        return step(), None
    except ConvergeError as error:
        return None, error
    except Exception as error:  # no error may reach the user as a traceback
        return None, ConvergeError(explain(error))


def run_plainly(module: Any, step: Callable[[], dict[str, Any]], explain: Explain = explain_any) -> None:
    """Run a module that only reads: exit with the result of ``step``, or fail with plain text."""
    result, error = attempt(step, _of_server(module, explain))
    if error is not None:
        module.fail_json(**_told(module, {"msg": str(error), **error.details}))
        return
    module.exit_json(**result)


class Work:
    """What speaks to a server, for one run of a module: the steps of :func:`converge` that are not pure.

    A resource's ``apply.py`` derives its class from this one, and fills in what it needs.

    :ivar params: the module's options.
    :ivar check_mode: whether nothing may be changed; :func:`converge` sets it before ``read``.
    :ivar warnings: texts for the user beside the result; see :meth:`warn`.
    :ivar client: the session, once ``read`` has opened it. It is closed at the end.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params
        self.check_mode = False
        self.warnings: list[str] = []
        self.client: Any = None

    def warn(self, text: str) -> None:
        """Tell the user something that is no error, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def read(self) -> Any:
        """The current state, in as few API calls as can be, with all that ``plan`` needs to know."""
        raise NotImplementedError

    def verify(self, changes: Sequence[Change]) -> None:
        """Ask what only a server can say of the plan; raise :class:`ConvergeError` to refuse it. Changes nothing."""

    def apply(self, change: Change) -> Any:
        """Make one change: the method of the name in ``change.apply``."""
        return getattr(self, change.apply)(change)

    def settle(self, changes: Sequence[Change]) -> bool | None:
        """What follows the last change, or the finding that there is none. Not called in check mode.

        :returns: true when something became different that could not be planned.
        """

    def result(self) -> dict[str, Any]:
        """Further keys for the module's result."""
        return {}

    def close(self) -> None:
        """Log out."""
        if self.client is not None:
            self.client.close()


def converge(
    module: Any,
    work: Work,
    *,
    plan: Callable[[Any, Mapping[str, Any]], Sequence[Change]],
    check: Callable[[Mapping[str, Any]], Any] | None = None,
    explain: Explain = explain_any,
) -> None:
    """Bring the server to the desired state and end the module.

    :param module: the ``AnsibleModule``.
    :param work: what speaks to the server.
    :param plan: the changes from the state that was read to the one desired. Pure.
    :param check: refuses options that no server could take. Pure.
    :param explain: turns an exception of the API's library into plain text.

    The result holds ``changed`` and ``changes``; in diff mode ``diff``. A failure in the middle holds ``msg``,
    ``changes`` (those made), ``failed_change`` and ``not_reached``.
    """
    work.check_mode = module.check_mode
    outcome = _Outcome()
    extra, error = attempt(lambda: _run(module, work, check, plan, explain, outcome), _of_server(module, explain))
    # A failure to log out is of no consequence: the work is done by then.
    attempt(work.close)
    for text in work.warnings:
        module.warn(without_secrets(text, _secrets(module)))
    if error is not None:
        module.fail_json(**_told(module, {"msg": outcome.describe(error), **outcome.failure(), **error.details}))
        return
    answer: dict[str, Any] = {"changed": outcome.changed, "changes": [c.shown() for c in outcome.planned]}
    if getattr(module, "_diff", False):
        answer["diff"] = diff(outcome.planned)
    module.exit_json(**{**answer, **(extra or {})})


class _Outcome:
    """How far a run came."""

    def __init__(self) -> None:
        self.planned: list[Change] = []
        self.done: list[Change] = []
        self.failed: Change | None = None
        self.settled = False

    @property
    def changed(self) -> bool:
        return bool(self.planned) or self.settled

    def not_reached(self) -> list[Change]:
        """What comes after the change that failed."""
        return self.planned[len(self.done) + 1 :]

    def describe(self, error: ConvergeError) -> str:
        if self.failed is None:
            return str(error)
        text = f"{self.failed.what}: could not {self.failed.action}: {str(error).rstrip('.')}."
        # Of what was taken back nothing is done.
        if len(self.planned) == 1 or error.details.get("changed") is False:
            return text
        done = ", ".join(change.what for change in self.done) or "nothing"
        left = ", ".join(change.what for change in self.not_reached()) or "nothing"
        return f"{text} Done before it: {done}. Not reached: {left}. Running again goes on from there."

    def failure(self) -> dict[str, Any]:
        made = {"changed": bool(self.done), "changes": [change.shown() for change in self.done]}
        if self.failed is None:
            return made
        left = [change.shown() for change in self.not_reached()]
        return {**made, "failed_change": self.failed.shown(), "not_reached": left}


def _run(module, work, check, plan, explain, outcome) -> dict[str, Any]:
    if check:
        check(work.params)
    planned = list(plan(work.read(), work.params))
    _refuse_doubles(planned)
    work.verify(planned)
    outcome.planned = planned
    if module.check_mode:
        return work.result()
    for change in planned:
        _done, error = attempt(lambda change=change: work.apply(change), explain)
        if error is not None:
            outcome.failed = change
            raise error
        outcome.done.append(change)
    outcome.settled = bool(work.settle(planned))
    return work.result()


def _of_server(module: Any, explain: Explain) -> Explain:
    """Explains what no change is to blame for: the server's name stands for what it was about."""
    server = (getattr(module, "params", None) or {}).get("hostname")
    return (lambda error: f"{server}: {explain(error)}") if server else explain


def _refuse_doubles(planned: Sequence[Change]) -> None:
    """The name of a change is its key in the diff and in every message: two of one name would hide each other."""
    twice = [what for what, count in Counter(change.what for change in planned).items() if count > 1]
    if twice:
        raise ConvergeError(f"the plan changes '{twice[0]}' twice, which is a fault of this module; nothing was changed. "
                            "Please report it, with the task.")


def _secrets(module: Any) -> list[str]:
    return [value for value in getattr(module, "no_log_values", ()) if isinstance(value, str)]


def _told(module: Any, answer: dict[str, Any]) -> dict[str, Any]:
    """The result of a failure without secrets: a library may quote them in a spelling that Ansible does not look for."""
    return {name: without_secrets(value, _secrets(module)) if isinstance(value, str) else value
            for name, value in answer.items()}
