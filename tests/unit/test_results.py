# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module returned is held against what its RETURN says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import yaml

from tests.integration import conftest as ending
from tests.support import results

RETURN = yaml.safe_load("""
host: {description: Its host., returned: success, type: str}
lun: {description: Its number., returned: always, type: int}
took: {description: Seconds., returned: when it moved, type: float}
disks:
  description: Its disks.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Its name., type: str}
    size: {description: Bytes., type: int}
    serial: {description: Its serial., type: str, returned: when there is one}
""")
RIGHT = {"host": "a", "lun": 0, "disks": [{"name": "da1", "size": 1}], "changed": True, "diff": {}, "_ansible_no_log": False}


@pytest.mark.parametrize(
    "result",
    [
        RIGHT,
        {**RIGHT, "took": 1},
        {**RIGHT, "took": 1.5, "host": None, "disks": []},
        {**RIGHT, "disks": [{"name": "da1", "size": None, "serial": "x"}]},
        {"failed": True, "msg": "no", "lun": 0},
    ],
)
def test_what_is_as_documented(result):
    assert results.differences(RETURN, result) == []


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ({**RIGHT, "extra": 1}, "extra is not documented"),
        ({key: RIGHT[key] for key in ("lun", "disks")}, "host is not there; it is documented as returned: success"),
        ({key: RIGHT[key] for key in ("host", "disks")}, "lun is not there; it is documented as returned: always"),
        ({**RIGHT, "lun": "0"}, "lun is documented as int and is '0'"),
        ({**RIGHT, "lun": False}, "lun is documented as int and is False"),
        ({**RIGHT, "disks": {}}, "disks is documented as list and is {}"),
        ({**RIGHT, "disks": ["da1"]}, "disks[0] is documented as dict and is 'da1'"),
        ({**RIGHT, "disks": [{"name": "da1", "size": "1"}]}, "disks[0].size is documented as int and is '1'"),
        ({**RIGHT, "disks": [{"name": "da1"}]}, "disks[0].size is not there"),
        ({**RIGHT, "disks": [{"name": "da1", "size": 1, "model": ""}]}, "disks[0].model is not documented"),
        ({"failed": True, "extra": 1}, "extra is not documented"),
    ],
)
def test_what_is_not_as_documented_is_said(result, says):
    assert results.differences(RETURN, result) == [says]


def test_what_was_never_returned_is_said(monkeypatch):
    monkeypatch.setattr(results, "documented", lambda _module: RETURN)
    monkeypatch.setattr(results, "seen", {"moved": {"host", "lun", "disks", "changed"}})
    assert results.never() == ["moved: took"]


class Session:
    """A run of these files of the integration suite."""

    def __init__(self, files, **options):
        self.items = [SimpleNamespace(path=file) for file in files]
        self.exitstatus = 0
        self.said = ""
        self.config = SimpleNamespace(
            getoption=options.get, get_terminal_writer=lambda: SimpleNamespace(line=lambda text, **_colour: self.say(text))
        )

    def say(self, text):
        self.said += text


def test_a_whole_run_says_what_was_never_returned(monkeypatch):
    monkeypatch.setattr(results, "never", lambda: ["moved: took"])
    whole = sorted(ending.HERE.glob("test_*.py"))
    session = Session(whole)
    ending.pytest_sessionfinish(session, 0)
    assert session.exitstatus == 0
    assert "moved: took" in session.said
    for part, status in ((Session(whole[1:]), 0), (Session(whole, keyword="moves"), 0), (Session(whole), 1)):
        ending.pytest_sessionfinish(part, status)
        assert part.said == "", "only a whole run that passed can say so"


def test_a_whole_run_in_which_all_was_returned_passes(monkeypatch):
    monkeypatch.setattr(results, "never", list)
    session = Session(ending.HERE.glob("test_*.py"))
    ending.pytest_sessionfinish(session, 0)
    assert (session.exitstatus, session.said) == (0, "")
