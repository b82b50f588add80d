# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes each role's README.md from what the role says of itself: meta/argument_specs.yml and meta/main.yml.

usage: role_readme.py [--check] [ROLE...]

All roles when none is named. With --check it writes nothing, and fails when one is not up to date.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

TOP = Path(__file__).parents[1]
MADE = "<!-- Made by scripts/role_readme.py (make readmes) from meta/argument_specs.yml and meta/main.yml. -->"


def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def prose(text: str | list[str]) -> list[str]:
    """A description's paragraphs, with Ansible's markup (C, O, V, I, B) as Markdown's."""
    paragraphs = [text] if isinstance(text, str) else text
    marked = (re.sub(r"\b[COV]\(([^)]*)\)", r"`\1`", " ".join(paragraph.split())) for paragraph in paragraphs)
    return [re.sub(r"\bB\(([^)]*)\)", r"**\1**", re.sub(r"\bI\(([^)]*)\)", r"*\1*", paragraph)) for paragraph in marked]


def cell(text: str) -> str:
    """Text that may stand in a table."""
    return text.replace("|", r"\|")


def kind(option: dict) -> str:
    """An option's type, as "list of dict"."""
    return f"list of {option['elements']}" if "elements" in option else option["type"]


def default(option: dict) -> str:
    """An option's default in YAML's flow style, which is JSON's too; "required" where it has to be given."""
    if option.get("required"):
        return "**required**"
    if "default" not in option:
        return ""
    value = option["default"]
    return f"`{value}`" if isinstance(value, str) and value else f"`{json.dumps(value, ensure_ascii=False)}`"


def rows(options: dict, inside: str = "") -> Iterator[str]:
    """The table's rows: an option a row, those that it consists of below it."""
    for name, option in options.items():
        what = " ".join(prose(option["description"]))
        if "choices" in option:
            what += f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}."
        yield f"| `{inside}{name}` | {kind(option)} | {cell(default(option))} | {cell(what)} |"
        yield from rows(option.get("options", {}), f"{inside}{name}{'[]' if option['type'] == 'list' else ''}.")


def table(options: dict) -> list[str]:
    if not options:
        return ["None."]
    return ["| variable | type | default | what |", "| --- | --- | --- | --- |", *rows(options)]


def entry_points(specs: dict) -> list[str]:
    """The other ways in, which a play takes by `tasks_from`."""
    others = {name: spec for name, spec in specs.items() if name != "main"}
    if not others:
        return []
    said = [f"| `{name}` | {cell(' '.join(prose(spec['description'])))} |" for name, spec in others.items()]
    return ["## Parts of it", "", "With `tasks_from`, and the same variables:", "", "| part | what |", "| --- | --- |", *said, ""]


def uses(role: str, top: Path) -> list[str]:
    """Where the role is used: playbooks, and its scenario on a machine."""
    named = re.compile(rf"^\s*(- role|name): {role}$", re.MULTILINE)
    books = [path for path in sorted(top.glob("playbooks/*.yml")) if named.search(path.read_text(encoding="utf-8"))]
    books += [path for path in [top / "molecule" / role / "converge.yml"] if path.exists()]
    links = [f"[{path.relative_to(top)}](../../{path.relative_to(top)})" for path in books]
    return ["## Examples", "", *(f"- {link}" for link in links), ""] if links else []


def readme(role: Path, top: Path) -> str:
    """The text of a role's README.md. `top` is the project that its examples are in."""
    specs = load(role / "meta/argument_specs.yml")["argument_specs"]
    info = load(role / "meta/main.yml")["galaxy_info"]
    main = specs["main"]
    runs_on = ", ".join(f"{one['name']} ({', '.join(map(str, one['versions']))})" for one in info.get("platforms", ()))
    lines = [MADE, f"# {role.name}", ""]
    lines += [f"{main['short_description']}.", ""]
    for paragraph in prose(main["description"]):
        lines += [paragraph, ""]
    lines += [f"Needs ansible-core {info['min_ansible_version']} or newer{f'; runs on {runs_on}' if runs_on else ''}.", ""]
    lines += ["## Variables", "", "[defaults/main.yml](defaults/main.yml) says why each default is what it is.", ""]
    lines += [*table(main["options"]), "", *entry_points(specs), *uses(role.name, top)]
    return "\n".join(lines).rstrip("\n") + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the roles' README.md.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail when one is not up to date")
    parser.add_argument("--top", type=Path, default=TOP, help="the project (default: this one)")
    parser.add_argument("roles", nargs="*", metavar="ROLE", help="all when none is named")
    options = parser.parse_args()
    stale = []
    for role in sorted(path.parents[1] for path in options.top.glob("roles/*/meta/argument_specs.yml")):
        if options.roles and role.name not in options.roles:
            continue
        file, made = role / "README.md", readme(role, options.top)
        there = file.read_text(encoding="utf-8") if file.exists() else ""
        if made == there:
            continue
        stale.append(role.name)
        if options.check:
            sys.stdout.writelines(
                difflib.unified_diff(there.splitlines(True), made.splitlines(True), str(file), "as it should be")
            )
        else:
            file.write_text(made, encoding="utf-8")
            print(f"wrote {file.relative_to(options.top)}")
    if options.check and stale:
        print(f"Not up to date: {', '.join(stale)}. Run `make readmes`.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
