#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_info
short_description: Virtual machines as they are
version_added: 0.2.0
description:
  - Says of virtual machines where they are, whether they run, at which addresses, and what disks and networks they
    have. It reads all of them in one call, and changes nothing.
author:
  - The livelab.datacenter authors (@livelab)
extends_documentation_fragment:
  - livelab.datacenter.vsphere
options:
  names:
    description:
      - The machines to tell of, each by its name; or its path, such as V(/Thesis/vm/lab/web), its UUID or its id, such
        as V(vm-42).
      - One that is not there is no error, but is in RV(missing). Every machine when not set.
    type: list
    elements: str
  folder:
    description:
      - Only machines directly in this VM folder, such as V(lab) or V(/Thesis/vm/lab).
    type: str
  datacenter:
    description:
      - Only machines in this data centre, by name or path.
    type: str
attributes:
  check_mode:
    support: full
    description: It only reads.
  diff_mode:
    support: none
    description: It only reads.
"""

EXAMPLES = r"""
- name: Is the web server there?
  livelab.datacenter.vm_info:
    hostname: 192.168.1.20
    username: administrator@vsphere.local
    password: "{{ vcenter_password }}"
    names: [web]
  register: found

- name: And where
  ansible.builtin.debug:
    msg: "on {{ found.machines[0].host }}, at {{ found.machines[0].ip }}"
  when: not found.missing
"""

RETURN = r"""
machines:
  description: The machines, in the order of O(names), or by path.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: web
    moid:
      description: Its id in this server.
      type: str
      sample: vm-61
    uuid:
      description: Its BIOS UUID.
      type: str
    instance_uuid:
      description: Its UUID in the vCenter.
      type: str
    template:
      description: Whether it is a template.
      type: bool
    path:
      description: Its path in the inventory. The server writes C(%2f) for a slash in a name.
      type: str
      sample: /Thesis/vm/lab/web
    folder:
      description: The path of the folder it is in.
      type: str
    datacenter:
      description: Its data centre.
      type: str
    host:
      description: The ESXi host it is on.
      type: str
    cluster:
      description: The cluster that host is in, null when in none.
      type: str
    resource_pool:
      description: The path of its resource pool.
      type: str
    power:
      description: Its power state, in the API's words.
      type: str
      sample: poweredOn
    connection:
      description: Whether the server reaches it, in the API's words.
      type: str
      sample: connected
    tools_running:
      description: Whether VMware Tools run in its guest.
      type: bool
    guest_hostname:
      description: The guest's name, as VMware Tools tell it.
      type: str
    ip:
      description: The guest's first address, IPv4 before IPv6; null when none is told.
      type: str
    addresses:
      description: All of them, but for those only valid on a link.
      type: list
      elements: str
    cpus:
      description: Its processors.
      type: int
    memory_mb:
      description: Its memory in MiB.
      type: int
    datastore:
      description: The datastore that holds its configuration.
      type: str
    disks:
      description: Its disks, each with C(label), C(capacity_bytes), C(datastore) and C(file).
      type: list
      elements: dict
    networks:
      description: Its network adapters, each with C(label), C(mac), C(network), C(connected) and C(addresses).
      type: list
      elements: dict
missing:
  description: The names that no machine has.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import run_plainly
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_info.apply import gather
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_info.check import check


def read(params: dict) -> dict:
    """Refuse what makes no sense, then ask the server."""
    check(params)
    with Client(params) as client:
        return gather(client, params)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            names={"type": "list", "elements": "str"},
            folder={"type": "str"},
            datacenter={"type": "str"},
        ),
        supports_check_mode=True,
    )
    run_plainly(module, lambda: read(module.params), explain)


if __name__ == "__main__":
    main()
