# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role says of its variables, in its argument spec, its defaults and its README, is the same and complete."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

TOP = Path(__file__).parents[2]
ROLES = sorted(path.name for path in (TOP / "roles").iterdir())
SCRIPT = TOP / "scripts/role_readme.py"


def load(role: str, file: str) -> dict:
    path = TOP / "roles" / role / file
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.exists() else {}


def specs(role: str) -> dict:
    return load(role, "meta/argument_specs.yml")["argument_specs"]


def every_option(options: dict, inside: str = "") -> Iterator[tuple[str, dict]]:
    """Options and the parts of them, as (path, option)."""
    for name, option in options.items():
        yield f"{inside}{name}", option
        yield from every_option(option.get("options", {}), f"{inside}{name}.")


def variables_of(tasks: list | None) -> Iterator[str]:
    """The names that tasks register, loop with and set, in blocks too."""
    for task in tasks or []:
        if "register" in task:
            yield task["register"]
        yield from (name for key, name in task.get("loop_control", {}).items() if key in ("loop_var", "index_var"))
        yield from set(task.get("ansible.builtin.set_fact", {})) - {"cacheable"}
        for part in ("block", "rescue", "always"):
            yield from variables_of(task.get(part))


def is_template(value: object) -> bool:
    return "{{" in str(value)


def test_there_are_roles_to_look_at():
    assert {"apache", "vcenter", "workstation_vm"} <= set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_every_default_is_in_the_spec_and_every_option_has_its_default(role):
    """What has to be given stands among the defaults empty, so that the role's preflight can say which one is missing."""
    defaults, options = load(role, "defaults/main.yml"), specs(role)["main"]["options"]
    assert set(defaults) == set(options)
    required = {name for name, option in options.items() if option.get("required")}
    assert {name: option.get("default", "not said") for name, option in options.items() if name not in required} == {
        name: value for name, value in defaults.items() if name not in required
    }
    assert all(defaults[name] in ("", [], {}) for name in required)
    assert not any("default" in options[name] for name in required)


@pytest.mark.parametrize("role", ROLES)
def test_every_option_says_what_it_is(role):
    for entry, spec in specs(role).items():
        assert spec["short_description"]
        assert spec["description"]
        for name, option in every_option(spec["options"]):
            assert option.get("description"), f"{entry}: {name} has no description"
            assert option.get("type"), f"{entry}: {name} has no type"
            assert (option["type"] == "list") == ("elements" in option), f"{entry}: {name}: elements belong to lists"


@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_are_what_the_spec_accepts(role):
    options = specs(role)["main"]["options"]
    values = {name: value for name, value in load(role, "defaults/main.yml").items() if not is_template(value)}
    checked = ArgumentSpecValidator({name: options[name] for name in values}).validate(values)
    assert checked.error_messages == []


@pytest.mark.parametrize("role", ROLES)
def test_parts_of_a_role_take_the_same_variables(role):
    assert all(spec["options"] == specs(role)["main"]["options"] for spec in specs(role).values())
    tasks = {path.stem for path in (TOP / "roles" / role / "tasks").glob("*.yml")}
    assert set(specs(role)) <= tasks


@pytest.mark.parametrize("role", ROLES)
def test_variables_carry_the_name_of_the_role(role):
    """Those that a user sets, those of vars/, and those that tasks register or set."""
    names = set(load(role, "defaults/main.yml"))
    for file in (TOP / "roles" / role / "vars").glob("*.yml"):
        names |= set(load(role, f"vars/{file.name}"))
    for file in (TOP / "roles" / role / "tasks").glob("*.yml"):
        names |= set(variables_of(yaml.safe_load(file.read_text(encoding="utf-8"))))
    foreign = {name for name in names if not name.lstrip("_").startswith(f"{role}_")}
    assert foreign == set()


def readmes(*args: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPT, *args], capture_output=True, text=True, timeout=60, check=False)


def test_the_readmes_are_up_to_date():
    done = readmes("--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all((TOP / "roles" / role / "README.md").is_file() for role in ROLES)


def test_a_readme_that_is_not_up_to_date_is_told_and_mended(tmp_path):
    shutil.copytree(TOP / "roles/apache", tmp_path / "roles/apache")
    spec = tmp_path / "roles/apache/meta/argument_specs.yml"
    changed = spec.read_text(encoding="utf-8").replace("The server's own name.", "What it is called | V(localhost) or C(so).")
    spec.write_text(changed, encoding="utf-8")
    stale = readmes("--check", "--top", tmp_path)
    assert stale.returncode == 1
    assert "apache" in stale.stderr
    assert "What it is called" in stale.stdout
    assert readmes("--top", tmp_path).returncode == 0
    assert readmes("--check", "--top", tmp_path).returncode == 0
    text = (tmp_path / "roles/apache/README.md").read_text(encoding="utf-8")
    assert r"| `apache_server_name` | str | `localhost` | What it is called \| `localhost` or `so`. |" in text
