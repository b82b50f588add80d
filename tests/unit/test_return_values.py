# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module that plans changes returns is documented in each, in the same words."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work, converge

SCRIPT = Path(__file__).parents[2] / "scripts/return_values.py"
MODULES = SCRIPT.parents[1] / "collections/ansible_collections/livelab/datacenter/plugins/modules"
# What Ansible documents for all modules.
ANSIBLES = {"changed", "msg", "diff"}


def return_values(*args: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, SCRIPT, *args], capture_output=True, text=True, timeout=60, check=False)


def documented(module: Path) -> dict:
    """What a module's RETURN says."""
    found = re.search(r'^RETURN = r"""\n(.*?)^"""$', module.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return yaml.safe_load(found[1])


def test_the_modules_are_as_they_are_written():
    done = return_values("--check")
    assert done.returncode == 0, done.stderr


def test_what_is_the_modules_own_stays(tmp_path):
    """One that is put right has the shared values again, keeps its own and the sample, and is not written twice."""
    module = tmp_path / "esxi_datastore.py"
    shutil.copy(MODULES / module.name, module)
    before = documented(module)
    text = module.read_text(encoding="utf-8")
    bent = re.sub(r"^not_reached:\n(?: .*\n)+", "", text, flags=re.MULTILINE).replace("What was changed, in order", "Something")
    module.write_text(bent, encoding="utf-8")
    stale = return_values("--check", "--modules", tmp_path)
    assert stale.returncode == 1
    assert "esxi_datastore" in stale.stderr
    assert return_values("--modules", tmp_path).returncode == 0
    assert documented(module) == before
    assert before["changes"]["sample"]
    assert before["datastore"]
    assert return_values("--check", "--modules", tmp_path).returncode == 0


class Module:
    """As much of an AnsibleModule as converge knows."""

    def __init__(self):
        self.params: dict = {}
        self.check_mode = False
        self._diff = True
        self.no_log_values: list = []
        self.answer: dict = {}

    def exit_json(self, **answer):
        self.answer = answer

    fail_json = exit_json


class Fails(Work):
    """One change that is made, one that fails, one that is not reached."""

    def read(self):
        return None

    def make(self, change):
        if change.what == "second":
            raise ConvergeError("no")


def test_what_is_documented_is_what_converge_returns():
    changes = [Change(what, None, {}, "make") for what in ("first", "second", "third")]
    failed, well = Module(), Module()
    converge(failed, Fails({}), plan=lambda _state, _params: changes)
    converge(well, Fails({}), plan=lambda _state, _params: changes[:1])
    returned = (set(failed.answer) | set(well.answer)) - ANSIBLES
    of_a_module = documented(MODULES / "esxi_network.py")
    assert returned == {name for name in of_a_module if name in ("changes", "failed_change", "not_reached")}
    assert set(failed.answer["failed_change"]) == set(of_a_module["changes"]["contains"])
