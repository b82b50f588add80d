# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phases of moves from logs in the forms of ESXi 5.5 and 6.0, 6.7, and 8.0; the sources of the forms are named in phases.py."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.phases import Phases, migrations, phases

OLD, NEW = "1451061663105920", "8743996508480001077"
A, B = "192.168.2.11", "192.168.2.12"


def process(time: str, text: str, release: str) -> str:
    """A line of vmware.log."""
    return f"2023-04-15T{time}Z In(05) vmx - {text}" if release == "8.0" else f"2023-04-15T{time}Z| vmx| I120: {text}"


def kernel(time: str, text: str, release: str) -> str:
    """A line of vmkernel.log."""
    before = "In(182) vmkernel: cpu4:2758489 opID=d5991c6f)" if release == "8.0" else "cpu4:2758489)"
    return f"2023-04-15T{time}Z {before}{text}"


def source_kernel(release: str, mid: str) -> str:
    begin = {
        "8.0": f"Migrate: 314: vmotion: Source vmmLeaderID = 2118927, ts = {mid}, srcIP = <{A}> dstIP = <{B}> "
               "Dest wid = 2109446 using SHARED swap, encrypted",
    }.get(release, f"Migrate: vm 2758492: 3284: Setting VMOTION info: Source ts = {mid}, src ip = <{A}> dest ip = <{B}> "
                   "Dest wid = 1830931 using SHARED swap")
    goal = {"5.5": "1.000"}.get(release, "0.500")
    return "\n".join([
        kernel("08:52:34.900", begin, release),
        kernel("08:52:34.910", "Tcpip_Vmk: 1288: Affinitizing 192.168.2.11 to world 2772001, Success", release),
        kernel("08:52:37.250",
               f"VMotion: 4650: {mid} S: Stopping pre-copy: only 1296 pages left to send, which can be sent within the "
               f"switchover time goal of {goal} seconds (network bandwidth ~145.404 MB/s, 101088% t2d)", release),
        kernel("08:52:37.300", f"VMotionSend: 4156: {mid} S: Sent all modified pages to destination", release),
    ])


def source_process(release: str, mid: str) -> str:
    lines = [
        ("08:52:34.879", f"Received migrate 'to' request for mid id {mid}, src ip <{A}>, dst ip <{B}>."),
        ("08:52:34.880", "MigrateSetState: Transitioning from state 0 to 1."),
        ("08:52:35.100", "MigrateSetState: Transitioning from state 1 to 2."),
        ("08:52:37.260", "MigrateSetState: Transitioning from state 2 to 3."),
        ("08:52:37.270", "Migrate: VM starting stun, waiting 100 seconds for go/no-go message."),
        ("08:52:37.280", "Migrate: VM successfully stunned"),
        ("08:52:37.350", "MigrateSetState: Transitioning from state 3 to 4."),
        ("08:52:37.500", "MigrateSetState: Transitioning from state 4 to 5."),
        ("08:52:37.510", "MigrateSetState: Transitioning from state 5 to 0."),
    ]
    return "\n".join(process(time, text, release) for time, text in lines)


def destination_process(release: str, mid: str) -> str:
    lines = [
        # Another clock: it is two minutes ahead.
        ("08:54:34.900", f"Received migrate 'from' request for mid id {mid}, src ip <{A}>, dst ip <{B}>."),
        ("08:54:34.901", "MigrateSetState: Transitioning from state 0 to 7."),
        ("08:54:35.000", f"Migrate_Open: Restoring from <{A}> with migration id {mid}"),
        ("08:54:37.450", "MigrateSetState: Transitioning from state 10 to 11."),
        ("08:54:37.460", "Checkpoint_Unstun: vm stopped for 188405 us"),
        ("09:30:00.000", "Checkpoint_Unstun: vm stopped for 999999 us"),
    ]
    return "\n".join(process(time, text, release) for time, text in lines)


RELEASES = [("5.5", OLD), ("6.7", OLD), ("8.0", NEW)]


@pytest.mark.parametrize(("release", "mid"), RELEASES)
def test_all_logs_of_a_move(release, mid):
    found = phases(mid, source_kernel(release, mid), source_process(release, mid), destination_process(release, mid))
    assert (found.migration, found.source, found.destination) == (mid, A, B)
    assert found.began.isoformat() == "2023-04-15T08:52:34.879000+00:00"
    assert (found.setup_s, found.precopy_s, found.switchover_s, found.total_s) == (0.221, 2.15, 0.25, 2.621)
    assert found.downtime_s == 0.188405
    assert (found.pages_left, found.bytes_left, found.bandwidth) == (1296, 1296 * 4096, 145.404)
    assert found.goal_s == (1.0 if release == "5.5" else 0.5)


@pytest.mark.parametrize(("release", "mid"), RELEASES)
def test_the_order_of_the_logs_does_not_matter(release, mid):
    texts = [source_kernel(release, mid), source_process(release, mid), destination_process(release, mid)]
    assert phases(mid, *texts) == phases(mid, *reversed(texts))


@pytest.mark.parametrize(("release", "mid"), RELEASES)
def test_without_the_kernel_s_log_the_process_tells_when_precopy_ended(release, mid):
    found = phases(mid, source_process(release, mid))
    assert (found.setup_s, found.precopy_s, found.switchover_s, found.total_s) == (0.221, 2.16, 0.24, 2.621)
    assert (found.pages_left, found.bytes_left, found.downtime_s, found.bandwidth) == (None, None, None, None)


@pytest.mark.parametrize(("release", "mid"), RELEASES)
def test_with_the_kernel_s_log_alone_the_phases_are_unknown_and_the_pages_not(release, mid):
    found = phases(mid, source_kernel(release, mid))
    assert found.began.isoformat() == "2023-04-15T08:52:34.900000+00:00"
    assert (found.setup_s, found.precopy_s, found.switchover_s, found.total_s, found.downtime_s) == (None,) * 5
    assert (found.source, found.destination, found.pages_left) == (A, B, 1296)


@pytest.mark.parametrize(("release", "mid"), RELEASES)
def test_with_the_destination_alone_how_long_it_stood_is_known(release, mid):
    found = phases(mid, destination_process(release, mid))
    assert found.downtime_s == 0.188405
    assert (found.began, found.total_s) == (None, None)


@pytest.mark.parametrize(("lost", "unknown"), [
    ("Received migrate 'to'", {"setup_s", "precopy_s", "switchover_s", "total_s"}),
    ("from state 1 to 2", {"setup_s", "precopy_s"}),
    ("from state 4 to 5", {"switchover_s", "total_s"}),
    ("Checkpoint_Unstun: vm stopped for 188405", {"downtime_s"}),
    ("Stopping pre-copy", {"pages_left", "bytes_left", "goal_s", "bandwidth"}),
])
def test_a_lost_line_leaves_unknown_what_it_told(lost, unknown):
    texts = [source_kernel("8.0", NEW), source_process("8.0", NEW), destination_process("8.0", NEW)]
    whole = phases(NEW, *texts)
    found = phases(NEW, *("\n".join(line for line in text.splitlines() if lost not in line) for text in texts))
    none = {name for name in vars(whole) if getattr(found, name) is None}
    assert none == unknown


@pytest.mark.parametrize("broken", [
    "", "\0\0", "no log at all", "2023-99-99T08:52:34.879Z cpu0:1)VMotion: 1: 7 S: Stopping pre-copy: only many pages left",
    "MigrateSetState: Transitioning from state 1 to 2.", "Checkpoint_Unstun: vm stopped for 5 us",
    "2023-04-15T08:52:34.879Z In(05) vmx - Received migrate 'to' request for mid id ",
])
def test_what_is_broken_is_passed_over(broken):
    assert migrations(broken) == []
    assert phases(NEW, broken) == Phases(NEW)


def test_a_line_that_was_cut_at_the_end_of_a_file():
    text = source_process("8.0", NEW)
    for end in range(0, len(text), 7):
        found = phases(NEW, text[:end])
        assert found.total_s in (None, 2.621)


def test_a_line_without_what_stands_in_brackets():
    text = f"2023-04-15T08:52:37.250Z cpu4:1)VMotion: 4650: {OLD} S: Stopping pre-copy: only 43 pages were modified"
    found = phases(OLD, text)
    assert (found.pages_left, found.goal_s, found.bandwidth) == (43, None, None)


def test_times_in_the_wrong_order_are_no_phase():
    text = source_process("8.0", NEW).replace("08:52:37.500", "08:52:30.000")
    found = phases(NEW, text)
    assert (found.switchover_s, found.total_s, found.precopy_s) == (None, None, 2.16)


def test_several_moves_in_one_file_are_told_apart():
    later = "1451061669999999"
    back = source_process("6.7", later).replace("T08:", "T10:").replace("10:52:37.500", "10:52:39.500")
    texts = [source_process("6.7", OLD) + "\n" + back, destination_process("6.7", OLD)]
    assert migrations(*texts) == [OLD, later]
    assert phases(OLD, *texts).total_s == 2.621
    assert phases(later, *texts).total_s == 4.621
    assert phases(later, *texts).downtime_s is None


def test_a_move_that_failed_and_a_snapshot_say_nothing_of_how_long_it_stood():
    text = source_process("6.7", OLD) + "\n" + process("09:00:00.000", "Checkpoint_Unstun: vm stopped for 5 us", "6.7")
    assert phases(OLD, text).downtime_s is None


def test_times_with_a_zone_of_their_own():
    text = source_process("8.0", NEW).replace("Z In(05)", "+02:00 In(05)")
    assert phases(NEW, text).began.isoformat() == "2023-04-15T08:52:34.879000+02:00"
