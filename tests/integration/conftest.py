# SPDX-License-Identifier: GPL-3.0-or-later
"""At the end of the whole suite: what the modules document and never returned is said."""

from __future__ import annotations

from pathlib import Path

from tests.support import results

HERE = Path(__file__).parent


def pytest_sessionfinish(session, exitstatus):
    """Say what is documented and was never there: a result without a test. A part of the suite says nothing about that."""
    if exitstatus or {item.path for item in session.items if item.path.parent == HERE} != set(HERE.glob("test_*.py")):
        return
    if session.config.getoption("keyword") or session.config.getoption("markexpr"):
        return
    if never := results.never():
        session.config.get_terminal_writer().line(
            f"\ndocumented, and never returned in these tests: {', '.join(never)}", yellow=True
        )
