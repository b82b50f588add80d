# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what was measured, and writes a report's files."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.report import data, page
from ansible_collections.livelab.datacenter.plugins.module_utils.report.plan import Files


class Report(Work):
    """The steps of migration_report that touch files.

    :param params: the module's options.
    :param move: moves a file to a path in one step, as ``AnsibleModule.atomic_move`` does.
    :param tmpdir: the folder for files that are not whole yet.
    """

    def __init__(self, params: Mapping[str, Any], move: Callable[[str, str], Any], tmpdir: str) -> None:
        super().__init__(params)
        self._move = move
        self._tmpdir = tmpdir
        self._dest: str = params["dest"]
        self._wanted: dict[str, str] = {}

    def read(self) -> Files:
        """The files that are there, and those that should be."""
        raw = self._measured()
        self._wanted = page.render(data.load(raw), raw, self.params["title"])
        above = os.path.dirname(os.path.abspath(self._dest))
        if not os.path.isdir(above):
            raise ConvergeError(f"dest '{self._dest}': the folder '{above}' is not there.")
        if os.path.exists(self._dest) and not os.path.isdir(self._dest):
            raise ConvergeError(f"dest '{self._dest}' is a file; it must be a folder.")
        there = {}
        for name in self._wanted:
            path = os.path.join(self._dest, name)
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    there[name] = file.read()
        return Files(there, self._wanted)

    def write(self, change: Change) -> None:
        """Write a file in one step."""
        os.makedirs(self._dest, mode=0o755, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=self._tmpdir)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(change.args["text"])
        self._move(path, change.what)

    def result(self) -> dict[str, Any]:
        """Where the page is, and what became of the findings."""
        found = json.loads(self._wanted["report.json"])["findings"]
        return {"path": os.path.join(self._dest, "index.html"), "findings": found}

    def _measured(self) -> dict:
        if self.params["data"] is not None:
            return self.params["data"]
        path = self.params["src"]
        try:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        except OSError as error:
            raise ConvergeError(f"src '{path}' cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise ConvergeError(f"src '{path}' is not JSON: {error}.") from error
