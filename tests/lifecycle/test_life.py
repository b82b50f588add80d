# SPDX-License-Identifier: GPL-3.0-or-later
"""labtwin comes up, goes down, survives being killed, and touches nothing that is not its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from tests.support import states
from tests.support import twin as support
from tests.support.ansible import Ansible
from tests.support.twin import BINARY, Twin

pytestmark = pytest.mark.integration

# Beside the networks of the other tests' twins: this one goes up and down while they run.
CONTROL, DATA = f"{support.CONTROL}1", f"{support.DATA}1"


@pytest.fixture
def twin(tmp_path):
    data_centre = Twin(tmp_path / "lab", control=CONTROL, data=DATA)
    yield data_centre
    data_centre.down()


def answers(address: str, port: int) -> bool:
    with socket.socket() as connection:
        connection.settimeout(2)
        return connection.connect_ex((address, port)) == 0


def eventually(condition, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not (happened := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return bool(happened)


def serve_a_lun(twin: Twin) -> None:
    done = Ansible(twin).run("freenas_iscsi", states.target(twin), "nas")
    assert not done.failed, done.msg


def luns(twin: Twin) -> str:
    """What an initiator is told of targets and their LUNs by a NAS that serves iSCSI."""
    return subprocess.run(
        ["iscsi-ls", "-s", f"iscsi://{twin.data}.129:3260"], capture_output=True, text=True, timeout=30, check=True
    ).stdout


def test_up_returns_when_every_endpoint_answers(twin):
    assert twin.up().startswith("up: backing model")
    for last in (11, 12, 20, 131):
        assert answers(f"{CONTROL}.{last}", 8443), last
    assert twin.up().startswith("already up")
    assert twin.status()["running"] is True


def test_up_with_another_backing_is_refused(twin):
    twin.up()
    refused = twin.command("up", "--backing", "qemu", check=False)
    assert refused.returncode == 1
    assert "already" in refused.stderr
    assert "down" in refused.stderr


def test_down_ends_all_that_it_started_and_nothing_else(twin):
    twin.up()
    serve_a_lun(twin)
    assert any("tgtd" in command for _, command in twin.processes())
    other = subprocess.Popen(["sleep", "60"])
    try:
        assert twin.down() == "down\n"
        assert twin.processes() == []
        assert not answers(f"{CONTROL}.20", 8443)
        assert not answers(f"{DATA}.129", 3260)
        assert other.poll() is None, "it ended a process that was not its own"
    finally:
        other.kill()
        other.wait()
    assert twin.down() == "already down\n"
    assert twin.status()["running"] is False


def test_killed_it_leaves_no_process_and_comes_up_again(twin):
    twin.up()
    serve_a_lun(twin)
    os.kill(twin.status()["pid"], signal.SIGKILL)
    assert eventually(lambda: twin.processes() == []), twin.processes()
    assert twin.status()["running"] is False
    assert twin.up().startswith("up:")
    assert states.TARGET in luns(twin), "the LUN is served again without anyone's asking"


@pytest.mark.parametrize("written", ["labtwin.pid", "secrets.yml"])
def test_killed_before_it_is_up(twin, written):
    """Killed when that file of a start has been written, and stopped before, to see that it was not up yet."""
    log = twin.dir / "killed.log"
    with log.open("w") as output:
        process = subprocess.Popen([BINARY, "--dir", twin.dir, "run", "--backing", "model"], stderr=output)
    try:
        deadline = time.monotonic() + 10
        while not (twin.dir / written).exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        assert (twin.dir / written).exists(), log.read_text()
        assert process.poll() is None, log.read_text()
        assert "up, backing" not in log.read_text(), "it was up already: this test came too late"
    finally:
        process.kill()
        process.wait()
    assert twin.up().startswith("up:")
    assert answers(f"{CONTROL}.20", 8443)


def test_a_taken_address_is_said_and_nothing_stays(twin):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((f"{CONTROL}.20", 8443))
        taken.listen()
        refused = twin.command("up", "--backing", "model", check=False)
        assert refused.returncode == 1
        assert f"{CONTROL}.20:8443" in refused.stderr
        assert "in use" in refused.stderr
        assert twin.processes() == []
        assert not answers(f"{CONTROL}.11", 8443)
    assert twin.up().startswith("up:")


def test_a_key_that_is_not_known_is_said(twin):
    (twin.dir / "lab.yml").write_text("colour: green\n", encoding="utf-8")
    refused = twin.command("up", check=False)
    (twin.dir / "lab.yml").unlink()
    assert refused.returncode == 1
    assert "colour" in refused.stderr
    assert twin.status()["running"] is False


def test_secrets_are_for_this_user_only_and_in_no_log(twin):
    twin.up()
    for name in ("secrets.yml", "labtwin.log"):
        assert stat.S_IMODE((twin.dir / name).stat().st_mode) == 0o600, name
    serve_a_lun(twin)
    log = (twin.dir / "labtwin.log").read_text(encoding="utf-8")
    commands = " ".join(command for _, command in twin.processes())
    assert "tgtd" in commands
    for name in ("esxi", "vcenter", "nas", "chap"):
        assert twin.secret(name) not in log, name
        assert twin.secret(name) not in commands, name


def test_reset_is_a_freshly_installed_data_centre(twin):
    twin.up()
    serve_a_lun(twin)
    assert states.TARGET in luns(twin)
    before = twin.secret("esxi"), twin.description["thumbprints"]
    (twin.dir / "report").mkdir()
    twin.command("reset")
    assert twin.status()["running"] is True
    assert not answers(f"{DATA}.129", 3260), "a fresh NAS serves no iSCSI"
    assert (twin.secret("esxi"), twin.description["thumbprints"]) == before
    assert not (twin.dir / "report").exists()
    assert len(list(twin.dir.glob("report-*"))) == 1, "what was measured is kept"


@pytest.mark.skipif(os.getuid() != 0, reason="this user is an ordinary one: the other tests show it")
def test_an_ordinary_user_can_run_it(tmp_path_factory):
    nobody = pwd.getpwnam("nobody")
    home = tmp_path_factory.mktemp("nobody", numbered=True)
    for directory in (home, home.parent, home.parent.parent):
        directory.chmod(0o755)
    shutil.copy(BINARY, home / "labtwin")
    twin = Twin(home / "lab", control=CONTROL, data=DATA)
    for path in (home, home / "lab", home / "lab" / "lab.yml", home / "labtwin"):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)

    def run(*args: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [home / "labtwin", "--dir", home / "lab", *args],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd=home,
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    try:
        started = run("up", "--backing", "model")
        assert started.returncode == 0, started.stderr
        serve_a_lun(twin)
        assert states.TARGET in luns(twin)
    finally:
        assert run("down").returncode == 0
