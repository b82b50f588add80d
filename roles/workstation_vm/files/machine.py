#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one virtual machine in QEMU on this computer.

    machine.py start  DIRECTORY NAME [options]   starts it, when it does not run
    machine.py stop   DIRECTORY [--timeout S]    presses its power button and waits until it is off
    machine.py status DIRECTORY                  says whether it runs

Each prints one JSON object: ``running`` (bool), ``changed`` (bool), ``pid`` (int or null) and, of a running machine, ``accel``.
What goes wrong is said in one line on standard error, with exit status 1.

In DIRECTORY are disk.raw, and of a running machine qemu.pid, qmp.sock and serial.log. The process belongs to this machine
when its command line holds the path of that pid file: a number alone may meanwhile be another process's.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QEMU = "qemu-system-x86_64"
# Counts ecx down from 2^27, then writes 0x2a to the debug exit port. A processor does it in 0.1 s. Behind some /dev/kvm nothing
# runs, or every instruction is interpreted; then it takes minutes.
PROBE = bytes.fromhex("fa 66b900000008 6649 75fc b82a00 baf400 ef f4 ebfd").ljust(510, b"\0") + b"\x55\xaa"
PROBE_EXIT = (0x2A << 1) | 1
PROBE_SECONDS = 5

CONTROLLERS = {"pvscsi": "pvscsi", "lsilogic": "lsi53c895a", "lsisas1068": "mptsas1068"}


class MachineError(Exception):
    """Something that the caller has to know, in one sentence."""


def kvm_works() -> bool:
    """Whether a guest runs under KVM, found out by booting one: the device file may be there and yet be of no use."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with tempfile.NamedTemporaryFile(suffix=".img") as disk:
        disk.write(PROBE)
        disk.truncate(1 << 20)
        disk.flush()
        command = [QEMU, "-accel", "kvm", "-cpu", "host", "-m", "16", "-nodefaults", "-display", "none", "-no-reboot"]
        command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
        command += ["-drive", f"file={disk.name},format=raw,if=ide"]
        try:
            done = subprocess.run(command, timeout=PROBE_SECONDS, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        except (subprocess.TimeoutExpired, OSError):
            return False
    return done.returncode == PROBE_EXIT


def accelerator(wanted: str) -> list[str]:
    """QEMU's options for ``auto``, ``kvm`` or ``tcg``."""
    if wanted == "kvm" or (wanted == "auto" and kvm_works()):
        return ["-accel", "kvm", "-cpu", "host"]
    # The plainest 64-bit processor: a guest that sees AVX uses it throughout, and QEMU emulates it element by element.
    return ["-accel", "tcg,thread=multi", "-cpu", "qemu64"]


def process_of(directory: Path) -> int | None:
    """The process id of the running machine, or None."""
    pid_file = directory / "qemu.pid"
    try:
        pid = int(pid_file.read_text())
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(pid_file) in arguments else None


def accel_of(pid: int) -> str:
    """Which accelerator a running machine was started with."""
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return arguments[arguments.index("-accel") + 1].split(",")[0]


def status(directory: Path, changed: bool = False) -> dict:
    pid = process_of(directory)
    result = {"running": pid is not None, "changed": changed, "pid": pid}
    if pid is not None:
        result["accel"] = accel_of(pid)
    return result


def command_line(directory: Path, options: argparse.Namespace) -> list[str]:
    """The whole of QEMU's command line. Sockets are named relative to the directory: their paths may have 107 bytes at most."""
    if options.controller not in CONTROLLERS:
        raise MachineError(f"there is no disk controller {options.controller!r}; {', '.join(CONTROLLERS)} are possible")
    command = [QEMU, "-name", options.name, "-nodefaults", "-no-user-config", "-display", "none", "-daemonize"]
    command += ["-pidfile", str(directory / "qemu.pid"), *accelerator(options.accel)]
    command += ["-m", str(options.memory), "-smp", str(options.cpus)]
    # Nobody but this lab needs the disk to outlive a crash of this computer; waiting for its disk at every sync is what
    # makes installing packages slow.
    command += [
        "-drive",
        f"file={directory / 'disk.raw'},if=none,id=disk0,format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap",
    ]
    command += ["-device", f"{CONTROLLERS[options.controller]},id=scsi0", "-device", "scsi-hd,bus=scsi0.0,drive=disk0"]
    command += ["-netdev", f"{options.netdev},id=lan0", "-device", f"{options.nic},netdev=lan0,mac={options.mac}"]
    command += ["-serial", "file:serial.log", "-qmp", "unix:qmp.sock,server=on,wait=off"]
    return command


def start(directory: Path, options: argparse.Namespace) -> dict:
    if process_of(directory) is not None:
        return status(directory)
    if not (directory / "disk.raw").exists():
        raise MachineError(f"{directory / 'disk.raw'} is missing: build the machine first")
    with contextlib.suppress(FileNotFoundError):
        (directory / "qmp.sock").unlink()
    try:
        done = subprocess.run(
            command_line(directory, options),
            cwd=directory,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise MachineError(f"{QEMU}: {error.strerror}") from error
    if done.returncode != 0:
        raise MachineError(f"QEMU did not start: {' '.join(done.stderr.split())}")
    return status(directory, changed=True)


def press_power_button(directory: Path) -> None:
    """ACPI's power button, by QEMU's machine protocol."""
    os.chdir(directory)
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(10)
        monitor.connect("qmp.sock")
        with monitor.makefile("rw") as stream:
            stream.readline()  # the greeting
            for command in ("qmp_capabilities", "system_powerdown"):
                stream.write(json.dumps({"execute": command}) + "\n")
                stream.flush()
                while "return" not in json.loads(stream.readline()):
                    pass  # an event


def stop(directory: Path, timeout: float) -> dict:
    pid = process_of(directory)
    if pid is None:
        return status(directory)
    deadline = time.monotonic() + timeout
    pressed = 0.0
    while process_of(directory) is not None:
        now = time.monotonic()
        if now > deadline:
            raise MachineError(f"the guest of process {pid} did not shut down within {timeout:g} s")
        # A guest that is still booting does not hear the button: it is pressed again until it does.
        if now - pressed > 15:
            pressed = now
            try:
                press_power_button(directory)
            except (OSError, ValueError) as error:
                if process_of(directory) is not None:
                    raise MachineError(f"QEMU's monitor {directory / 'qmp.sock'} does not answer: {error}") from error
        time.sleep(0.2)
    return status(directory, changed=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="one virtual machine in QEMU")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start")
    starting.add_argument("directory", type=Path)
    starting.add_argument("name")
    starting.add_argument("--memory", type=int, default=512, help="MiB")
    starting.add_argument("--cpus", type=int, default=2)
    starting.add_argument("--accel", choices=["auto", "kvm", "tcg"], default="auto")
    starting.add_argument("--controller", default="pvscsi", help="; ".join(CONTROLLERS))
    starting.add_argument("--nic", default="vmxnet3")
    starting.add_argument("--mac", required=True)
    starting.add_argument("--netdev", default="user")
    stopping = commands.add_parser("stop")
    stopping.add_argument("directory", type=Path)
    stopping.add_argument("--timeout", type=float, default=120, help="seconds")
    commands.add_parser("status").add_argument("directory", type=Path)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    directory = options.directory.resolve()
    # An interrupted stop leaves the machine as it is.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        if options.command == "start":
            result = start(directory, options)
        elif options.command == "stop":
            result = stop(directory, options.timeout)
        else:
            result = status(directory)
    except MachineError as error:
        print(f"machine.py: {error}", file=sys.stderr)
        return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
