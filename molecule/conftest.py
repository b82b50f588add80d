"""What the tests of every role use: the role again with other values, and a reboot."""

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def run_role(host, request, tmp_path):
    """Runs the scenario's play on this machine alone, with other values of the role's variables; what Ansible says."""

    def run(*options, **variables):
        plays = yaml.safe_load((Path(request.path).parents[1] / "converge.yml").read_text())
        plays[0]["roles"][0]["vars"] |= variables
        (tmp_path / "play.yml").write_text(json.dumps(plays))
        command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"], "-l", host.backend.get_hostname()]
        plain = os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
        done = subprocess.run(
            [*command, *options, str(tmp_path / "play.yml")], capture_output=True, text=True, check=False, env=plain
        )
        done.said = " ".join((done.stdout + done.stderr).split())
        return done

    return run


@pytest.fixture
def reboot(host):
    """Reboots the machine and waits until it is up."""

    def run():
        # A file in memory is gone when it has.
        host.check_output("touch /run/before-the-reboot")
        with contextlib.suppress(RuntimeError):
            host.run("systemctl reboot")
        # What does not stop by itself has 90 s of systemd's.
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            # SSH that gets no answer is a RuntimeError.
            with contextlib.suppress(RuntimeError):
                if host.run("test ! -e /run/before-the-reboot && systemctl is-system-running --wait").stdout.strip():
                    return
            time.sleep(0.5)
        raise AssertionError("it did not come up again")

    return run
