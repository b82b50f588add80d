# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares the whole network of an ESXi host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esxi_network
short_description: Declare the network of an ESXi host
version_added: 0.1.0
author:
  - The livelab.datacenter authors (@livelab)
description:
  - Declares a host's whole network in one task, that is host name, DNS, gateway, IPv6, standard vSwitches, port groups,
    VMkernel adapters and the services on them.
  - What is not mentioned is left as it is. An option that is not set, and an object that is not listed, does not
    change, unless O(purge=true).
  - Everything is checked against what the host has before the first change is made.
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows the objects that change as they are before and after.
    support: full
options:
  esxi_hostname:
    description:
      - The host's name in the vCenter.
      - Not needed when O(hostname) is the ESXi host itself.
    type: str
  host_name:
    description:
      - Host name, without the domain.
      - Setting this or any DNS option ends DHCP for names and DNS servers.
    type: str
  domain:
    description: DNS domain of the host.
    type: str
  dns_servers:
    description: Addresses of the DNS servers, in the order to ask them. An empty list removes them all.
    type: list
    elements: str
  search_domains:
    description: Domains to look for short names in. An empty list removes them all.
    type: list
    elements: str
  default_gateway:
    description: IPv4 address of the default gateway. It must be on a network of one of the VMkernel adapters.
    type: str
  ipv6:
    description:
      - Whether IPv6 is on.
      - A host takes this on at its next start; RV(reboot_required) says whether that is still to come.
    type: bool
  vswitches:
    description: Standard vSwitches.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name, for example V(vSwitch1).
        type: str
        required: true
      nics:
        description:
          - Physical adapters that are its uplinks, for example V(vmnic1). The order has no meaning.
          - An empty list makes it an internal vSwitch.
        type: list
        elements: str
      mtu:
        description:
          - Largest frame, in bytes, from 1280 to 9000.
          - A new vSwitch gets 1500 if this is not set.
        type: int
      num_ports:
        description:
          - Number of ports. Hosts since ESXi 5.5 grow it as needed.
          - A new vSwitch gets 128 if this is not set.
        type: int
      state:
        description: Whether it is there. Its unused port groups go with it.
        type: str
        choices: [present, absent]
        default: present
  portgroups:
    description: Port groups on standard vSwitches.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name, for example V(VM Network).
        type: str
        required: true
      vswitch:
        description:
          - The vSwitch it is on. Needed to add it.
          - A port group can be moved to another vSwitch while nothing is connected to it.
        type: str
      vlan_id:
        description:
          - VLAN, V(0) for none, V(4095) for all.
          - A new port group gets V(0) if this is not set.
        type: int
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
  vmkernels:
    description:
      - VMkernel adapters.
      - An entry means the adapter named by O(vmkernels[].device), or else the one on O(vmkernels[].portgroup).
    type: list
    elements: dict
    suboptions:
      portgroup:
        description: The port group it is on. Needed to add it.
        type: str
      device:
        description:
          - Device, for example V(vmk0).
          - The host names new adapters itself, with the lowest free number; only that is accepted here for a new one.
        type: str
      ip:
        description: IPv4 address.
        type: str
      netmask:
        description: Netmask, for example V(255.255.255.0), or its length, V(24). Goes with O(vmkernels[].ip).
        type: str
      dhcp:
        description: Whether the address comes from DHCP. Either this or O(vmkernels[].ip) is needed to add an adapter.
        type: bool
        default: false
      mtu:
        description:
          - Largest packet, in bytes, from 1280 to 9000, and no more than the vSwitch under it has.
          - A new adapter gets 1500 if this is not set.
        type: int
      services:
        description:
          - The services it carries; any other is taken from it. An empty list takes them all.
          - Which of these a host knows depends on its version.
        type: list
        elements: str
        choices:
          - vmotion
          - management
          - faultToleranceLogging
          - vSphereProvisioning
          - vSphereReplication
          - vSphereReplicationNFC
          - vsan
      state:
        description: Whether it is there. The only adapter with the service V(management) cannot be removed.
        type: str
        choices: [present, absent]
        default: present
  purge:
    description:
      - Whether to remove vSwitches, port groups and VMkernel adapters that are not listed.
      - Of the three lists, those that are not given at all are left alone.
      - What something that stays still needs is not removed, and neither is a VMkernel adapter with the service
        V(management), one that software iSCSI is bound to, and one on a distributed switch. A warning says so.
    type: bool
    default: false
  force:
    description:
      - Whether to make changes that cut the connection to the host or to its storage, such as taking the last uplink from
        under its management, or changing its VLAN or its address.
      - They are refused without it, unless there is another VMkernel adapter to manage the host over that stays as it is.
    type: bool
    default: false
extends_documentation_fragment:
  - livelab.datacenter.vsphere
notes:
  - If the address that the module reaches the host at is changed, which takes O(force=true), that is done after
    everything else, and the module goes on at the new address. The next task needs that as its O(hostname).
  - The order of changes is worked out from what each needs. Two vSwitches can swap their uplinks in one task; the MTU of a
    vSwitch is raised before that of the adapters on it, and lowered after it.
seealso:
  - module: livelab.datacenter.esxi_iscsi
  - module: livelab.datacenter.vcenter_host
"""

EXAMPLES = r"""
- name: A second vSwitch that carries vMotion and iSCSI
  livelab.datacenter.esxi_network:
    hostname: esxi1.example.org
    username: root
    password: "{{ vault_esxi_password }}"
    thumbprint: "{{ esxi1_thumbprint }}"
    vswitches:
      - name: vSwitch1
        nics: [vmnic1]
    portgroups:
      - name: vMotion
        vswitch: vSwitch1
    vmkernels:
      - portgroup: vMotion
        ip: 192.168.2.11
        netmask: 255.255.255.0
        services: [vmotion]

- name: Names and IPv6 of a host, through its vCenter
  livelab.datacenter.esxi_network:
    hostname: vcenter.example.org
    username: administrator@vsphere.local
    password: "{{ vault_vcenter_password }}"
    esxi_hostname: esxi1.example.org
    host_name: esxi1
    domain: example.org
    dns_servers: [192.168.1.1]
    default_gateway: 192.168.1.1
    ipv6: false

- name: No port group but these
  livelab.datacenter.esxi_network:
    hostname: esxi1.example.org
    username: root
    password: "{{ vault_esxi_password }}"
    purge: true
    portgroups:
      - name: Management Network
        vswitch: vSwitch0
      - name: VM Network
        vswitch: vSwitch0
        vlan_id: 20
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
    - what: vSwitch vSwitch1
      action: add
      before: null
      after: {nics: [vmnic1], mtu: 1500, num_ports: 128}
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
  sample: esxi1.example.org
vmkernels:
  description: The declared VMkernel adapters' devices, by port group.
  returned: success
  type: dict
  sample: {vMotion: vmk1}
reboot_required:
  description: Whether the host has to be restarted for IPv6 to be as declared.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.apply import NetworkWork
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.plan import plan

SERVICES = [
    "vmotion",
    "management",
    "faultToleranceLogging",
    "vSphereProvisioning",
    "vSphereReplication",
    "vSphereReplicationNFC",
    "vsan",
]
STATE = {"type": "str", "choices": ["present", "absent"], "default": "present"}
VSWITCH = {
    "name": {"type": "str", "required": True},
    "nics": {"type": "list", "elements": "str"},
    "mtu": {"type": "int"},
    "num_ports": {"type": "int"},
    "state": STATE,
}
PORTGROUP = {
    "name": {"type": "str", "required": True},
    "vswitch": {"type": "str"},
    "vlan_id": {"type": "int"},
    "state": STATE,
}
VMKERNEL = {
    "portgroup": {"type": "str"},
    "device": {"type": "str"},
    "ip": {"type": "str"},
    "netmask": {"type": "str"},
    "dhcp": {"type": "bool", "default": False},
    "mtu": {"type": "int"},
    "services": {"type": "list", "elements": "str", "choices": SERVICES},
    "state": STATE,
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            esxi_hostname={"type": "str"},
            host_name={"type": "str"},
            domain={"type": "str"},
            dns_servers={"type": "list", "elements": "str"},
            search_domains={"type": "list", "elements": "str"},
            default_gateway={"type": "str"},
            ipv6={"type": "bool"},
            vswitches={"type": "list", "elements": "dict", "options": VSWITCH},
            portgroups={"type": "list", "elements": "dict", "options": PORTGROUP},
            vmkernels={"type": "list", "elements": "dict", "options": VMKERNEL},
            purge={"type": "bool", "default": False},
            force={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    converge(module, NetworkWork(module.params), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
