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
      - The virtual machine's name.
    type: str
    required: true
  datacenter:
    description:
      - The data centre it is in. May be left out when the name is unique in all.
    type: str
  state:
    description:
      - V(powered-on), also out of suspension.
      - V(powered-off) pulls the plug; V(shutdown-guest) asks the guest, for which VMware Tools must run in it.
      - V(restarted) restarts the guest, by VMware Tools when they run and by a reset when not; one that is off is
        switched on. It changes something each time.
      - V(suspended).
    type: str
    choices: [powered-on, powered-off, shutdown-guest, restarted, suspended]
    default: powered-on
  wait_for_ip:
    description:
      - Wait until VMware Tools tell the guest's address. For O(state=powered-on) and O(state=restarted).
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait for the state, and again for the address.
    type: int
    default: 300
attributes:
  check_mode:
    support: full
    description: Says what it would do; does not wait for an address.
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
power:
  description: The power state afterwards, in the API's words. In check mode, as it is.
  returned: success
  type: str
  sample: poweredOn
ip:
  description: The guest's address as VMware Tools tell it, null when they do not.
  returned: success
  type: str
changes:
  description: What changed, or would in check mode.
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import argument_spec, explain
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.apply import Power


def main() -> None:
    """Run the module."""
    states = ["powered-on", "powered-off", "shutdown-guest", "restarted", "suspended"]
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            datacenter={"type": "str"},
            state={"type": "str", "choices": states, "default": "powered-on"},
            wait_for_ip={"type": "bool", "default": False},
            wait_timeout={"type": "int", "default": 300},
        ),
        supports_check_mode=True,
    )
    work = Power(module.params, module.check_mode)
    converge(module, work, plan=lambda current, _params: work.plan(current), explain=explain)


if __name__ == "__main__":
    main()
