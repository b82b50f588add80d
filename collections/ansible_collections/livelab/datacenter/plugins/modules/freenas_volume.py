# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares a pool and volumes of a FreeNAS or TrueNAS."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freenas_volume
short_description: Declare a pool and volumes of a FreeNAS or TrueNAS
version_added: 0.2.0
author:
  - The livelab.datacenter authors (@livelab)
description:
  - Makes a pool of disks, and zvols in pools; grows zvols.
  - A pool that is there is never changed, and nothing is ever destroyed. A disk that something uses, or that is part of
    an exported pool, is never taken.
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows the objects that change as they are before and after.
    support: full
options:
  pool:
    description:
      - The pool to make if it is not there. One that is there is never changed.
    type: dict
    suboptions:
      name:
        description: Name of the pool.
        type: str
        required: true
      disks:
        description: Disks to make it of, for example V(da1). They must be in no other pool. Their contents are lost.
        type: list
        elements: str
      layout:
        description:
          - How the disks work together. V(stripe) has no redundancy.
          - V(raid10) is mirrors of two, striped; it needs an even number of disks, four at least.
        type: str
        choices: [stripe, mirror, raid10, raidz1, raidz2, raidz3]
        default: stripe
  zvols:
    description: Volumes in pools.
    type: list
    elements: dict
    suboptions:
      name:
        description: Pool and name, for example V(tank/vmware).
        type: str
        required: true
      size:
        description:
          - Size in bytes, or with a unit (K, M, G, T, P; powers of 1024), for example V(12G). It must be a multiple of
            its blocks.
          - A zvol can grow. It cannot shrink.
        type: str
        required: true
      sparse:
        description: Whether a new zvol takes room only for what is written (thin provisioning).
        type: bool
        default: false
      volblocksize:
        description: Block size of a new zvol. The NAS chooses if this is not set.
        type: str
        choices: ['512', 1K, 2K, 4K, 8K, 16K, 32K, 64K, 128K]
      force_size:
        description: Whether it may take more than 80 % of the room that is available, which the NAS advises against.
        type: bool
        default: false
extends_documentation_fragment:
  - livelab.datacenter.freenas
seealso:
  - module: livelab.datacenter.freenas_iscsi
"""

EXAMPLES = r"""
- name: Mirrors, striped, as is advised for virtual machines, and a volume
  livelab.datacenter.freenas_volume:
    hostname: nas.example.org
    password: "{{ vault_nas_password }}"
    pool:
      name: tank
      disks: [da1, da2, da3, da4]
      layout: raid10
    zvols:
      - name: tank/vmware
        size: 100G
        sparse: true
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
    - what: zvol tank/vmware
      action: update
      before: {size: 12884901888}
      after: {size: 17179869184}
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
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.connect import argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.apply import VolumeWork
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.options import OPTIONS
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.plan import plan


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=argument_spec(**OPTIONS), supports_check_mode=True)
    converge(module, VolumeWork(module.params), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
