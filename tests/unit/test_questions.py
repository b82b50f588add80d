# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks and roles ask with modules that only read: no question is put by declaring something absent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[2]
# What holds a machine, or the storage under one: one lost line, and a question becomes its removal.
HOLDS = ("vm_deploy", "esxi_datastore", "freenas_volume", "freenas_iscsi", "vcenter_datacenter", "vcenter_host", "workstation_vm")
INSIDE = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")


def tasks(entries: object) -> Iterator[dict]:
    """Every task of a playbook or a task file, those in blocks too."""
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            yield entry
            for part in INSIDE:
                yield from tasks(entry.get(part))


def questions(entries: object) -> list[str]:
    """The tasks that would remove something if their check mode were lost, by name; those that ask, whatever they say."""
    found = []
    for task in tasks(entries):
        for module, args in task.items():
            if module.rpartition(".")[2] in HOLDS and isinstance(args, dict) and args.get("state") == "absent":
                asks = task.get("check_mode") or "register" in task or "changed_when" in task
                found += [task.get("name", module)] if asks else []
    return found


def files() -> list[Path]:
    """Every file with tasks in it."""
    return sorted([TOP / "site.yml", *(TOP / "playbooks").glob("*.yml"), *(TOP / "roles").glob("*/*/*.yml")])


def test_there_is_something_to_look_at():
    assert {"3_4_webserver.yml", "site.yml", "main.yml"} <= {path.name for path in files()}
    found = [task for path in files() for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8")))]
    assert any("livelab.datacenter.vm_info" in task for task in found)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(TOP)))
def test_nothing_is_asked_by_declaring_it_absent(path):
    assert questions(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "extra", [{"check_mode": True}, {"register": "there"}, {"changed_when": False}], ids=lambda extra: next(iter(extra))
)
@pytest.mark.parametrize("module", ["livelab.datacenter.vm_deploy", "vm_deploy", "livelab.datacenter.esxi_datastore"])
def test_a_question_put_so_is_found(module, extra):
    task = {"name": "Is it there?", module: {"name": "web", "state": "absent", "force": True}, **extra}
    for entries in ([task], [{"hosts": "all", "tasks": [task]}], [{"block": [{"rescue": [task], "block": []}]}]):
        assert questions(entries) == ["Is it there?"]


def test_a_removal_that_is_meant_is_none():
    assert questions([{"name": "Away with it", "vm_deploy": {"name": "web", "state": "absent"}}]) == []
    assert questions([{"name": "A file", "ansible.builtin.file": {"path": "/x", "state": "absent"}, "register": "x"}]) == []
