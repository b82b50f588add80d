# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents name is there: files, folders, make's targets, modules, roles and packages."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
COLLECTION = TOP / "collections/ansible_collections/livelab/datacenter"
# What is made by running something, or is no file: groups of module_defaults, and names in examples.
MADE = (".lab", ".venv", ".cache", "build")
NO_PATH = re.compile(r"group/livelab\.|.*[<>*…].*|~|\.{1,2}/?$")
SUFFIXES = (".cfg", ".go", ".j2", ".md", ".py", ".rst", ".sh", ".svg", ".toml", ".txt", ".yaml", ".yml")
MADE_FROM_SPECS = "Made by scripts/role_readme.py"
# Files that exist with a user.
OF_THE_USER = {"lab.yml", "vault.yml"}


@cache
def tree() -> frozenset[str]:
    """Every file of the project, as git has it or would."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=TOP, capture_output=True, text=True, check=True).stdout.splitlines()
    return frozenset(name for name in names if (TOP / name).exists())


def documents() -> list[str]:
    return sorted(name for name in tree() if name.endswith(".md"))


def links(text: str) -> list[str]:
    """Where links and pictures point in the project."""
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    return [target.split("#")[0] for target in found if not re.match(r"[a-z]+:|#", target)]


def code(text: str) -> list[str]:
    """What stands in backquotes, outside of blocks of code."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def paths(text: str) -> list[str]:
    """What of it is a path: it has a slash in it or a suffix that files have, and no spaces."""
    words = [word for word in code(text) if re.fullmatch(r"[\w.…<>*~/-]+", word) and not word.startswith("/")]
    named = [word for word in words if "/" in word or word.endswith(SUFFIXES)]
    return [word for word in named if word.split("/")[0] not in MADE and not NO_PATH.match(word) and word not in OF_THE_USER]


def is_there(path: str) -> bool:
    """Whether a path is that of a file or folder here, or the end of one: a reader knows what is spoken of."""
    return any(f"/{path.rstrip('/')}/" in f"/{name}/" for name in tree())


@pytest.mark.parametrize("document", documents())
def test_every_path_that_a_document_names_exists(document):
    file = TOP / document
    text = file.read_text(encoding="utf-8")
    assert [link for link in links(text) if not (file.parent / link).exists()] == []
    if MADE_FROM_SPECS in text:  # Values of variables look like paths there.
        return
    assert [path for path in paths(text) if not is_there(path)] == []


def test_paths_are_found_and_looked_for():
    text = "See [a](docs/no.md), `roles/nosuch`, `nosuch.py`, ``code``, `a word`, `build/x`, [b](https://example.org/x).\n```\n`x/y`\n```"
    assert links(text) == ["docs/no.md"]
    assert paths(text) == ["roles/nosuch", "nosuch.py"]
    assert not any(is_there(path) for path in paths(text))
    assert is_there("tests/unit/test_docs.py")
    assert is_there("test_docs.py")


def test_the_documents_are_among_those_looked_at():
    assert {"README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/thesis-map.md", "roles/apache/README.md"} <= set(
        documents()
    )


@pytest.mark.parametrize("document", documents())
def test_every_target_of_make_that_a_document_names_exists(document):
    targets = set(re.findall(r"^([a-z0-9-]+(?: [a-z0-9-]+)*):", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    known = {name for line in targets for name in line.split()}
    text = (TOP / document).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^)make ([a-z0-9-]+)", text, re.MULTILINE))
    assert named - known == set()


def folders_with(suffix: str, top: Path) -> set[str]:
    """The names of the folders below top that hold files with this suffix."""
    names = {Path(name) for name in tree() if name.endswith(suffix)}
    inside = (name.relative_to(top.relative_to(TOP)) for name in names if name.is_relative_to(top.relative_to(TOP)))
    return {part for name in inside for part in name.parts[:-1]}


@pytest.mark.parametrize(("suffix", "top"), [(".go", TOP / "twin"), (".py", COLLECTION / "plugins/module_utils")])
def test_the_architecture_names_every_package(suffix, top):
    text = (TOP / "docs/architecture.md").read_text(encoding="utf-8")
    named = {part for word in code(text) for part in word.split("/")}
    assert folders_with(suffix, top) - named == set()


def test_the_collections_readme_has_every_module():
    table = re.findall(r"^\| (.*?) \|", (COLLECTION / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for row in table for name in code(row)}
    modules = {path.stem for path in (COLLECTION / "plugins/modules").glob("*.py")}
    assert named == modules


def test_the_thesis_map_has_every_role_and_names_no_other():
    text = (TOP / "docs/thesis-map.md").read_text(encoding="utf-8")
    roles = {path.name for path in (TOP / "roles").iterdir()}
    assert set(re.findall(r"role `(\w+)`", text)) == roles
