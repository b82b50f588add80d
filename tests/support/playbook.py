# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks on inventory/twin, against a test's own data centre."""

from __future__ import annotations

import os
import re
import signal
import subprocess

from tests.support.ansible import BIN, environment
from tests.support.twin import TOP, Twin


def play(twin: Twin, *args: str, **popen) -> subprocess.Popen:
    """Start ansible-playbook."""
    env = environment(LABTWIN_DIR=str(twin.dir), LAB_CONTROL_NETWORK=twin.control, LAB_DATA_NETWORK=twin.data)
    command = [BIN / "ansible-playbook", *args]
    return subprocess.Popen(command, cwd=TOP, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **popen)


def finished(process: subprocess.Popen, seconds: float = 300) -> str:
    """Wait for its end, assert that nothing failed, and return what it printed."""
    output, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, output[-20000:]
    return output


def killed_at(twin: Twin, line: str, *args: str) -> str:
    """Start a playbook, kill it and all that it started when it prints a line that begins so, and return what it printed.

    Asserts that it was at work then: it had not come to its end, nor died of itself.
    """
    process = play(twin, *args, start_new_session=True)
    printed = ""
    try:
        for one in process.stdout:
            printed += one
            if one.startswith(line):
                break
        else:
            raise AssertionError(f"it ended without '{line}':\n{printed[-5000:]}")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert process.returncode == -signal.SIGKILL, f"exit {process.returncode}:\n{printed[-5000:]}"
    return printed


def recap(output: str) -> dict[str, dict[str, int]]:
    """The last word on each host: {host: {"ok": …, "changed": …, "failed": …}}."""
    lines = re.findall(r"^(\w+) +: (ok=.*)$", output, re.MULTILINE)
    return {host: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in lines}


def changed(output: str) -> list[str]:
    """The tasks that changed something, as "task: host"."""
    task, found = "", []
    for line in output.splitlines():
        if match := re.match(r"(?:TASK|RUNNING HANDLER) \[(.*)\] \**$", line):
            task = match[1]
        elif match := re.match(r"changed: \[([^\]]+)\]", line):
            found.append(f"{task}: {match[1]}")
    assert len(found) >= sum(bool(counts["changed"]) for counts in recap(output).values()), output[-5000:]
    return found
