# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drawing of matplotlib's made fit to stand in a page: colours from the page's style, identifiers of its own."""

from __future__ import annotations

import re
from html import escape

# The colours that charts are drawn in, and the variable of the page's style that each becomes.
COLOURS = {
    "#010101": "var(--ink)",
    "#020202": "var(--quiet)",
    "#030303": "var(--grid)",
    "#040404": "var(--paper)",
    "#050505": "var(--first)",
    "#060606": "var(--second)",
    "#070707": "var(--move)",
    "#080808": "var(--stress)",
    "#090909": "var(--memory)",
    "#0a0a0a": "var(--bad)",
}
INK, QUIET, GRID, PAPER, FIRST, SECOND, MOVE, STRESS, MEMORY, BAD = COLOURS


def embed(drawing: str, name: str, label: str) -> str:
    """The `<svg>` element of a drawing.

    :param drawing: a whole SVG document.
    :param name: put before every identifier, so that two drawings in a page do not share one.
    :param label: what it shows, for those who cannot see it.
    """
    body = drawing[drawing.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', body)
    # The page's own font; the size stays.
    body = re.sub(r"font: (?:(\w+) )?([\d.]+px) [^;\"]+", _font, body)
    for colour, variable in COLOURS.items():
        body = body.replace(colour, variable)
    body = re.sub(r"\n\s*", "\n", body).strip()
    # Its size in the page comes from the page's style; the view box keeps the proportions.
    opening, rest = body.split(">", 1)
    view = re.search(r'viewBox="[^"]+"', opening)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {view[0]} role="img" aria-label="{escape(label)}">{rest}'


def _font(found: re.Match) -> str:
    weight = found[1] if found[1] in ("bold", "600", "700") else "normal"
    return f"font-size: {found[2]}; font-weight: {weight}"
