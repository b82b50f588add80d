# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a move took, phase by phase, where the server tells.

The vSphere API has no place for these figures: a vCenter logs them and tells none. A server that knows them gives them
as the task's result, or in an event of the machine; with any other there are none, and that is no error.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim, vmodl

EVENT = "dev.livelab.vm.MigrationFigures"

# The figures by the server's key: (key here, divisor or None for "as it is").
_KNOWN = {
    "total_ms": ("total_s", 1000),
    "setup_ms": ("setup_s", 1000),
    "precopy_ms": ("precopy_s", 1000),
    "switchover_ms": ("switchover_s", 1000),
    "downtime_ms": ("downtime_s", 1000),
    "transferred_bytes": ("transferred_bytes", None),
    "rounds": ("rounds", None),
    "memory_mb": ("memory_mb", None),
    "measured": ("measured", None),
    "accelerator": ("accelerator", None),
}


def translate(pairs: Any) -> dict:
    """The figures known here from a list of key and value; `{}` for anything else.

    Seconds for what the server gives in milliseconds. Unknown keys, and values that are no numbers where one is due,
    are passed over.
    """
    found = {}
    if not isinstance(pairs, list):
        return found
    for pair in pairs:
        known = _KNOWN.get(getattr(pair, "key", None))
        if known is None:
            continue
        name, divisor = known
        if divisor is None:
            found[name] = pair.value
        elif isinstance(pair.value, int | float) and not isinstance(pair.value, bool):
            found[name] = round(pair.value / divisor, 3)
    return found


def read_figures(client: Client, machine: Any, info: Any) -> dict | None:
    """The figures of a move that has ended; None when the server tells none.

    :param info: the task's ``TaskInfo``.
    """
    figures = translate(info.result)
    if figures:
        return figures
    try:
        events = client.retrying(lambda: client.content.eventManager.QueryEvents(_filter(machine, info)))
    except vmodl.MethodFault:
        # The move is done; a server that will not say more about it takes nothing away from that.
        return None
    for event in events or ():
        arguments = list(getattr(event, "arguments", None) or ())
        if any(pair.key == "task" and pair.value == info.key for pair in arguments):
            return translate(arguments) or None
    return None


def _filter(machine: Any, info: Any) -> Any:
    spec = vim.event.EventFilterSpec
    return spec(
        entity=spec.ByEntity(entity=machine, recursion=spec.RecursionOption.self),
        eventTypeId=[EVENT],
        time=spec.ByTime(beginTime=info.startTime) if info.startTime else None,
    )
