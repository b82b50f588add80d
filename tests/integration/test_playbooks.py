# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of chapter 3 on inventory/twin: once, again, in check mode, and killed in the middle."""

from __future__ import annotations

import pytest

from tests.support.playbook import changed, finished, killed_at, play, recap

pytestmark = pytest.mark.integration

CHAPTERS = ["playbooks/3_1_esxi.yml", "playbooks/3_2_storage.yml", "playbooks/3_3_vcenter.yml"]


@pytest.mark.parametrize("host", ["esxi1", "nas1", "vcenter1"])
def test_killed_in_the_middle_they_go_on_from_there(twin, host):
    """Killed once it has changed something on that host, with the rest not done."""
    assert f"changed: [{host}]" in killed_at(twin, f"changed: [{host}]", *CHAPTERS)


def test_what_was_left_is_finished(twin):
    output = finished(play(twin, *CHAPTERS))
    assert set(recap(output)) == {"esxi1", "esxi2", "nas1", "vcenter1"}
    assert changed(output) != [], "nothing was left to do: it was not killed in the middle"


def test_a_second_run_changes_nothing(twin):
    assert changed(finished(play(twin, *CHAPTERS))) == []


def test_check_mode_finds_nothing_to_change(twin):
    assert changed(finished(play(twin, "--check", "--diff", *CHAPTERS))) == []


def test_no_password_is_shown(twin):
    output = finished(play(twin, "-vvv", "--diff", *CHAPTERS))
    for name in ("esxi", "vcenter", "nas", "chap"):
        assert twin.secret(name) not in output, name
