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
  - The livelab.datacenter authors (@livelab)
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
changes:
  description: What was changed, in order; in check mode, what would be. After a failure, what was changed before it.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: The object, as a user would call it.
      type: str
    action:
      description: V(add), V(update) or V(remove).
      type: str
    before:
      description: Its state before, null when it was not there.
      type: raw
    after:
      description: Its state afterwards, null when it is not there any more.
      type: raw
failed_change:
  description: The change that failed, as those in RV(changes). C(msg) says why.
  returned: when a change failed
  type: dict
not_reached:
  description: The changes after the one that failed, as those in RV(changes); they were not made.
  returned: when a change failed
  type: list
  elements: dict
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
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.report.apply import Report
from ansible_collections.livelab.datacenter.plugins.module_utils.report.plan import plan


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
    converge(module, Report(module.params, module.atomic_move, module.tmpdir), plan=plan)


if __name__ == "__main__":
    main()
