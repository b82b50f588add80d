# SPDX-License-Identifier: GPL-3.0-or-later
"""A twin for tests: its own directory and addresses, so that one that a user runs goes on undisturbed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

TOP = Path(__file__).parents[2]
BINARY = Path(os.environ.get("LABTWIN", TOP / "build" / "labtwin"))

# The networks of the tests' twins. `make lab` has 127.10.1 and 127.10.2.
CONTROL = os.environ.get("TEST_CONTROL_NETWORK", "127.28.1")
DATA = os.environ.get("TEST_DATA_NETWORK", "127.28.2")


class Twin:
    """A data centre in a directory of its own."""

    def __init__(self, directory: Path, backing: str = "model", config: str = "", control: str = CONTROL, data: str = DATA):
        self.dir = Path(directory)
        self.backing = backing
        self.control, self.data = control, data
        # What the twin starts carries the instance of the start in its environment.
        self.instances: set[str] = set()
        self.dir.mkdir(exist_ok=True)
        (self.dir / "lab.yml").write_text(f"control_network: {control}\ndata_network: {data}\n{config}", encoding="utf-8")

    def command(self, *args: str, check: bool = True) -> subprocess.CompletedProcess:
        """Run labtwin with this directory."""
        done = subprocess.run([BINARY, "--dir", self.dir, *args], capture_output=True, text=True, timeout=240, check=False)
        if check and done.returncode:
            raise AssertionError(f"labtwin {shlex.join(args)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def up(self) -> str:
        said = self.command("up", "--backing", self.backing).stdout
        self.instances.add(json.loads((self.dir / "labtwin.pid").read_text(encoding="utf-8"))["instance"])
        return said

    def down(self) -> str:
        return self.command("down").stdout

    def status(self) -> dict:
        return json.loads(self.command("status", "--json").stdout)

    def calls(self, endpoint: str) -> int:
        """API calls that an endpoint answered since the start."""
        return sum(self.status()["calls"].get(endpoint, {}).values())

    @property
    def env(self) -> dict[str, str]:
        """What `labtwin env` exports."""
        pairs = re.findall(r"^export (\w+)=(.*)$", self.command("env").stdout, re.MULTILINE)
        return {name: shlex.split(value)[0] for name, value in pairs}

    @property
    def description(self) -> dict:
        return json.loads((self.dir / "lab.json").read_text(encoding="utf-8"))

    def secret(self, name: str) -> str:
        text = (self.dir / "secrets.yml").read_text(encoding="utf-8")
        return re.search(rf"^lab_{name}_password: (\S+)$", text, re.MULTILINE)[1]

    def processes(self) -> list[tuple[int, str]]:
        """The processes of this data centre: (pid, command).

        Each has the directory in its arguments, or the instance of a start in its environment.
        """
        marks = {f"{self.dir} ", f"{self.dir}/", *(f"LABTWIN_INSTANCE={instance}" for instance in self.instances)}
        found = []
        for proc in Path("/proc").glob("[0-9]*"):
            try:
                command = (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environment = (proc / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if int(proc.name) != os.getpid() and any(mark in f"{command} {environment}" for mark in marks):
                found.append((int(proc.name), command))
        return found
