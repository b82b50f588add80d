# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role owncloud refuses, before it touches the machine. Each case is a run of Ansible of its own, in check mode."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.ansible import BIN, environment

pytestmark = pytest.mark.integration

ROLES = Path(__file__).parents[2] / "roles"
PASSWORDS = {"owncloud_db_password": "only-in-this-scenario-1", "owncloud_admin_password": "only-in-this-scenario-2"}
PYTHON = {"ansible_python_interpreter": sys.executable}


@pytest.fixture
def refuse(tmp_path):
    """Runs the role with these variables; returns what Ansible says, once it has failed and changed nothing."""

    def run(**variables):
        play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": ["owncloud"]}]
        (tmp_path / "play.yml").write_text(json.dumps(play))
        (tmp_path / "variables.json").write_text(json.dumps(PASSWORDS | PYTHON | variables))
        done = subprocess.run(
            [BIN / "ansible-playbook", "-i", "localhost,", "--check", "-e", f"@{tmp_path}/variables.json", tmp_path / "play.yml"],
            capture_output=True,
            text=True,
            check=False,
            env=environment(ANSIBLE_ROLES_PATH=str(ROLES), ANSIBLE_NOCOLOR="1"),
        )
        said = done.stdout + done.stderr
        assert done.returncode == 2, said
        assert "changed=0" in said
        assert "failed=1" in said
        assert not any(secret in said for secret in PASSWORDS.values())
        return " ".join(said.split())

    return run


@pytest.fixture
def archive(tmp_path):
    """A file that is not what was published; with its sum."""
    path = tmp_path / "owncloud.tar"
    path.write_bytes(b"something else")
    return str(path), hashlib.sha256(b"something else").hexdigest()


def test_wrong_checksum_is_told_with_both_sums(refuse, archive):
    path, found = archive
    said = refuse(owncloud_archive=path, owncloud_checksum="sha256:" + "0" * 64)
    assert f"The archive {path} has the sum sha256:{found}, but owncloud_checksum is sha256:{'0' * 64}" in said


@pytest.mark.parametrize("checksum", ["", "md5:" + "0" * 32])
def test_archive_without_a_checksum(refuse, archive, checksum):
    said = refuse(owncloud_archive=archive[0], owncloud_checksum=checksum)
    assert f'owncloud_checksum is "{checksum}"; with owncloud_archive or owncloud_url it has to be' in said


def test_archive_that_is_not_there(refuse):
    said = refuse(owncloud_archive="/none/owncloud.tar", owncloud_checksum="sha256:" + "0" * 64)
    assert "There is no archive /none/owncloud.tar on the machine that Ansible runs on" in said


def test_source_without_what_it_needs(refuse):
    assert 'owncloud_source is "download", and owncloud_url names no address' in refuse(owncloud_source="download")


def test_data_inside_of_the_program(refuse):
    said = refuse(owncloud_data_dir="/var/www/owncloud/data")
    assert "owncloud_data_dir (/var/www/owncloud/data) is inside of owncloud_root (/var/www/owncloud)" in said


def test_password_of_two_lines(refuse):
    assert "owncloud_db_password and owncloud_admin_password" in refuse(owncloud_db_password="two\nlines")


@pytest.mark.parametrize("least", [{"disk": 10**9, "memory": 1}, {"disk": 1, "memory": 10**9}])
def test_too_little_room(refuse, least):
    said = refuse(owncloud_least=least)
    assert f"MB of memory; {least['disk']} MB and {least['memory']} MB are the least" in said


@pytest.fixture
def signed(tmp_path):
    """The role's variables for an archive with a signature; and of somebody else's key."""
    archive = tmp_path / "owncloud.tar"
    archive.write_bytes(b"a release")
    keys = {}
    for who in ("publisher", "other"):
        home = tmp_path / who
        home.mkdir(mode=0o700)
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "", "--yes"]
        subprocess.run([*gpg, "--quick-generate-key", f"{who}@example.org", "ed25519", "sign"], check=True, capture_output=True)
        keys[who] = str(tmp_path / f"{who}.key")
        subprocess.run([*gpg, "--output", keys[who], "--armor", "--export"], check=True, capture_output=True)
        if who == "publisher":
            subprocess.run(
                [*gpg, "--output", tmp_path / "owncloud.asc", "--detach-sign", archive], check=True, capture_output=True
            )
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)
    variables = {"owncloud_archive": str(archive), "owncloud_signature": str(tmp_path / "owncloud.asc")}
    return variables | {"owncloud_signing_key": keys["publisher"]}, keys["other"]


def with_sum(variables):
    content = Path(variables["owncloud_archive"]).read_bytes()
    return variables | {"owncloud_checksum": f"sha256:{hashlib.sha256(content).hexdigest()}"}


def test_a_signature_is_by_the_publisher_and_of_the_archive(refuse, signed):
    variables, other = signed
    # What is well signed comes as far as the next refusal.
    assert "are the least" in refuse(**with_sum(variables), owncloud_least={"disk": 10**9, "memory": 1})
    assert "is no signature of" in refuse(**with_sum(variables | {"owncloud_signing_key": other}))
    Path(variables["owncloud_archive"]).write_bytes(b"another release")
    assert "is no signature of" in refuse(**with_sum(variables))


def test_a_signature_without_a_key(refuse, signed):
    assert "owncloud_signature needs owncloud_signing_key" in refuse(**with_sum(signed[0] | {"owncloud_signing_key": ""}))
