# SPDX-License-Identifier: GPL-3.0-or-later
"""Every resource of the collection is a folder of one shape, and its plans and checks speak to no server."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

UTILS = Path(__file__).parents[2] / "collections/ansible_collections/livelab/datacenter/plugins/module_utils"
PACKAGE = "ansible_collections.livelab.datacenter.plugins.module_utils"
FILES = ("state.py", "check.py", "plan.py", "apply.py")
PURE = ("plan.py", "check.py")

# Folders beside the resources: the one vocabulary of a NAS and its dialects.
NO_RESOURCE = {"freenas/api"}
# What is only read is never planned.
READ_ONLY = {"vsphere/performance", "vsphere/vm_info"}
# What speaks to a server: libraries, and our own files of these names.
SPEAKS = {
    "http",
    "pyVim",
    "pyVmomi",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "subprocess",
    "urllib.request",
    "urllib3",
    "websocket",
}
SPEAKS_OF_OURS = {"apply", "client"}

# What does not have the shape yet. Each has to go from here once it has it.
FILES_NOT_YET: set[str] = set()
PURE_NOT_YET: set[str] = set()


def resources(utils: Path = UTILS) -> list[str]:
    """The resources' folders, as "vsphere/network"."""
    folders = {
        path.parent.relative_to(utils).as_posix() for side in ("vsphere", "freenas") for path in utils.glob(f"{side}/*/*.py")
    }
    return sorted(folders - NO_RESOURCE)


def unless(missing: set[str], key: str):
    """The parameter `key`, expected to fail while it is among those that are not there yet."""
    marks = [pytest.mark.xfail(strict=True, reason="not yet; when this passes, take it from the list")] if key in missing else []
    return pytest.param(key, marks=marks)


def names_imported(path: Path) -> Iterator[str]:
    """The full name of all that a file imports, wherever in it: modules, and what is taken from them as "module.name"."""
    here = [PACKAGE, *path.parent.relative_to(UTILS).parts] if path.is_relative_to(UTILS) else []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def speaks(name: str) -> bool:
    """Whether importing this name is a way to a server."""
    if name.startswith(f"{PACKAGE}."):
        return not SPEAKS_OF_OURS.isdisjoint(name.removeprefix(f"{PACKAGE}.").split("."))
    return any(name == library or name.startswith(f"{library}.") for library in SPEAKS)


def ways_to_a_server(path: Path, seen: set[Path] | None = None) -> list[str]:
    """What a file imports that speaks to a server, by itself or through other files of the collection."""
    seen = set() if seen is None else seen
    seen.add(path)
    found = []
    for name in names_imported(path):
        if speaks(name):
            found.append(f"{path.name} imports {name}")
        elif name.startswith(f"{PACKAGE}."):
            other = UTILS.joinpath(*name.removeprefix(f"{PACKAGE}.").split(".")).with_suffix(".py")
            if other.is_file() and other not in seen:
                found += [f"{path.name} > {way}" for way in ways_to_a_server(other, seen)]
    return found


@pytest.mark.parametrize(
    "name",
    [
        unless(FILES_NOT_YET, f"{folder}/{file}")
        for folder in resources()
        for file in FILES
        if not (folder in READ_ONLY and file == "plan.py")
    ],
)
def test_a_resource_has_its_four_files(name):
    assert (UTILS / name).is_file()


@pytest.mark.parametrize(
    "name",
    [unless(PURE_NOT_YET, f"{folder}/{file}") for folder in resources() for file in PURE if (UTILS / folder / file).is_file()],
)
def test_plans_and_checks_import_nothing_that_speaks_to_a_server(name):
    assert ways_to_a_server(UTILS / name) == []


def test_there_are_resources_to_look_at():
    assert set(resources()) >= READ_ONLY


def test_what_is_expected_to_fail_is_there_to_fail():
    """An entry for a folder that has gone would be looked at by no test."""
    known = {f"{folder}/{file}" for folder in resources() for file in FILES}
    assert known >= FILES_NOT_YET
    assert {name for name in PURE_NOT_YET if (UTILS / name).is_file()} == PURE_NOT_YET


@pytest.mark.parametrize(
    "line",
    [
        "import ssl",
        "from urllib.request import urlopen",
        "from urllib import request",
        "import http.client",
        "def f():\n    import requests",
        f"from {PACKAGE}.vsphere.client import Client",
        f"from {PACKAGE}.vsphere import client",
        f"from {PACKAGE}.vsphere.network.apply import read",
        f"from {PACKAGE}.vsphere.network import apply",
        f"from {PACKAGE}.core import tls",
    ],
)
def test_every_way_to_a_server_is_found(tmp_path, line):
    file = tmp_path / "plan.py"
    file.write_text(line, encoding="utf-8")
    assert ways_to_a_server(file) != []


@pytest.mark.parametrize(
    "line",
    ["import urllib.parse", "from urllib.parse import quote", "import ipaddress", f"from {PACKAGE}.core.converge import Change"],
)
def test_what_speaks_to_nobody_may_be_imported(tmp_path, line):
    file = tmp_path / "plan.py"
    file.write_text(line, encoding="utf-8")
    assert ways_to_a_server(file) == []
