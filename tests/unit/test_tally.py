# SPDX-License-Identifier: GPL-3.0-or-later
"""What was not run does not pass for passed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import go_tests, tally

PYTEST = "=========== 12 passed, 1 xfailed in 3.21s ===========\n"
FAILED = "FAILED tests/x.py::test_y\n====== 1 failed, 3 passed, 1 error in 3.21s (0:00:03) ======\n"
NO_ROOT = "SKIPPED [1] tests/x.py:5: this user is an ordinary one\n=== 2 passed, 1 skipped in 0.1s ===\n"
NO_TOOL = "    qemu_test.go:46: qemu-system-x86_64 is not installed\n7 passed, 0 failed, 1 skipped\n"
NO_KVM = "    accel_test.go:56: there is no /dev/kvm to find out about\n7 passed, 0 failed, 1 skipped\n"
NO_SCHEMAS = "        schema_test.go:29: not run: no ../shared/truenas\n7 passed, 0 failed, 2 skipped\n"
NO_LIBRARY = "SKIPPED [1] tests/x.py:5: could not import 'requests'\n=== 2 passed, 1 skipped in 0.1s ===\n"


@pytest.mark.parametrize(
    ("status", "log", "word", "counts", "code"),
    [
        (0, PYTEST, "passed", "12 passed, 0 failed, 0 not run", 0),
        (0, PYTEST + PYTEST, "passed", "24 passed, 0 failed, 0 not run", 0),
        (0, "All checks passed!\n", "passed", "1 passed, 0 failed, 0 not run", 0),
        (1, FAILED, "FAILED", "3 passed, 2 failed, 0 not run", 1),
        (2, "", "FAILED", "0 passed, 1 failed, 0 not run", 1),
        (1, PYTEST, "FAILED", "12 passed, 1 failed, 0 not run", 1),
        (77, "==> its machines need root\n", "NOT RUN", "0 passed, 0 failed, 1 not run", 1),
        (0, NO_ROOT, "in part", "2 passed, 0 failed, 1 not run", 0),
        (0, NO_KVM, "in part", "7 passed, 0 failed, 1 not run", 0),
        (0, NO_SCHEMAS, "in part", "7 passed, 0 failed, 2 not run", 0),
        (1, NO_KVM, "FAILED", "7 passed, 1 failed, 1 not run", 1),
        (0, NO_TOOL, "INCOMPLETE", "7 passed, 0 failed, 1 not run", 1),
        (0, NO_LIBRARY, "INCOMPLETE", "2 passed, 0 failed, 1 not run", 1),
    ],
)
def test_the_end_of_a_suite(tmp_path, capsys, status, log, word, counts, code):
    (tmp_path / "unit.log").write_text(log, encoding="utf-8")
    (tmp_path / "unit.end").write_text(f"{status} 9\n", encoding="utf-8")
    assert tally.main(str(tmp_path), "unit") == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split()[1:-4] == word.split()
    assert lines[-1] == counts


def test_a_suite_without_an_end_was_not_run(tmp_path, capsys):
    assert tally.main(str(tmp_path), "e2e") == 1
    assert "not run: e2e" in capsys.readouterr().out


@pytest.mark.parametrize("sudo", ["exit 1", None], ids=["sudo asks for a password", "no sudo"])
def test_molecule_without_root_is_not_run(tmp_path, sudo):
    """As an ordinary user sees it: `id` says so, and sudo gives nothing."""
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name))
    for name, does in (("id", "echo 1000"), ("sudo", sudo), ("molecule", "echo it runs")):
        if does:
            (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
            (tmp_path / name).chmod(0o755)
    script = Path(tally.__file__).with_name("molecule.sh")
    done = subprocess.run(
        [shutil.which("bash"), script, "debian"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == tally.NOT_RUN, done
    assert "molecule: not run" in done.stdout
    assert "it runs" not in done.stdout


def go(*events):
    return [json.dumps({"Package": "p", **event}) for event in events]


def test_go_tests_are_counted_and_skips_say_why():
    counts, printed = go_tests.read(
        go(
            {"Action": "pass", "Test": "TestA"},
            {"Action": "output", "Test": "TestB", "Output": "    b_test.go:4: tgtd is not installed\n"},
            {"Action": "skip", "Test": "TestB"},
            {"Action": "output", "Test": "TestC", "Output": "    c_test.go:4: got 5\n"},
            {"Action": "fail", "Test": "TestC"},
            {"Action": "fail"},
            {"Action": "skip", "Package": "without tests"},
        )
    )
    assert (counts["pass"], counts["fail"], counts["skip"]) == (1, 1, 1)
    assert "    b_test.go:4: tgtd is not installed" in printed
    assert "    c_test.go:4: got 5" in printed


def test_a_package_that_does_not_build_fails():
    counts, printed = go_tests.read(
        go({"Action": "build-output", "Output": "x.go:1: syntax error\n"}, {"Action": "build-fail"}, {"Action": "fail"})
    )
    assert counts["packages failed"] == 1
    assert "x.go:1: syntax error" in printed
