# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule: the automation does not know the twin. An inventory is the only switch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
NAMES = re.compile(r"\b(labtwin|vcsim|twin)\b", re.IGNORECASE)
ADDRESSES = re.compile(r"\b127\.10\.[12]\.\d+\b")


def automation() -> list[Path]:
    """Every text file of the automation: what runs on hardware as it is."""
    files = [TOP / "site.yml"]
    for folder in ("collections/ansible_collections/livelab", "roles", "playbooks"):
        files += [path for path in (TOP / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return sorted(path for path in files if b"\0" not in path.read_bytes()[:1024])


def test_there_is_automation_to_look_at():
    parts = {path.relative_to(TOP).parts[0] for path in automation()}
    assert parts == {"collections", "roles", "playbooks", "site.yml"}


@pytest.mark.parametrize("pattern", [NAMES, ADDRESSES], ids=["names", "addresses"])
def test_the_automation_does_not_know_the_twin(pattern):
    found = [
        f"{path.relative_to(TOP)}:{number}: {line.strip()}"
        for path in automation()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
