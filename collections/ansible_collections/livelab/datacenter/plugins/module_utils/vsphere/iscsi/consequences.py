# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has come of the targets that were declared, in words: what is not reached, why the host says so, what to do. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi import plan_targets
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import UNKNOWN, Adapter, Target

# What a host reports when its initiator fails, by the event's type.
EVENTS = tuple(f"esx.problem.storage.iscsi.{what}.error" for what in (
    "discovery.connect", "discovery.login", "target.connect", "target.login"))
# How a login's status (class and detail, RFC 3720 10.13.5) or its text says that CHAP failed, or that it is not let in.
_AUTHENTICATION = re.compile(r"authenticat|\bCHAP\b|\b0?x?0201\b", re.IGNORECASE)
_AUTHORISATION = re.compile(r"authoriz|authoris|not allowed|\b0?x?0202\b", re.IGNORECASE)


def unreached(current: Adapter, desired: Mapping[str, Any]) -> list[Target]:
    """The declared targets and portals behind which the host reaches no LUN."""
    targets = [target for option in ("send_targets", "static_targets") for target in plan_targets.declared(desired, option)]
    return [target for target in dict.fromkeys(targets) if not _behind(current, target)]


def lost(current: Adapter) -> list[str]:
    """The datastores behind the adapter that the host cannot get at."""
    return [volume.name for volume in current.volumes if not volume.accessible]


def _behind(current: Adapter, target: Target) -> bool:
    alive = [lun for lun in current.luns if lun.alive]
    if target.iqn:
        return any(plan_targets.leads(target, lun) for lun in alive)
    own = target.key[0]
    # A portal may tell of targets at others and not at itself; one that is given by a name always does.
    told = {one.key[0] for one in current.discovered if one.parent in (own, UNKNOWN)}
    portals = told if told and own not in told else {own}
    return any(portals & set(lun.addresses) for lun in alive)


def describe(current: Adapter, before: Adapter, desired: Mapping[str, Any], events: Sequence[str]) -> list[str]:
    """A sentence for the targets that are not reached, and one for the datastores that are lost, each with the remedy.

    :param before: the state before the run.
    :param events: what the host has reported of its initiator since then.
    """
    said = []
    missing = unreached(current, desired)
    why = _why(current, desired, events)
    if missing:
        said.append(f"{current.host} finds no LUN behind {listing(missing)}. {why}")
    was_there = {volume.name for volume in before.volumes if volume.accessible}
    for name in lost(current):
        since = "not accessible any more" if name in was_there else "not accessible"
        said.append(f"the datastore '{name}' is {since} on {current.host}: it has no way to its disk. {why}")
    return said


def _why(current: Adapter, desired: Mapping[str, Any], events: Iterable[str]) -> str:
    told = list(dict.fromkeys(events))
    heard = f" The host reports: {'; '.join(text.rstrip('.') for text in told)}." if told else ""
    if any(map(_AUTHENTICATION.search, told)):
        return f"The login fails at CHAP. {_chap(current)}{heard}"
    if any(map(_AUTHORISATION.search, told)):
        return f"The target does not let the initiator {current.iqn} in; add that to those it allows.{heard}"
    if any("connection" in text for text in told):
        return f"The portal does not answer; is it up, and is there a way to it from the bound VMkernel adapters?{heard}"
    return (f"Is the target up, does it let the initiator {current.iqn} in, and has it a LUN? {_chap(current)}{heard}")


def _chap(current: Adapter) -> str:
    """What to compare of CHAP."""
    chap = current.chap
    if chap.level == "prohibited":
        return "The host uses no CHAP ('chap'): a target that asks for it refuses the login."
    mutual = (f" It asks the target to prove itself as '{chap.mutual_user}' (mutual CHAP): a target that has no such peer "
              "user and secret fails; set them there, or leave 'mutual_user' out." if chap.mutual_user else "")
    return f"The host uses CHAP ({chap.level}) as '{chap.user}': user and secret must be those of the target.{mutual}"
