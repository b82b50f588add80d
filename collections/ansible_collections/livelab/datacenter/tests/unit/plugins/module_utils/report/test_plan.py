# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a report's files are written."""

from __future__ import annotations

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change
from ansible_collections.livelab.datacenter.plugins.module_utils.report.plan import Files, plan

# As sha256sum has them.
NEW = {"bytes": 3, "sha256": "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"}
SIZE = {"bytes": 7, "sha256": "d353a2671b67afff0941ae456e5c76e9394bd6579774ae7542a6185fb9843384"}


def test_what_is_not_as_it_should_be_is_written():
    files = Files({"a.html": "größe", "b.csv": "same", "other": "x"}, {"a.html": "new", "b.csv": "same", "c.json": "größe"})
    assert plan(files, {"dest": "/srv/report"}) == [
        Change("/srv/report/a.html", SIZE, NEW, "write", {"text": "new"}),
        Change("/srv/report/c.json", None, SIZE, "write", {"text": "größe"}),
    ]


def test_an_empty_file_is_one():
    assert plan(Files({"a": ""}, {"a": ""}), {"dest": "/srv"}) == []
    (change,) = plan(Files({}, {"a": ""}), {"dest": "/srv"})
    assert (change.before, change.after["bytes"]) == (None, 0)
