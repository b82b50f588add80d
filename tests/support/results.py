# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds what a module returned against what its documentation says that it returns."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

from tests.support.twin import TOP

PLUGINS = TOP / "collections/ansible_collections/livelab/datacenter/plugins"
# What Ansible itself puts into a result.
ANSIBLES = {"changed", "failed", "msg", "diff", "warnings", "deprecations", "invocation", "exception", "action", "skipped"}
TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "dict": (dict,),
    "float": (float, int),
    "int": (int,),
    "list": (list,),
    "str": (str,),
}
# The results that were seen, of each module that was run.
seen: defaultdict[str, set[str]] = defaultdict(set)


@cache
def documented(module: str) -> dict[str, dict]:
    """RETURN of a module, by its short name."""
    for node in ast.parse((PLUGINS / "modules" / f"{module}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "RETURN":
            return yaml.safe_load(ast.literal_eval(node.value))
    raise AssertionError(f"{module} has no RETURN")


def differences(described: dict[str, dict], result: dict[str, Any]) -> list[str]:
    """How a result and its description differ: what is not described, of another type, or not there."""
    told = {key: value for key, value in result.items() if key not in ANSIBLES and not key.startswith("_ansible_")}
    found = [f"{key} is not documented" for key in told if key not in described]
    for key, description in described.items():
        if key in told:
            found += _wrong(key, description, told[key])
        elif description["returned"] in (("always", "success") if not result.get("failed") else ()):
            found.append(f"{key} is not there; it is documented as returned: {description['returned']}")
    return found


def _wrong(where: str, description: dict, value: Any) -> Iterator[str]:
    """What is wrong with a value. Null is of every type: the description says when."""
    kind = description["type"]
    if value is None or kind == "raw":
        return
    if not isinstance(value, TYPES[kind]) or (kind != "bool" and isinstance(value, bool)):
        yield f"{where} is documented as {kind} and is {value!r}"
        return
    inside = description.get("contains")
    if kind == "list":
        element = {"type": description["elements"], **({"contains": inside} if inside else {})}
        for number, one in enumerate(value):
            yield from _wrong(f"{where}[{number}]", element, one)
    elif kind == "dict" and inside:
        yield from (f"{where}.{key} is not documented" for key in value if key not in inside)
        for key, part in inside.items():
            if key in value:
                yield from _wrong(f"{where}.{key}", part, value[key])
            elif "returned" not in part:
                yield f"{where}.{key} is not there"


def check(module: str, result: dict[str, Any]) -> None:
    """Assert that a module of the collection (by its short name) returned what it documents, and note what."""
    seen[module] |= result.keys()
    found = differences(documented(module), result)
    assert not found, f"{module} and its RETURN: " + "; ".join(found)


def never() -> list[str]:
    """What the modules that were run document and never returned, as "module: key"."""
    shared = {"failed_change", "not_reached"}  # they are converge's, and tests of its own show them
    return sorted(f"{module}: {key}" for module, keys in seen.items() for key in documented(module) if key not in keys | shared)
