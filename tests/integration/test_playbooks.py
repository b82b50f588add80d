# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of chapter 3 on inventory/twin: once, again, in check mode, and killed in the middle."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tests.support.playbook import changed, finished, play, recap

pytestmark = pytest.mark.integration

CHAPTERS = ["playbooks/3_1_esxi.yml", "playbooks/3_2_storage.yml", "playbooks/3_3_vcenter.yml"]


def test_killed_in_the_middle_they_finish_the_job(twin):
    for seconds in (4, 9):
        process = play(twin, *CHAPTERS, start_new_session=True)
        time.sleep(seconds)
        subprocess.run(["kill", "-KILL", "--", f"-{process.pid}"], check=False)
        assert process.wait() in (-signal.SIGKILL, 0)
        process.stdout.close()
    hosts = recap(finished(play(twin, *CHAPTERS)))
    assert set(hosts) == {"esxi1", "esxi2", "nas1", "vcenter1"}


def test_a_second_run_changes_nothing(twin):
    assert changed(finished(play(twin, *CHAPTERS))) == []


def test_check_mode_finds_nothing_to_change(twin):
    assert changed(finished(play(twin, "--check", "--diff", *CHAPTERS))) == []


def test_no_password_is_shown(twin):
    output, _ = play(twin, "-vvv", "--diff", *CHAPTERS).communicate(timeout=300)
    for name in ("esxi", "vcenter", "nas", "chap"):
        assert twin.secret(name) not in output, name
