# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares a datacenter of a vCenter and its clusters."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vcenter_datacenter
short_description: Declare a datacenter and its clusters
version_added: 0.1.0
author:
  - The livelab.datacenter authors (@livelab)
description:
  - Declares a datacenter of a vCenter, and the clusters in it.
  - Clusters that are not mentioned are left as they are.
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows what changes as it is before and after.
    support: full
options:
  name:
    description: Name of the datacenter, of 80 characters at most.
    type: str
    required: true
  state:
    description: Whether it is there. A datacenter with hosts in it is not removed.
    type: str
    choices: [present, absent]
    default: present
  clusters:
    description: Clusters in it. New ones are made with the vCenter's defaults, that is without DRS and HA.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the cluster, of 80 characters at most.
        type: str
        required: true
      state:
        description: Whether it is there. A cluster with hosts in it is not removed.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - livelab.datacenter.vsphere
seealso:
  - module: livelab.datacenter.vcenter_host
"""

EXAMPLES = r"""
- name: The datacenter of the lab
  livelab.datacenter.vcenter_datacenter:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter_password }}"
    name: Thesis

- name: With a cluster
  livelab.datacenter.vcenter_datacenter:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter_password }}"
    name: Thesis
    clusters:
      - name: Migration
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
  sample:
    - what: datacenter Thesis
      action: add
      before: null
      after: {name: Thesis}
failed_change:
  description: The change that failed, as those in RV(changes). C(msg) says why.
  returned: when a change failed
  type: dict
not_reached:
  description: The changes after the one that failed, as those in RV(changes); they were not made.
  returned: when a change failed
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.apply import DatacenterWork
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain

STATE = {"type": "str", "choices": ["present", "absent"], "default": "present"}
CLUSTER = {"name": {"type": "str", "required": True}, "state": STATE}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            state=STATE,
            clusters={"type": "list", "elements": "dict", "options": CLUSTER},
        ),
        supports_check_mode=True,
    )
    converge(module, DatacenterWork(module.params), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
