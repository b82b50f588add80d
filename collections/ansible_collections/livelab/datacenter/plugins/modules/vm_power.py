#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_power
short_description: The power state of a virtual machine
version_added: 0.1.0
description:
  - Switches a virtual machine on or off, shuts its guest down, restarts or suspends it, and can wait until the guest
    has an address.
author:
  - The livelab.datacenter authors (@livelab)
extends_documentation_fragment:
  - livelab.datacenter.vsphere
options:
  name:
    description:
      - The virtual machine's name; or its path, such as V(/Thesis/vm/lab/web), its UUID or its id, such as V(vm-42).
    type: str
    required: true
  folder:
    description:
      - The VM folder it is in, such as V(lab) or V(/Thesis/vm/lab). Tells machines of one name apart.
    type: str
  datacenter:
    description:
      - The data centre it is in, by name or path. May be left out when the name is unique in all.
    type: str
  state:
    description:
      - V(powered-on), also out of suspension.
      - V(powered-off) pulls the plug; V(shutdown-guest) asks the guest, for which VMware Tools must run in it.
      - V(restarted) restarts the guest, by VMware Tools when they run and by a reset when not; one that is off is
        switched on. V(reset) does not ask the guest. Both change something each time.
      - V(suspended).
    type: str
    choices: [powered-on, restarted, reset, powered-off, shutdown-guest, suspended]
    default: powered-on
  wait_for_ip:
    description:
      - Wait until VMware Tools tell the guest's address; after a restart, until they tell one anew.
      - For O(state=powered-on), O(state=restarted) and O(state=reset), as are the other two of its kind.
    type: bool
    default: false
  wait_for_tools:
    description:
      - Wait until VMware Tools run in the guest.
    type: bool
    default: false
  wait_for_port:
    description:
      - Wait until the guest, at the address it tells, takes connections on this TCP port from where the module runs.
    type: int
  wait_timeout:
    description:
      - Seconds to wait for the state, and again for each thing that is to be waited for.
    type: int
    default: 300
  shutdown_timeout:
    description:
      - With O(state=shutdown-guest), seconds after which a guest that has not shut down is switched off, with a warning.
        A guest in which no VMware Tools run is switched off at once. It fails in both cases when this is not set.
    type: int
attributes:
  check_mode:
    support: full
    description: Says what it would do; waits for nothing.
  diff_mode:
    support: full
    description: Shows the power state before and after.
"""

EXAMPLES = r"""
- name: The web server runs
  livelab.datacenter.vm_power:
    hostname: 192.168.1.20
    username: administrator@vsphere.local
    password: "{{ vcenter_password }}"
    name: web
    state: powered-on
    wait_for_ip: true
  register: web

- name: And where it is
  ansible.builtin.debug:
    var: web.ip
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
power:
  description: The power state afterwards, in the API's words. In check mode, as it is.
  returned: success
  type: str
  sample: poweredOn
ip:
  description: The guest's address as VMware Tools tell it, null when they do not.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.apply import Power
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.plan import OUTCOME, plan


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            folder={"type": "str"},
            datacenter={"type": "str"},
            state={"type": "str", "choices": list(OUTCOME), "default": "powered-on"},
            wait_for_ip={"type": "bool", "default": False},
            wait_for_tools={"type": "bool", "default": False},
            wait_for_port={"type": "int"},
            wait_timeout={"type": "int", "default": 300},
            shutdown_timeout={"type": "int"},
        ),
        supports_check_mode=True,
    )
    converge(module, Power(module.params), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
