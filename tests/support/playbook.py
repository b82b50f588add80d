# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks on inventory/twin, against a test's own data centre."""

from __future__ import annotations

import re
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
