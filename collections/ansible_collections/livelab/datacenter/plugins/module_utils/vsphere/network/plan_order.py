# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of changes, from what each needs and what each frees.

A step waits while another that is still to come frees what it needs; a need that no step frees is met already. Where steps
wait for each other in a ring, as two vSwitches that swap uplinks do, one of them lets go first, and takes later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError

# What is freed and needed: ("nic", "vmnic1"), ("port group", "vMotion") …
Token = tuple[str, Any]


@dataclass(frozen=True)
class Step:
    """A change and its place among others.

    :ivar needs: what has to be free, or there, before it.
    :ivar frees: what is free, or there, after it.
    :ivar parting: given what others wait for, the step that lets go of that and takes nothing; ``None`` where a step
        cannot be made in two.
    """

    change: Change
    needs: frozenset[Token] = frozenset()
    frees: frozenset[Token] = frozenset()
    parting: Callable[[frozenset[Token]], Step | None] | None = None


def in_order(steps: Iterable[Step], keep: Collection[str] = ()) -> list[Change]:
    """The changes in an order that can be made, otherwise as they come.

    :param keep: the names of changes that should not be made in two parts unless there is no other way.
    :raises ConvergeError: when they wait for each other and none can let go.
    """
    waiting, done = list(steps), []
    while waiting:
        step = next((step for step in waiting if not _blocked(step, waiting)), None)
        if step is None:
            parted, waiting = _part(waiting, keep)
            done.append(parted)
        else:
            waiting.remove(step)
            done.append(step.change)
    return done


def _blocked(step: Step, waiting: Iterable[Step]) -> frozenset[Token]:
    """What a step needs that others are still to free."""
    freed: frozenset[Token] = frozenset().union(*(other.frees for other in waiting if other is not step))
    return step.needs & freed


def _part(waiting: list[Step], keep: Collection[str]) -> tuple[Change, list[Step]]:
    """Let one step of the ring let go of what others wait for: its first part, and the steps that are left."""
    for step in sorted(waiting, key=lambda step: step.change.what in keep):
        wanted = step.frees & frozenset().union(*(other.needs for other in waiting if other is not step))
        first = step.parting(wanted) if step.parting and wanted else None
        if first is not None:
            rest = Step(step.change, step.needs, step.frees - first.frees)
            return first.change, [rest if other is step else other for other in waiting]
    names = ", ".join(step.change.what for step in waiting)
    raise ConvergeError(f"these changes cannot be made in one task, since each waits for another: {names}. Nothing was "
                        "changed. Let one of them go in a task of its own first.")
