# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of performance_info that no server could answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.state import (
    check_counter,
    parse_time,
)

# What the API has room for.
_LARGEST = 2**31 - 1


def check(params: Mapping[str, Any]) -> None:
    """Refuse them.

    :raises ConvergeError: naming the option, the value and what it must be.
    """
    for name in ("interval", "max_samples"):
        if params[name] is not None and not 1 <= params[name] <= _LARGEST:
            raise ConvergeError(f"{name} is {params[name]}: it must be from 1 to {_LARGEST}.")
    for name in ("entities", "counters"):
        if not params[name]:
            raise ConvergeError(f"{name} is empty: there is nothing to read.")
    for kind, name in twice((one["type"], one["name"]) for one in params["entities"]):
        raise ConvergeError(f"entities: the {kind} '{name}' is there twice.")
    for name in twice(params["counters"]):
        raise ConvergeError(f"counters: '{name}' is there twice.")
    for name in params["counters"]:
        check_counter(name)
    start, end = (params[name] and parse_time(params[name], name) for name in ("start", "end"))
    if start and end and start >= end:
        raise ConvergeError(f"start ({params['start']}) must be before end ({params['end']}).")
