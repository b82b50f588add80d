# SPDX-License-Identifier: GPL-3.0-or-later
"""What each module's documentation says is what its argument spec is, and its examples are valid."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml

COLLECTION = "ansible_collections.livelab.datacenter"
PLUGINS = Path(__file__).parents[4] / "plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("[a-z]*.py"))
# What of an option the documentation and the argument spec both say.
SAID = ("type", "elements", "default", "choices", "required")


class Captured(Exception):
    """Carries a module's argument spec out of its ``main``."""


def load(name):
    return importlib.import_module(f"{COLLECTION}.plugins.modules.{name}")


def spec_of(name, monkeypatch):
    def capture(**kwargs):
        raise Captured(kwargs)

    module = load(name)
    monkeypatch.setattr(module, "AnsibleModule", capture)
    with pytest.raises(Captured) as caught:
        module.main()
    return caught.value.args[0]


def documentation_of(name):
    """The module's documentation, with its fragments' options."""
    documented = yaml.safe_load(load(name).DOCUMENTATION)
    for fragment in documented.get("extends_documentation_fragment", ()):
        source = importlib.import_module(f"{COLLECTION}.plugins.doc_fragments.{fragment.rsplit('.', 1)[-1]}")
        part = yaml.safe_load(source.ModuleDocFragment.DOCUMENTATION)
        documented["options"] = {**part["options"], **documented.get("options", {})}
    return documented


def said_of(option):
    """What is said of an option. Not to be required is what nothing said means; a default of 0, false or "" is one."""
    said = {key: option[key] for key in SAID if option.get(key) is not None}
    if not said.get("required"):
        said.pop("required", None)
    if "default" in said:
        said["default"] = repr(said["default"])  # for 0 is False, and 1 is True
    return said


def as_documented(options):
    return {
        name: {**said_of(option), "suboptions": as_documented(option.get("suboptions"))}
        for name, option in (options or {}).items()
    }


def as_specified(options):
    return {
        name: {"type": "str", **said_of(option), "suboptions": as_specified(option.get("options"))}
        for name, option in (options or {}).items()
    }


@pytest.mark.parametrize("name", MODULES)
def test_options_are_documented_as_they_are(name, monkeypatch):
    spec = spec_of(name, monkeypatch)
    assert as_documented(documentation_of(name)["options"]) == as_specified(spec["argument_spec"])


@pytest.mark.parametrize(
    ("there", "here"), [(0, False), (0, None), (False, None), ("", None), (1, True), ([], None)], ids=repr
)
def test_defaults_are_told_apart(there, here):
    def default(value):
        return {"wait": {"type": "int"} if value is None else {"type": "int", "default": value}}

    assert as_documented(default(there)) == as_specified(default(there))
    assert as_documented(default(there)) != as_specified(default(here))


@pytest.mark.parametrize("name", MODULES)
def test_secrets_are_not_logged(name, monkeypatch):
    def secrets(options):
        for option, spec in (options or {}).items():
            if spec.get("type", "str") == "str" and option.endswith(("password", "secret", "api_key")):
                yield option, spec
            yield from secrets(spec.get("options"))

    for option, spec in secrets(spec_of(name, monkeypatch)["argument_spec"]):
        assert option == "update_password" or spec.get("no_log") is True, option


@pytest.mark.parametrize("name", MODULES)
def test_check_mode_is_as_documented(name, monkeypatch):
    support = documentation_of(name)["attributes"]["check_mode"]["support"]
    assert spec_of(name, monkeypatch)["supports_check_mode"] is (support in ("full", "partial"))


@pytest.mark.parametrize("name", MODULES)
def test_examples_use_options_that_there_are(name):
    options = documentation_of(name)["options"]
    uses = [task[f"livelab.datacenter.{name}"] for task in yaml.safe_load(load(name).EXAMPLES)
            if f"livelab.datacenter.{name}" in task]
    assert uses
    for arguments in uses:
        assert set(arguments) <= set(options)


@pytest.mark.parametrize("name", MODULES)
def test_every_result_is_described(name):
    for key, value in yaml.safe_load(load(name).RETURN).items():
        assert value["description"], key
        assert value["type"], key
        assert value["returned"], key


def test_modules_that_connect_are_in_an_action_group():
    groups = yaml.safe_load((PLUGINS.parent / "meta" / "runtime.yml").read_text())["action_groups"]
    for name in MODULES:
        fragments = [
            fragment.rsplit(".", 1)[-1]
            for fragment in yaml.safe_load(load(name).DOCUMENTATION).get("extends_documentation_fragment", ())
        ]
        for group, members in groups.items():
            assert (group in fragments) == (name in members), f"{name} and group {group}"
