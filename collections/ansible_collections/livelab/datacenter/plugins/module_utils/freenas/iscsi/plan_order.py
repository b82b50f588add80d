# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of changes, from what each frees and what each needs. No I/O."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import Extent, Portal, Target, TargetExtent


@dataclass(frozen=True)
class Step:
    """A change, with what an object holds before and after it that no two can hold."""

    change: Change
    before: frozenset[Hashable]
    after: frozenset[Hashable]

    @property
    def frees(self) -> frozenset[Hashable]:
        return self.before - self.after

    @property
    def needs(self) -> frozenset[Hashable]:
        return self.after - self.before


def holds(thing: Any) -> frozenset[Hashable]:
    """What an object holds that no two of its kind can hold: addresses, a LUN, a zvol, a serial number, an alias."""
    if isinstance(thing, Portal):
        return frozenset((at.ip, at.port) for at in thing.listen)
    if isinstance(thing, TargetExtent):
        return frozenset([(thing.target, thing.lun)])
    if isinstance(thing, Extent):
        # Should one's serial number read like another's zvol, the one waits for the other, which does no harm.
        return frozenset([thing.source, thing.serial])
    return frozenset([thing.alias] if isinstance(thing, Target) and thing.alias else ())


def ordered(steps: Iterable[Step]) -> tuple[list[Change], list[Step]]:
    """The changes such that what one needs is free by then, otherwise in the order given; and those that stand in a ring."""
    left, done = list(steps), []
    while left:
        ready = next((step for step in left if not _waits(step, left)), None)
        if ready is None:
            break
        done.append(ready.change)
        left.remove(ready)
    return done, left


def _waits(step: Step, left: Iterable[Step]) -> bool:
    return any(other is not step and step.needs & other.frees for other in left)


def refuse_ring(ring: list[Step]) -> None:
    """Refuse changes of which each needs what another frees.

    :raises ConvergeError: naming them.
    """
    if ring:
        raise ConvergeError(f"{' and '.join(step.change.what for step in ring)} would have to swap what only one can have at a "
                            "time. Do it in two tasks, with something else in between.")
