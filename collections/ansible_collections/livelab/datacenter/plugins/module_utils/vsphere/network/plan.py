# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's network as it is to the network as declared: a list of changes. No I/O.

First the network that the declaration leads to, then whether it holds together and what it would cut off, then the steps
to it, in an order in which each can be made. What may cut the connection to the host comes last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import (
    plan_cuts,
    plan_order,
    plan_refusals,
    plan_steps,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_goal import goal
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan_removals import removals
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import Network


def plan(state: Network, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :param state: the host as it is.
    :param desired: the module's options, checked.
    :raises ConvergeError: when the host cannot take it, or it would cut a connection and is not forced; nothing has been
        changed then.
    """
    wanted = goal(state, desired)
    plan_refusals.refuse(state, wanted)
    if not desired.get("force"):
        plan_cuts.refuse(state, wanted)
    cuts = {what for what, _text in plan_cuts.cuts(state, wanted)}
    # The gateway may be on a network that the host is on only after the change that cuts.

    def rank(step: plan_order.Step) -> tuple[bool, bool]:
        return step.change.apply == "set_gateway", step.change.what in cuts

    changes = plan_order.in_order(sorted(plan_steps.steps(state, wanted), key=rank), keep=_kept(state))
    return [_followed(state, wanted, change) if change.what in cuts else change for change in changes]


def remarks(state: Network, desired: Mapping[str, Any]) -> Sequence[str]:
    """What the user should know beside the changes: what purging leaves, and what the host is managed over."""
    wanted = goal(state, desired)
    texts = list(removals(state, desired).spared)
    for device in plan_cuts.ways(state):
        before = state.vswitch_under(state.vmkernels[device])
        after = wanted.vswitch_under(wanted.vmkernels[device]) if device in wanted.vmkernels else None
        if before and after and before.nics and not set(before.nics) & set(after.nics):
            texts.append(f"{device}, over which {state.host} is managed, goes over {', '.join(after.nics) or 'no uplink'} from "
                         f"now on, instead of {', '.join(before.nics)}.")
    return texts


def _kept(state: Network) -> set[str]:
    """The changes to what the host is managed over, which should not be without for a moment."""
    kept = set()
    for device in plan_cuts.ways(state):
        kept.add(f"VMkernel adapter {device}")
        group = state.portgroups.get(state.vmkernels[device].portgroup)
        kept.add(f"vSwitch {group.vswitch}" if group else "")
    return kept


def _followed(state: Network, wanted: Network, change: Change) -> Change:
    """A change after which the session goes on at the address that the adapter has by then."""
    if state.reached_at is None:
        return change
    after = wanted.vmkernels.get(plan_cuts.ways(state)[0])
    return replace(change, args={**change.args, "follow": after.ip if after else None})
