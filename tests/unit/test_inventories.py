# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventories of real sites: what they have in common stands once, and each is whole."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

INVENTORY = Path(__file__).parents[2] / "inventory"
COMMON = INVENTORY / "common"
SITES = ("virtual", "physical")


def variables(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def own_variables(site: str) -> dict[str, object]:
    """What a site's hosts.yml says of all hosts or of a group, as "group.name"."""
    tree = yaml.safe_load((INVENTORY / site / "hosts.yml").read_text(encoding="utf-8"))["all"]
    groups = {"all": tree, **tree["children"]}
    return {f"{group}.{name}": value for group, found in groups.items() for name, value in found.get("vars", {}).items()}


@pytest.mark.parametrize("site", SITES)
def test_every_file_of_group_vars_is_the_common_one_or_a_sites_secrets(site):
    files = [path for path in (INVENTORY / site / "group_vars").rglob("*") if not path.is_dir() and path.name != "vault.yml"]
    assert {path.resolve() for path in files} == {path.resolve() for path in COMMON.iterdir()}


@pytest.mark.parametrize("site", SITES)
def test_a_site_says_nothing_that_the_common_files_say(site):
    common = {name for path in COMMON.iterdir() for name in variables(path)}
    assert [name for name in own_variables(site) if name.split(".")[1] in common] == []


@pytest.mark.parametrize("site", SITES)
def test_ansible_reads_common_and_own_variables_of_a_site(site, tmp_path):
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-inventory"), "-i", INVENTORY / site, "--list"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"ANSIBLE_HOME": str(tmp_path)},
    )
    hosts = json.loads(done.stdout)["_meta"]["hostvars"]
    assert set(hosts) == {"esxi1", "esxi2", "vcenter1", "nas1", "web", "workstation1"}
    assert all(found["datacenter_name"] == "Thesis" and found["iscsi_portal_address"] for found in hosts.values())
    assert ("vmotion_settle" in hosts["vcenter1"]) == (site == "physical")
