# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary that `make lab` ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "summary.py"
HOSTS = {"vcenter1": {"ok": 9, "changed": 2}, "nas1": {"ok": 4, "changed": 1}}
PLAYS = [
    {"name": "3.4 Web server: a machine", "seconds": 61.2},
    {"name": "3.4 Web server: ready", "seconds": 9.0},
    {"name": "4 vMotion: it moves", "seconds": 100.4},
]
MOVES = [
    {"number": 1, "load": "idle", "from": "b", "to": "a", "duration_s": 2.34, "phases": {"downtime_s": 0.012}},
    {"number": 2, "load": "stress", "from": "a", "to": "b", "duration_s": 4.0, "phases": None},
]


def summary(directory: Path, stream: dict) -> str:
    (directory / "report").mkdir()
    (directory / "times.json").write_text(json.dumps({"plays": PLAYS, "hosts": HOSTS}), encoding="utf-8")
    facts = [{"what": "iSCSI", "how": "real", "note": "tgtd"}]
    (directory / "lab.json").write_text(json.dumps({"facts": facts}), encoding="utf-8")
    record = json.dumps({"migrations": MOVES, "stream": stream})
    (directory / "report" / "migrations.json").write_text(record, encoding="utf-8")
    (directory / "phases.json").write_text('{"setup": 65}', encoding="utf-8")
    command = [sys.executable, SCRIPT, "--dir", directory, "--times", directory / "times.json"]
    command += ["--phases", directory / "phases.json"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_it_says_what_took_how_long(tmp_path):
    text = summary(tmp_path, {"stalls": [], "longest_stall_s": 0, "played_s": 90.2})
    assert "setup        1 min 05 s" in text
    assert "chapter 3.4  1 min 10 s" in text
    assert "chapter 4    1 min 40 s" in text
    assert "together     3 min 56 s" in text
    assert "13 tasks, 3 of which changed something" in text


def test_it_says_what_the_moves_and_the_stream_did(tmp_path):
    text = summary(tmp_path, {"stalls": [{}, {}], "longest_stall_s": 0.42, "played_s": 90.2})
    assert "1  idle    b -> a  2.3 s, stopped for 12 ms" in text
    assert "2  stress  a -> b  4.0 s\n" in text
    assert "2 stalls, the longest 0.42 s" in text
    assert "iSCSI" in text
    assert str(tmp_path / "report" / "index.html") in text


def test_a_data_centre_without_measurements_is_no_error(tmp_path):
    (tmp_path / "times.json").write_text("{}", encoding="utf-8")
    command = [sys.executable, SCRIPT, "--dir", tmp_path, "--times", tmp_path / "times.json"]
    assert "The report" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
