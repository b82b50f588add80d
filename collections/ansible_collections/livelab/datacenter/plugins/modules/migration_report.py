#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_report
short_description: The thesis's graphs of a measured migration, as a page
version_added: 0.1.0
description:
  - Writes a page with the four graphs of the thesis, the migrations phase by phase, what the viewer of the stream saw,
    the thesis's findings each held against the figures, and what was real and what was not.
  - The page is one file that asks for nothing from anywhere. The data is written beside it as JSON and CSV.
  - The same data gives the same files.
author:
  - The livelab.datacenter authors
options:
  dest:
    description:
      - The folder for the files. It is made when it is missing, the one above it is not.
    type: path
    required: true
  title:
    description:
      - The page's title.
    type: str
    default: A web server moves
  data:
    description:
      - The measurement. C(vm), C(hosts), C(measured_host); C(migrations), each with C(number), C(load) (V(idle) or
        V(stress)), C(from), C(to), C(started), C(ended), C(duration_s) and C(phases) as M(livelab.datacenter.vmotion)
        returns them; C(stress) with C(started) and C(ended); C(stream) of M(livelab.datacenter.stream_probe);
        C(series) and C(interval) of M(livelab.datacenter.performance_info); C(provenance), a list of C(what), C(how)
        (V(real), V(measured), V(computed) or V(stand-in)) and C(note).
    type: dict
  src:
    description:
      - A JSON file with that instead.
    type: path
requirements:
  - matplotlib
  - jinja2
attributes:
  check_mode:
    support: full
    description: Says which files would change.
  diff_mode:
    support: full
    description: Shows the files that change by size and checksum.
"""

EXAMPLES = r"""
- name: The report
  livelab.datacenter.migration_report:
    dest: /srv/lab/report
    title: The department's web server moves
    src: /srv/lab/measurement.json
"""

RETURN = r"""
path:
  description: The page.
  returned: success
  type: str
  sample: /srv/lab/report/index.html
findings:
  description: The thesis's findings, each with C(claim), C(verdict) (V(holds), V(fails) or V(unknown)) and C(evidence).
  returned: success
  type: list
  elements: dict
changes:
  description: The files that changed, or would in check mode.
  returned: always
  type: list
  elements: dict
"""

import hashlib
import json
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, converge
from ansible_collections.livelab.datacenter.plugins.module_utils.report import data, page


class Report:
    """The three steps of migration_report: `read`, `plan`, `apply`; then `result`."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.dest: str = module.params["dest"]
        self.files: dict[str, str] = {}

    def read(self) -> dict:
        """The files that are there, as text by name. Renders those that should be."""
        raw = self._raw()
        self.files = page.render(data.load(raw), raw, self.module.params["title"])
        above = os.path.dirname(os.path.abspath(self.dest))
        if not os.path.isdir(above):
            raise ConvergeError(f"dest '{self.dest}': the folder '{above}' is not there.")
        if os.path.exists(self.dest) and not os.path.isdir(self.dest):
            raise ConvergeError(f"dest '{self.dest}' is a file; it must be a folder.")
        there = {}
        for name in self.files:
            path = os.path.join(self.dest, name)
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    there[name] = file.read()
        return there

    def plan(self, there: dict) -> list[Change]:
        """A change for each file that is not as it should be."""
        return [
            Change(os.path.join(self.dest, name), _shown(there.get(name)), _shown(text), "write", {"text": text})
            for name, text in self.files.items()
            if there.get(name) != text
        ]

    def apply(self, change: Change) -> None:
        """Write a file in one step."""
        os.makedirs(self.dest, mode=0o755, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=self.module.tmpdir)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(change.args["text"])
        self.module.atomic_move(path, change.what)

    def result(self) -> dict:
        """Where the page is, and what became of the findings."""
        found = json.loads(self.files["report.json"])["findings"]
        return {"path": os.path.join(self.dest, "index.html"), "findings": found}

    def _raw(self) -> dict:
        if self.module.params["data"] is not None:
            return self.module.params["data"]
        path = self.module.params["src"]
        try:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        except OSError as error:
            raise ConvergeError(f"src '{path}' cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise ConvergeError(f"src '{path}' is not JSON: {error}.") from error


def _shown(text: str | None) -> dict | None:
    if text is None:
        return None
    content = text.encode()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "dest": {"type": "path", "required": True},
            "title": {"type": "str", "default": "A web server moves"},
            "data": {"type": "dict"},
            "src": {"type": "path"},
        },
        mutually_exclusive=[("data", "src")],
        required_one_of=[("data", "src")],
        supports_check_mode=True,
    )
    report = Report(module)
    converge(module, report.read, report.plan, report.apply, result=report.result)


if __name__ == "__main__":
    main()
