# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names as the inventory of a vSphere server keeps them, and as users write them."""

from __future__ import annotations

import re

_ESCAPES = {"%": "%25", "/": "%2f", "\\": "%5c"}
_UNESCAPES = {escaped: plain for plain, escaped in _ESCAPES.items()}


def unescape(name: str) -> str:
    """A name as the user writes it, from one as a vCenter keeps it: ``10.0.0.0/24`` of ``10.0.0.0%2f24``."""
    return re.sub("%(25|2f|5c)", lambda match: _UNESCAPES[match[0].lower()], name, flags=re.IGNORECASE)


def escape(name: str) -> str:
    """A name as a vCenter keeps it, from one as the user writes it."""
    return "".join(_ESCAPES.get(letter, letter) for letter in name)
