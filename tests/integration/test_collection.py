# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as others get it: built, installed into an empty place, and run from there without this checkout."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support import states
from tests.support.ansible import BIN, environment
from tests.support.playbook import recap
from tests.support.twin import TOP

pytestmark = pytest.mark.integration

SOURCE = TOP / "collections/ansible_collections/livelab/datacenter"
# Three tasks, one each for the vCenter, a host that joins it, and the NAS. The connection is in the environment.
PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  module_defaults:
    group/livelab.datacenter.vsphere:
      timeout: 60
  tasks:
    - livelab.datacenter.vcenter_datacenter: "{{ datacenter }}"
    - livelab.datacenter.vcenter_host: "{{ host | combine({'esxi_password': lookup('env', 'TEST_ESXI_PASSWORD')}) }}"
      no_log: true
    - livelab.datacenter.freenas_iscsi: "{{ target }}"
"""


def galaxy(*args: str | Path, home: Path) -> None:
    """Run ansible-galaxy collection, with no settings and no collections but what it is told of."""
    command = [BIN / "ansible-galaxy", "collection", *args]
    done = subprocess.run(command, cwd=home, env=outside(home), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def outside(home: Path) -> dict[str, str]:
    """The environment of a user who has no checkout: neither its ansible.cfg nor its collections."""
    empty = home / "ansible.cfg"
    empty.touch()
    return environment(HOME=str(home), ANSIBLE_CONFIG=str(empty), ANSIBLE_COLLECTIONS_PATH=str(home / "collections"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home directory that was empty, with the built collection installed in it."""
    place = tmp_path_factory.mktemp("home")
    galaxy("build", SOURCE, "--output-path", place, home=place)
    (package,) = place.glob("livelab-datacenter-*.tar.gz")
    galaxy("install", package, "--collections-path", place / "collections", "--offline", home=place)
    return place


@pytest.fixture
def run(home, ansible, twin):
    """Runs the playbook of three tasks from that home directory: its exit status and what it said."""
    (home / "playbook.yml").write_text(PLAYBOOK, encoding="utf-8")
    host = {name: value for name, value in states.host(twin, 1).items() if name != "esxi_password"}
    variables = {"datacenter": {"name": states.DATACENTER}, "host": host, "target": states.target(twin)}
    command = [BIN / "ansible-playbook", "-vvv", "-i", "localhost,", "playbook.yml", "-e", json.dumps(variables)]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    connection = {**ansible.vsphere("vcenter"), **ansible.freenas(), "TEST_ESXI_PASSWORD": twin.secret("esxi")}

    def once() -> tuple[int, str]:
        env = {**outside(home), **connection}
        done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, timeout=300, check=False)
        return done.returncode, done.stdout + done.stderr

    return once


def test_the_package_holds_the_collection_and_nothing_else(home):
    """What tests and editors leave in the folder is not handed on; nothing of the collection is left out."""
    (package,) = home.glob("livelab-datacenter-*.tar.gz")
    with tarfile.open(package) as archive:
        packed = {member.name for member in archive if not member.isdir()}
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    ours = set(subprocess.run(listed, cwd=SOURCE, capture_output=True, text=True, check=True).stdout.split())
    assert packed - {"MANIFEST.json", "FILES.json"} == {name for name in ours if (SOURCE / name).exists()} - {"galaxy.yml"}


def test_every_module_is_documented_there(home):
    command = [BIN / "ansible-doc", "--json", "--type", "module", "--list", "livelab.datacenter"]
    done = subprocess.run(command, cwd=home, env=outside(home), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    names = {f"livelab.datacenter.{path.stem}" for path in (SOURCE / "plugins/modules").glob("*.py")}
    assert set(json.loads(done.stdout)) == names


def test_three_tasks_run_from_there(home, run):
    status, output = run()
    assert status == 0, output
    assert recap(output)["localhost"] == {
        "ok": 3,
        "changed": 3,
        "unreachable": 0,
        "failed": 0,
        "skipped": 0,
        "rescued": 0,
        "ignored": 0,
    }
    used = re.findall(r"Using module file (\S*/livelab/\S+)", output)
    assert len(used) == 3
    assert all(Path(file).is_relative_to(home / "collections") for file in used), used
    assert str(TOP / "collections") not in output

    status, output = run()
    assert status == 0, output
    assert recap(output)["localhost"]["changed"] == 0


def test_what_the_modules_stand_on_is_taken_from_there_too(home, run):
    """With a file less in that place the same playbook cannot run, whatever the checkout has."""
    core = home / "collections/ansible_collections/livelab/datacenter/plugins/module_utils/core"
    (core / "converge.py").rename(core / "away")
    status, output = run()
    (core / "away").rename(core / "converge.py")
    assert status != 0
    assert "module_utils.core.converge" in output
