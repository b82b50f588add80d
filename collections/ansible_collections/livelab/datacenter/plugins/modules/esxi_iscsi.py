# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares the software iSCSI adapter of an ESXi host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esxi_iscsi
short_description: Declare the software iSCSI adapter of an ESXi host
version_added: 0.1.0
author:
  - The livelab.datacenter authors (@livelab)
description:
  - Declares the software iSCSI adapter in one task, that is whether it is on, its name, CHAP, the VMkernel adapters
    bound to it and its targets. Then it looks for LUNs.
  - What is not mentioned is left as it is, unless O(purge=true).
attributes:
  check_mode:
    description: Says what would change, and changes nothing. There is no rescan either.
    support: full
  diff_mode:
    description: Shows what changes as it is before and after, without secrets.
    support: full
options:
  esxi_hostname:
    description:
      - The host's name in the vCenter.
      - Not needed when O(hostname) is the ESXi host itself.
    type: str
  enabled:
    description:
      - Whether the host has a software iSCSI adapter.
      - It is not turned off while a datastore is on a disk behind it.
    type: bool
    default: true
  iqn:
    description: The iSCSI name of the host. It chooses one itself if this is not set.
    type: str
  alias:
    description: An alias for the adapter.
    type: str
  chap:
    description: How the host proves who it is. It holds for all targets that do not have settings of their own.
    type: dict
    suboptions:
      user:
        description: CHAP name.
        type: str
      password:
        description: CHAP secret, of 12 characters at least. Many targets accept no more than 16.
        type: str
      level:
        description:
          - Whether CHAP is used.
          - V(discouraged) uses it only if the target insists, V(preferred) unless the target refuses.
        type: str
        choices: [prohibited, discouraged, preferred, required]
        default: required
      mutual_user:
        description: The name by which the target proves who it is (mutual CHAP). Needs O(chap.level=required).
        type: str
      mutual_password:
        description: The target's secret. It must not be the same as O(chap.password).
        type: str
      update_password:
        description:
          - A host does not tell its secrets. V(on_create) sends them when user or level change, V(always) each time,
            which counts as a change each time.
        type: str
        choices: [on_create, always]
        default: on_create
  port_binding:
    description:
      - The VMkernel adapters to bind, by device, for example V(vmk1), or by the port group they are on.
      - The port group of each must have exactly one active uplink.
    type: list
    elements: str
  send_targets:
    description: Portals to ask for targets (dynamic discovery).
    type: list
    elements: dict
    suboptions:
      address:
        description: Address of the portal.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 3260
  static_targets:
    description: Targets that are named here instead of being asked for.
    type: list
    elements: dict
    suboptions:
      address:
        description: Address of the portal.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 3260
      iqn:
        description: iSCSI name of the target.
        type: str
        required: true
  rescan:
    description:
      - When to look for LUNs, and for VMFS volumes on them.
      - V(auto) does so after a change, and when no LUN is seen behind a portal that is declared, or a datastore is lost.
      - It counts as a change only if it finds other LUNs than before.
    type: str
    choices: [auto, always, never]
    default: auto
  purge:
    description:
      - Whether to remove bindings and targets that are not listed.
      - Of the three lists, those that are not given at all are left alone.
      - What a datastore stands on is kept, and said in a warning.
    type: bool
    default: false
extends_documentation_fragment:
  - livelab.datacenter.vsphere
seealso:
  - module: livelab.datacenter.esxi_network
  - module: livelab.datacenter.esxi_datastore
  - module: livelab.datacenter.freenas_iscsi
"""

EXAMPLES = r"""
- name: iSCSI over the storage network
  livelab.datacenter.esxi_iscsi:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter_password }}"
    esxi_hostname: esxi1.example.org
    port_binding: [vmk1]
    send_targets:
      - address: 192.168.2.129

- name: With CHAP, and no other target than this
  livelab.datacenter.esxi_iscsi:
    hostname: esxi1.example.org
    username: root
    password: "{{ vault_esxi_password }}"
    iqn: iqn.1998-01.com.vmware:esxi1
    chap:
      user: esxi
      password: "{{ vault_chap_password }}"
    send_targets:
      - address: 192.168.2.129
    purge: true
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
    - what: send target 192.168.2.129:3260
      action: add
      before: null
      after: {address: 192.168.2.129, port: 3260}
failed_change:
  description: The change that failed, as those in RV(changes). C(msg) says why.
  returned: when a change failed
  type: dict
not_reached:
  description: The changes after the one that failed, as those in RV(changes); they were not made.
  returned: when a change failed
  type: list
  elements: dict
esxi_hostname:
  description: The host's name, as the server has it.
  returned: success
  type: str
hba:
  description: The adapter's device; null when there is none (yet).
  returned: success
  type: str
  sample: vmhba64
iqn:
  description: The adapter's iSCSI name; null when there is none (yet).
  returned: success
  type: str
rescanned:
  description: Whether the host was made to look for LUNs.
  returned: success
  type: bool
luns:
  description: The LUNs that the host reaches over iSCSI.
  returned: success
  type: list
  elements: dict
  contains:
    naa:
      description: Canonical name.
      type: str
    target:
      description: The target's iSCSI name.
      type: str
    lun:
      description: Number of the LUN at the target.
      type: int
    size:
      description: Size in bytes.
      type: int
    vendor:
      description: Vendor, as the target reports it.
      type: str
    model:
      description: Model, as the target reports it.
      type: str
    accessible:
      description: Whether a path to it lives. A host goes on showing what it has lost while something is on it.
      type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.apply import IscsiWork
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import LEVELS

CHAP = {
    "user": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "level": {"type": "str", "choices": list(LEVELS), "default": "required"},
    "mutual_user": {"type": "str"},
    "mutual_password": {"type": "str", "no_log": True},
    "update_password": {"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False},
}
SEND_TARGET = {"address": {"type": "str", "required": True}, "port": {"type": "int", "default": 3260}}
STATIC_TARGET = {**SEND_TARGET, "iqn": {"type": "str", "required": True}}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            esxi_hostname={"type": "str"},
            enabled={"type": "bool", "default": True},
            iqn={"type": "str"},
            alias={"type": "str"},
            chap={"type": "dict", "options": CHAP},
            port_binding={"type": "list", "elements": "str"},
            send_targets={"type": "list", "elements": "dict", "options": SEND_TARGET},
            static_targets={"type": "list", "elements": "dict", "options": STATIC_TARGET},
            rescan={"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
            purge={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    converge(module, IscsiWork(module.params), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
