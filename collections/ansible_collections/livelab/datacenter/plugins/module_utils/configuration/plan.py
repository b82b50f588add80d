# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files change, and what the service has to do for them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.state import (
    ABSENT,
    UNIT_FOLDER,
    Entry,
    State,
    unit_name,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError

HIDDEN = "(not shown)"


def desired(wanted: Mapping[str, Any]) -> Entry:
    """What is to be at a path, from the user's words."""
    if wanted["state"] == "absent":
        return ABSENT
    if wanted["link"] is not None:
        return Entry("link", target=wanted["link"])
    content = wanted["content"] if wanted["secret_content"] is None else wanted["secret_content"]
    return Entry("file", content.encode(), mode=int(wanted["mode"], 8), owner=wanted["owner"], group=wanted["group"])


def plan(state: State, params: Mapping[str, Any]) -> list[Change]:
    """The changes from ``state`` to what the options say: each file, then the service.

    :raises ConvergeError: when there is something at a path that is neither file nor link.
    """
    changes = []
    action = state.pending
    for wanted in params["files"]:
        now, then = state.entries[wanted["path"]], desired(wanted)
        if now.kind not in ("file", "link", "absent"):
            raise ConvergeError(f"{wanted['path']} is a {now.kind}: this module writes files and links only; remove it first")
        if now != then:
            changes.append(_file_change(wanted, now, then))
            action = stronger(action, wanted["needs"])
    if params["service_state"] == "stopped":
        return _stop(state) + changes
    return changes + _service_changes(state, action, _brings(params))


def _brings(params: Mapping[str, Any]) -> bool:
    """Whether the unit of the service is among the files."""
    unit = UNIT_FOLDER + unit_name(params["service"]) if params["service"] else None
    return any(wanted["path"] == unit and wanted["state"] == "present" for wanted in params["files"])


def stronger(one: str, other: str) -> str:
    """Of two actions the one that includes the other."""
    order = ("", "nothing", "reload", "restart")
    return max(one, other, key=order.index)


def _file_change(wanted: Mapping[str, Any], now: Entry, then: Entry) -> Change:
    secret = wanted["secret_content"] is not None
    # Nobody says any more whether a file that is to go held a secret; one that is closed to others may hold one.
    closed = then.kind != "file" or not now.mode & 0o004
    return Change(
        what=wanted["path"],
        before=_shown(now, secret or closed),
        after=_shown(then, secret),
        apply="write",
        args={"entry": then},
    )


def _shown(entry: Entry, hidden: bool) -> dict[str, Any] | None:
    if entry.kind == "absent":
        return None
    if entry.kind == "link":
        return {"link": entry.target}
    content = HIDDEN if hidden else entry.content.decode(errors="replace")
    return {"content": content, "mode": f"{entry.mode:04o}", "owner": entry.owner, "group": entry.group}


def _stop(state: State) -> list[Change]:
    """Before the files: what stops a service may need them."""
    service = state.service
    if service is None or not service.there or not (service.active or service.enabled):
        return []
    return [Change(what=f"service {service.name}", before={"active": service.active, "enabled": service.enabled},
                   after={"active": False, "enabled": False}, apply="stop", args={})]


def _service_changes(state: State, action: str, brought: bool) -> list[Change]:
    service = state.service
    if service is None or not (service.there or brought):
        return []
    if state.newer:
        action = "restart"
    if not service.active:
        action = "restart"
    before, after = {"active": service.active, "enabled": service.enabled}, {"active": True, "enabled": True}
    if action in ("reload", "restart"):
        before["configuration"], after["configuration"] = "as it was", f"in use ({action})"
    if before == after:
        return []
    return [Change(what=f"service {service.name}", before=before, after=after, apply="take",
                   args={"action": action, "enable": not service.enabled})]
