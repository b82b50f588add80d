# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule: the automation does not know the twin. An inventory is the only switch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import vocabulary

TOP = Path(__file__).parents[1]
# Also in LABTWIN_DIR, the_twin and isTwin; not in a word of the language that it is a part of.
NAMES = re.compile(r"(?i:labtwin|vcsim)|(?<![A-Za-z])(?i:twins?)(?![a-z])|Twins?(?![a-z])")
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


def lines(pattern: re.Pattern, text: str) -> list[str]:
    """The lines in which the pattern is, each with its number."""
    return [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


@pytest.mark.parametrize("pattern", [NAMES, ADDRESSES], ids=["names", "addresses"])
def test_the_automation_does_not_know_the_twin(pattern):
    found = [
        f"{path.relative_to(TOP)}:{line}" for path in automation() for line in lines(pattern, path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("text", ["the twin", "twins", "LABTWIN_DIR", "on_twin: true", "isTwin", "TWIN", "vcsimulator", "twin1"])
def test_its_names_are_found_however_they_are_written(text):
    assert lines(NAMES, text) == [f"1: {text}"]


@pytest.mark.parametrize("text", ["entwined", "twine", "between", "intwine"])
def test_words_of_the_language_are_no_names(text):
    assert lines(NAMES, text) == []


def read_by_the_automation() -> list[Path]:
    """What of it runs: its tests may speak of anything."""
    return [path for path in automation() if path.suffix in (".py", ".yml", ".j2") and "tests" not in path.parts]


def spoken_by_the_twin() -> list[Path]:
    return [path for path in (TOP / "twin").rglob("*.go") if not path.name.endswith("_test.go")]


def test_the_automation_reads_no_word_that_only_the_twin_says():
    # What a NAS publishes of its API is there in tables, which a test of theirs holds against the schemas.
    published = (TOP / "twin" / "nas" / "versions").glob("*.go")
    assert vocabulary.private(spoken_by_the_twin(), read_by_the_automation(), published) == {}


def test_there_are_words_that_both_have():
    """Otherwise none would be found because none is read."""
    spoken = vocabulary.go_words(path.read_text(encoding="utf-8") for path in spoken_by_the_twin())
    read = {
        word
        for path in read_by_the_automation()
        if path.suffix == ".py"
        for word in vocabulary.python_words(path.read_text("utf-8"))
    }
    assert spoken & read >= {"/api", "cpu.usagemhz.average", "summary.config.sslThumbprint"}
