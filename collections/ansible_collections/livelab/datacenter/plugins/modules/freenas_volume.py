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
extends_documentation_fragment:
  - livelab.datacenter.freenas
  - livelab.datacenter.volumes
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
