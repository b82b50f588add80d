# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names as the inventory of a vSphere server keeps them, as users write them, and what they must be. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice

# What a vCenter takes for the name of a managed entity, in characters.
LONGEST = 80
_ESCAPES = {"%": "%25", "/": "%2f", "\\": "%5c"}
_UNESCAPES = {escaped: plain for plain, escaped in _ESCAPES.items()}


def unescape(name: str) -> str:
    """A name as the user writes it, from one as a vCenter keeps it: ``10.0.0.0/24`` of ``10.0.0.0%2f24``."""
    return re.sub("%(25|2f|5c)", lambda match: _UNESCAPES[match[0].lower()], name, flags=re.IGNORECASE)


def escape(name: str) -> str:
    """A name as a vCenter keeps it, from one as the user writes it."""
    return "".join(_ESCAPES.get(letter, letter) for letter in name)


def check_name(option: str, name: str) -> None:
    """Refuse a name that no vCenter takes.

    :raises ConvergeError: naming the option.
    """
    if not name.strip():
        raise ConvergeError(f"{option}: '{name}' must have 1 to {LONGEST} characters.")
    length = len(escape(name))
    if length > LONGEST:
        counted = " (a vCenter keeps '/', '\\' and '%' as three)" if length != len(name) else ""
        raise ConvergeError(f"{option}: '{name}' has {length} characters{counted}; it must have 1 to {LONGEST}.")
    if name != name.strip() or not name.isprintable():
        raise ConvergeError(f"{option}: {name!r} must not begin or end with a space, nor have control characters in it.")


def refuse_twice(option: str, entries: Sequence[Mapping[str, Any]] | None, key: str = "name") -> None:
    """Refuse two entries of a list with one name: the second would undo the first, on every run.

    :raises ConvergeError: naming the option and the value.
    """
    double = twice(entry[key] for entry in entries or ())
    if double:
        raise ConvergeError(f"{option}: '{double[0]}' is given twice.")


def check_networks(mapping: Mapping[str, Any]) -> None:
    """Refuse a network that becomes none, in a mapping of networks to those they become.

    :raises ConvergeError: naming it.
    """
    for source, target in mapping.items():
        if not isinstance(target, str) or not target.strip():
            raise ConvergeError(f"networks: '{source}' becomes '{'' if target is None else target}'; it must be the name of a "
                                "network.")
