# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles/workstation_vm/files/machine.py takes for its own machine, and what it says of what it cannot do."""

import argparse
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support.source import TOP, load

SCRIPT = "roles/workstation_vm/files/machine.py"


@pytest.fixture(scope="module")
def machine():
    return load(SCRIPT)


@pytest.fixture
def sleeper(tmp_path):
    """A process that is called as QEMU would be: with the pid file's path as an argument."""
    started = []

    def start(*arguments):
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *arguments])
        started.append(process)
        while not Path(f"/proc/{process.pid}/cmdline").read_bytes():
            time.sleep(0.01)  # it is being started
        (tmp_path / "qemu.pid").write_text(f"{process.pid}\n")
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def options(**changes):
    wanted = {"name": "web", "accel": "tcg", "memory": 512, "cpus": 2, "controller": "pvscsi", "nic": "vmxnet3"}
    return argparse.Namespace(**(wanted | {"mac": "00:50:56:00:01:50", "netdev": "user"} | changes))


def test_no_pid_file_is_no_machine(machine, tmp_path):
    assert machine.status(tmp_path) == {"running": False, "changed": False, "pid": None}


def test_another_process_with_the_recorded_number_is_not_the_machine(machine, sleeper, tmp_path):
    sleeper()
    assert machine.process_of(tmp_path) is None


def test_the_machine_is_known_by_its_pid_file(machine, sleeper, tmp_path):
    process = sleeper("-pidfile", str(tmp_path / "qemu.pid"), "-accel", "tcg,thread=multi")
    assert machine.status(tmp_path) == {"running": True, "changed": False, "pid": process.pid, "accel": "tcg"}


def test_a_pid_file_without_a_number_is_no_machine(machine, tmp_path):
    (tmp_path / "qemu.pid").write_text("")
    assert machine.process_of(tmp_path) is None


def test_stop_of_a_machine_that_is_off_changes_nothing(machine, tmp_path):
    assert machine.stop(tmp_path, 1) == {"running": False, "changed": False, "pid": None}


def test_stop_says_that_the_monitor_does_not_answer(machine, sleeper, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sleeper("-pidfile", str(tmp_path / "qemu.pid"), "-accel", "tcg")
    with pytest.raises(machine.MachineError, match=r"qmp\.sock does not answer"):
        machine.stop(tmp_path, 1)


def test_the_power_button_is_pressed_through_events(machine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    heard = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("qmp.sock")
        listener.listen()

        def monitor():
            peer, _ = listener.accept()
            with peer, peer.makefile("rw") as stream:
                for answer in ('{"QMP": {}}', '{"return": {}}', '{"event": "POWERDOWN"}\n{"return": {}}'):
                    stream.write(answer + "\n")
                    stream.flush()
                    heard.append(stream.readline())

        thread = threading.Thread(target=monitor)
        thread.start()
        machine.press_power_button(tmp_path)
        thread.join(10)
    assert heard[:2] == ['{"execute": "qmp_capabilities"}\n', '{"execute": "system_powerdown"}\n']


def test_start_without_a_disk_names_it(tmp_path):
    done = subprocess.run(
        [sys.executable, TOP / SCRIPT, "start", tmp_path, "web", "--mac=00:50:56:00:01:50"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"machine.py: {tmp_path / 'disk.raw'} is missing: build the machine first\n"


def test_start_says_what_qemu_says(machine, tmp_path, monkeypatch):
    (tmp_path / "disk.raw").touch()
    qemu = tmp_path / "qemu"
    qemu.write_text("#!/bin/sh\necho 'Could not set up host forwarding rule' >&2\nexit 1\n")
    os.chmod(qemu, 0o755)
    monkeypatch.setattr(machine, "QEMU", str(qemu))
    with pytest.raises(machine.MachineError, match="QEMU did not start: Could not set up host forwarding rule"):
        machine.start(tmp_path, options())


def test_an_unknown_controller_is_named_with_those_there_are(machine, tmp_path):
    with pytest.raises(machine.MachineError, match=r"'buslogic'; pvscsi, lsilogic, lsisas1068 are possible"):
        machine.command_line(tmp_path, options(controller="buslogic"))


def test_the_network_adapter_has_its_address_and_its_network(machine, tmp_path):
    command = machine.command_line(tmp_path, options(netdev="stream,server=off"))
    assert "stream,server=off,id=lan0" in command
    assert "vmxnet3,netdev=lan0,mac=00:50:56:00:01:50" in command
