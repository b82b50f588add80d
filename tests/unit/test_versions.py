# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of ansible-core's and Python's versions is the same everywhere, and is what is tried."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

TOP = Path(__file__).parents[2]
COLLECTION = TOP / "collections/ansible_collections/livelab/datacenter"


def lines(path: Path) -> list[str]:
    """A file's lines, without comments and empty ones."""
    stripped = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in stripped if line and not line.startswith(("#", "-r "))]


def tried() -> dict[str, tuple[str, str]]:
    """What `make sanity-matrix` tries: releases of ansible-core, and the Pythons that each takes at least and at most."""
    rows = [line.split() for line in lines(TOP / "scripts/ansible-core.txt")]
    return {release: (least, most) for release, least, most in rows}


def by_number(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


OLDEST, *_, NEWEST = sorted(tried(), key=by_number)
OLDEST_PYTHON = min((least for least, _most in tried().values()), key=by_number)


def requirements(*files: Path) -> dict[str, Requirement]:
    return {found.name.lower(): found for file in files for found in map(Requirement, lines(file))}


def test_no_release_between_the_oldest_and_the_newest_is_left_out():
    major, first, last = *by_number(OLDEST), by_number(NEWEST)[1]
    assert list(tried()) == [f"{major}.{minor}" for minor in range(first, last + 1)]


def test_requires_ansible_is_what_is_tried():
    runtime = yaml.safe_load((COLLECTION / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["requires_ansible"] == f">={OLDEST}.0"
    wanted = SpecifierSet(runtime["requires_ansible"])
    assert all(f"{release}.0" in wanted for release in tried())


def test_the_readme_says_what_is_tried():
    text = (COLLECTION / "README.md").read_text(encoding="utf-8")
    assert f"ansible-core {OLDEST} or newer; sanity and unit tests run on {OLDEST} to {NEWEST}." in text
    assert f"Python {OLDEST_PYTHON} or newer" in text


@pytest.mark.parametrize("role", sorted(path.name for path in (TOP / "roles").iterdir()))
def test_roles_need_what_the_collection_needs(role):
    info = yaml.safe_load((TOP / "roles" / role / "meta/main.yml").read_text(encoding="utf-8"))["galaxy_info"]
    assert info["min_ansible_version"] == OLDEST


def test_the_project_itself_runs_on_one_that_is_tried():
    assert ".".join(version("ansible-core").split(".")[:2]) in tried()
    assert requirements(TOP / "requirements.txt")["ansible"].specifier.contains(version("ansible"))


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("README.md", r"Python ([\d.]+) or newer"),
        ("CONTRIBUTING.md", r"Python ([\d.]+) or newer"),
        ("scripts/setup.sh", r"Python ([\d.]+) or newer"),
        ("scripts/setup.sh", r"sys\.version_info < \((\d+, \d+)\)"),
        ("pyproject.toml", r'target-version = "py(3\d+)"'),
    ],
)
def test_python_is_the_same_everywhere(file, pattern):
    found = re.findall(pattern, (TOP / file).read_text(encoding="utf-8"))
    assert found
    said = {re.sub(r"\D+", ".", one) if re.search(r"\D", one) else f"{one[0]}.{one[1:]}" for one in found}
    assert said == {OLDEST_PYTHON}


def test_an_execution_environment_gets_what_the_modules_need():
    """What ansible-builder installs is the collection's own list, and the project's pins are among what that allows."""
    environment = yaml.safe_load((COLLECTION / "meta/execution-environment.yml").read_text(encoding="utf-8"))
    needed = requirements(COLLECTION / environment["dependencies"]["python"])
    pinned = requirements(TOP / "requirements.txt")
    assert {"pyvmomi", "requests"} <= set(needed)
    for name, wanted in needed.items():
        (pin,) = pinned[name].specifier
        assert pin.operator == "=="
        assert wanted.specifier.contains(pin.version), f"{name}: {pin} is pinned, {wanted} is wanted"


# What a library is called where it is imported, where that is not the name of its package.
PACKAGES = {
    "pyVim": "pyvmomi",
    "pyVmomi": "pyvmomi",
    "vmware": "pyvmomi",
    "urllib3": "requests",
    "markupsafe": "jinja2",
    "websocket": "websocket-client",
}


def test_every_library_that_is_imported_is_required():
    """What comes with another counts as that one: urllib3 with requests."""
    found = set()
    for file in (COLLECTION / "plugins").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            found |= {name.split(".")[0] for name in names}
    foreign = {PACKAGES.get(name, name) for name in found - sys.stdlib_module_names - {"ansible", "ansible_collections"}}
    assert foreign == set(requirements(COLLECTION / "requirements.txt"))


def test_collections_that_the_collection_needs_are_said():
    """What its modules and plugins use of other collections is a dependency; today they use none."""
    galaxy = yaml.safe_load((COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (COLLECTION / "plugins").rglob("*.py"))
    used = set(re.findall(r"ansible_collections\.(\w+\.\w+)", sources)) - {"livelab.datacenter"}
    assert used == set(galaxy["dependencies"])
