# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares a VMFS datastore and the hosts that have it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esxi_datastore
short_description: Declare a VMFS datastore on a LUN
version_added: 0.1.0
author:
  - The livelab.datacenter authors (@livelab)
description:
  - Makes a VMFS datastore on a LUN, and sees to it that all hosts that should see it have it mounted.
  - A LUN that holds a datastore is never formatted, and one that has partitions only with O(overwrite=true).
attributes:
  check_mode:
    description: Says what would change, and changes nothing. A LUN that the host has not found yet is not looked for.
    support: full
  diff_mode:
    description: Shows the datastore as it is before and after.
    support: full
options:
  name:
    description: Name of the datastore, of 42 characters at most.
    type: str
    required: true
  state:
    description:
      - Whether it is there. V(absent) destroys it with all that is on it.
      - A datastore with virtual machines on it is not removed.
    type: str
    choices: [present, absent]
    default: present
  hosts:
    description:
      - The hosts that should see the datastore, by their names in the vCenter. The first of them makes it.
      - Not needed when O(hostname) is an ESXi host itself.
    type: list
    elements: str
  target:
    description: iSCSI name of the target that has the LUN. Goes with O(lun).
    type: str
  lun:
    description: Number of the LUN at O(target).
    type: int
  naa:
    description:
      - Canonical name of the LUN, for example V(naa.60014050000000010001000000000000).
      - Instead of O(target) and O(lun).
    type: str
  overwrite:
    description: Whether to format a LUN that has partitions which the host does not use.
    type: bool
    default: false
  vmfs_version:
    description: Major version of the VMFS, for example V(5) or V(6). The host chooses if this is not set.
    type: int
extends_documentation_fragment:
  - livelab.datacenter.vsphere
notes:
  - If the first host does not see the LUN yet, it is made to look for it. If another host does not have the datastore
    mounted, it is made to look for it too.
seealso:
  - module: livelab.datacenter.esxi_iscsi
"""

EXAMPLES = r"""
- name: One datastore for both hosts
  livelab.datacenter.esxi_datastore:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter_password }}"
    name: DTFreeNAS
    target: iqn.2005-10.org.freenas.ctl:vmware
    lun: 0
    hosts:
      - esxi1.example.org
      - esxi2.example.org

- name: On the host itself, by the LUN's own name
  livelab.datacenter.esxi_datastore:
    hostname: esxi1.example.org
    username: root
    password: "{{ vault_esxi_password }}"
    name: fast
    naa: naa.60014050000000010001000000000000
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
    - what: datastore DTFreeNAS
      action: add
      before: null
      after: {type: VMFS, disks: [naa.60014050000000010001000000000000], hosts: [esxi1.example.org]}
failed_change:
  description: The change that failed, as those in RV(changes). C(msg) says why.
  returned: when a change failed
  type: dict
not_reached:
  description: The changes after the one that failed, as those in RV(changes); they were not made.
  returned: when a change failed
  type: list
  elements: dict
datastore:
  description: Name of the datastore.
  returned: success
  type: str
hosts:
  description: The hosts that were looked after.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.apply import DatastoreWork
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            hosts={"type": "list", "elements": "str"},
            target={"type": "str"},
            lun={"type": "int"},
            naa={"type": "str"},
            overwrite={"type": "bool", "default": False},
            vmfs_version={"type": "int"},
        ),
        required_together=[("target", "lun")],
        mutually_exclusive=[("naa", "target"), ("naa", "lun")],
        supports_check_mode=True,
    )
    converge(module, DatastoreWork(module.params), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
