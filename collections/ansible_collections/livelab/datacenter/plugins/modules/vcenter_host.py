# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares a host of a vCenter."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vcenter_host
short_description: Declare an ESXi host of a vCenter
version_added: 0.1.0
author:
  - The livelab.datacenter authors (@livelab)
description:
  - Adds an ESXi host to a vCenter, connected, or removes it.
  - A host whose certificate the vCenter does not trust is added only if it is the one with O(esxi_thumbprint). Nothing
    is accepted silently; without a thumbprint the module fails and tells the one it sees.
attributes:
  check_mode:
    description:
      - Says what would change, and changes nothing.
      - The thumbprint is checked, if the machine the module runs on can reach the host.
    support: full
  diff_mode:
    description: Shows the host's place as it is before and after.
    support: full
options:
  name:
    description: Name or address of the host. This is its name in the vCenter.
    type: str
    required: true
  esxi_port:
    description: TCP port of the host's SDK endpoint.
    type: int
    default: 443
  esxi_username:
    description: User of the host, for example V(root). Needed to add or reconnect it.
    type: str
  esxi_password:
    description: Password of O(esxi_username).
    type: str
  esxi_thumbprint:
    description:
      - Thumbprint of the host's certificate, SHA-256 or SHA-1, in hexadecimal, with or without colons.
      - It is compared with the certificate that the host shows to the machine the module runs on, if it can be reached
        from there, and with what the vCenter sees. The vCenter gets the digest that it asks for, whichever was given.
      - If this machine cannot reach the host, the digest must be the one that the vCenter uses (SHA-1 up to vCenter 7).
    type: str
  datacenter:
    description: The datacenter it is in. Needed if O(state=present).
    type: str
  cluster:
    description: The cluster it is in. It stands alone if this is not set.
    type: str
  folder:
    description:
      - Path of the host folder it is in, below the datacenter, for example V(lab/rack1).
      - For a host that stands alone.
    type: str
  maintenance_mode:
    description: Whether it is in maintenance mode. Left as it is if this is not set.
    type: bool
  force:
    description: Whether to take over a host that another vCenter manages.
    type: bool
    default: false
  state:
    description:
      - V(present) means in the vCenter and connected.
      - V(absent) removes it from the vCenter; its virtual machines go on.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - livelab.datacenter.vsphere
notes:
  - A host that is in another place than declared is not moved; the module fails and says where it is.
seealso:
  - module: livelab.datacenter.vcenter_datacenter
"""

EXAMPLES = r"""
- name: A host, by its pinned certificate
  livelab.datacenter.vcenter_host:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter_password }}"
    name: esxi1.example.org
    datacenter: Thesis
    esxi_username: root
    esxi_password: "{{ vault_esxi_password }}"
    esxi_thumbprint: 8B:92:6A:25:C8:86:7D:53:17:1E:E9:E0:53:CB:77:60:81:89:90:12:59:E9:23:4B:E3:D3:4D:34:1E:DE:A6:29

- name: Emptied for service
  livelab.datacenter.vcenter_host:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter_password }}"
    name: esxi1.example.org
    datacenter: Thesis
    maintenance_mode: true
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
    - what: host esxi1.example.org
      action: add
      before: null
      after: {place: datacenter Thesis, connected: true}
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
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.apply import HostWork
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.plan import plan


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            esxi_port={"type": "int", "default": 443},
            esxi_username={"type": "str"},
            esxi_password={"type": "str", "no_log": True},
            esxi_thumbprint={"type": "str"},
            datacenter={"type": "str"},
            cluster={"type": "str"},
            folder={"type": "str"},
            maintenance_mode={"type": "bool"},
            force={"type": "bool", "default": False},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
        ),
        mutually_exclusive=[("cluster", "folder")],
        required_if=[("state", "present", ["datacenter"])],
        supports_check_mode=True,
    )
    converge(module, HostWork(module.params), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
