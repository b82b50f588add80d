#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: performance_info
short_description: Performance counters of hosts and virtual machines, as series
version_added: 0.1.0
description:
  - Reads performance counters of hosts and virtual machines, all of them in one call.
  - A server keeps real-time samples for about an hour.
author:
  - The livelab.datacenter authors (@livelab)
extends_documentation_fragment:
  - livelab.datacenter.vsphere
options:
  entities:
    description:
      - What to read them of.
    type: list
    elements: dict
    required: true
    suboptions:
      type:
        description:
          - V(host) or V(vm).
        type: str
        choices: [host, vm]
        required: true
      name:
        description:
          - Its name in the inventory; a machine's path, UUID or id too.
        type: str
        required: true
  counters:
    description:
      - The counters, each as C(group.counter.rollup).
    type: list
    elements: str
    default: [cpu.usagemhz.average, mem.consumed.average]
  interval:
    description:
      - Seconds between two samples. One of those that the server keeps.
      - The refresh rate of its real-time counters when not set, as a rule 20.
    type: int
  start:
    description:
      - The first moment of interest, in ISO 8601. UTC when it names no zone.
    type: str
  end:
    description:
      - The last moment of interest, likewise.
    type: str
  max_samples:
    description:
      - Read no more than this many samples of each, the latest.
    type: int
attributes:
  check_mode:
    support: full
    description: It only reads.
  diff_mode:
    support: none
    description: It only reads.
"""

EXAMPLES = r"""
- name: What the hosts did during the move
  livelab.datacenter.performance_info:
    hostname: 192.168.1.20
    username: administrator@vsphere.local
    password: "{{ vcenter_password }}"
    entities:
      - {type: host, name: 192.168.1.11}
      - {type: host, name: 192.168.1.12}
    counters:
      - cpu.usagemhz.average
      - mem.consumed.average
    start: "2016-05-31T12:00:00Z"
    end: "2016-05-31T12:30:00Z"
  register: load
"""

RETURN = r"""
series:
  description: One of each entity and counter.
  returned: success
  type: list
  elements: dict
  contains:
    type:
      description: V(host) or V(vm).
      type: str
    name:
      description: The entity.
      type: str
    counter:
      description: The counter.
      type: str
    instance:
      description: The part of the entity, empty for all of it.
      type: str
    unit:
      description: Of the samples. Percentages are percent, not the hundredths of the API.
      type: str
    timestamps:
      description: The end of each interval, in ISO 8601, UTC.
      type: list
      elements: str
    samples:
      description: The measured values, as many as timestamps. What the server does not have is left out.
      type: list
      elements: float
missing:
  description: What was asked for and has no value.
  returned: success
  type: list
  elements: str
interval:
  description: Seconds between two samples.
  returned: success
  type: int
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import run_plainly
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.apply import gather
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.performance.check import check


def read(params: dict) -> dict:
    """Refuse what makes no sense, then ask the server."""
    check(params)
    with Client(params) as client:
        return gather(client, params)


def main() -> None:
    """Run the module."""
    entity = {
        "type": {"type": "str", "choices": ["host", "vm"], "required": True},
        "name": {"type": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec=argument_spec(
            entities={"type": "list", "elements": "dict", "required": True, "options": entity},
            counters={
                "type": "list",
                "elements": "str",
                "default": ["cpu.usagemhz.average", "mem.consumed.average"],
            },
            interval={"type": "int"},
            start={"type": "str"},
            end={"type": "str"},
            max_samples={"type": "int"},
        ),
        supports_check_mode=True,
    )
    run_plainly(module, lambda: read(module.params), explain)


if __name__ == "__main__":
    main()
