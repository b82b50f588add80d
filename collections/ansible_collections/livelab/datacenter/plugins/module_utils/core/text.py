# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for messages: lists of names, things given twice, and secrets taken out."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Hashable, Iterable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

_HIDDEN = "********"
# A secret shorter than this is part of ordinary words; taking it out would make a message unreadable.
_SHORTEST = 3


def listing(names: Iterable[object]) -> str:
    """Names for an error's "it has": sorted, each once, with commas, or ``none``."""
    return ", ".join(sorted({str(name) for name in names})) or "none"


def twice(values: Iterable[Hashable]) -> list[Hashable]:
    """The values that come more than once, in the order of their first coming."""
    return [value for value, count in Counter(values).items() if count > 1]


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it hidden, in each of the spellings in which a library may quote it.

    :param secrets: passwords and keys; empty ones, and those of one or two characters, are passed over.
    """
    spellings = {spelt for secret in secrets for spelt in _spellings(secret) if len(spelt) >= _SHORTEST}
    # The longest first: one secret may be part of another.
    for spelt in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelt, _HIDDEN)
    return text


def _spellings(secret: str) -> set[str]:
    plain = {secret, secret.strip()}
    quoted = {form for one in plain for form in (
        repr(one)[1:-1],
        repr(one.encode())[2:-1],
        ascii(one)[1:-1],
        json.dumps(one)[1:-1],
        quote(one, safe=""),
        quote(one),
        quote_plus(one),
        escape(one, {'"': "&quot;"}),
        base64.b64encode(one.encode()).decode(),
    )}
    return plain | quoted
