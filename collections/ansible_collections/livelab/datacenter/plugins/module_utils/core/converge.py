# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read, plan, apply: the three steps that every module of this collection which configures something is made of.

A module brings three functions. ``read()`` returns the current state. ``plan(current)`` returns a list of
:class:`Change`, pure data. ``apply(change)`` makes one of them. :func:`converge` does the rest: check mode, diff,
the ``changes`` in the result, and what to say when something fails in the middle.

Nothing in here needs Ansible to be importable, only something with ``params``, ``check_mode``, ``exit_json`` and
``fail_json``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


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
    result, error = attempt(step, explain)
    if error is not None:
        module.fail_json(msg=str(error), **error.details)
        return
    module.exit_json(**result)


def converge(
    module: Any,
    read: Callable[[], Any],
    plan: Callable[[Any], Sequence[Change]],
    apply: Callable[[Change], Any],
    explain: Explain = explain_any,
    result: Callable[[], dict[str, Any]] | None = None,
    close: Callable[[], Any] | None = None,
) -> None:
    """Bring the server to the desired state and end the module.

    :param module: the ``AnsibleModule``.
    :param read: the current state, in as few API calls as can be.
    :param plan: the changes from there to the desired state. It also refuses what cannot be, before anything changes.
    :param apply: makes one change. Not called in check mode.
    :param explain: turns an exception of the API's library into plain text.
    :param result: further keys for the result, asked for after the last change (in check mode: after the plan). It may
        hold ``changed`` too, when something became different that could not be planned.
    :param close: logs out. Its own failure is ignored: the work is done by then.

    The result holds ``changed`` and ``changes``; in diff mode ``diff``. A failure in the middle holds ``msg``,
    ``changes`` (those made), ``failed_change`` and ``not_reached``.
    """
    outcome = _Outcome()
    extra, error = attempt(lambda: _run(module.check_mode, read, plan, apply, explain, result, outcome), explain)
    if close is not None:
        attempt(close)
    if error is not None:
        module.fail_json(msg=outcome.describe(error), **outcome.failure(), **error.details)
        return
    answer: dict[str, Any] = {"changed": bool(outcome.planned), "changes": [c.shown() for c in outcome.planned]}
    if getattr(module, "_diff", False):
        answer["diff"] = diff(outcome.planned)
    module.exit_json(**{**answer, **(extra or {})})


class _Outcome:
    """How far a run came."""

    def __init__(self) -> None:
        self.planned: list[Change] = []
        self.done: list[Change] = []
        self.failed: Change | None = None

    def not_reached(self) -> list[Change]:
        return self.planned[len(self.done) + 1 :] if self.failed else []

    def describe(self, error: ConvergeError) -> str:
        if self.failed is None:
            return str(error)
        text = f"{self.failed.what}: could not {self.failed.action}: {str(error).rstrip('.')}."
        if len(self.planned) == 1:
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


def _run(check_mode, read, plan, apply, explain, result, outcome) -> dict[str, Any]:
    outcome.planned = list(plan(read()))
    for change in outcome.planned if not check_mode else ():
        _done, error = attempt(lambda change=change: apply(change), explain)
        if error is not None:
            outcome.failed = change
            raise error
        outcome.done.append(change)
    return result() if result else {}


def dispatch(steps: Mapping[str, Callable[[Change], Any]]) -> Callable[[Change], Any]:
    """An ``apply`` from a table: the change's ``apply`` name to the function that makes it."""

    def apply(change: Change) -> Any:
        return steps[change.apply](change)

    return apply
