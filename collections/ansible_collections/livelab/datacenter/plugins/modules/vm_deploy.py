#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_deploy
short_description: A virtual machine from an OVF or OVA package
version_added: 0.1.0
description:
  - Deploys a virtual machine from an OVF or OVA package that is on the machine the module runs on, and uploads its
    disks.
  - The package's checksums and disks, the host, its networks, the datastore and the room on it are checked before
    anything is uploaded. When something fails on the way, the server removes what it has of the machine.
  - A virtual machine of this name that is there already is left alone. How its hardware differs from the package is
    said in RV(differences) and as a warning.
author:
  - The livelab.datacenter authors (@livelab)
extends_documentation_fragment:
  - livelab.datacenter.vsphere
options:
  name:
    description:
      - The virtual machine's name. One that is there already can be named by its path, such as V(/Thesis/vm/lab/web),
        its UUID or its id, such as V(vm-42), too.
    type: str
    required: true
  ovf:
    description:
      - Path of the .ovf file, with its disks beside it, or of the .ova file.
      - The package may hold one machine. Its files are checked against the manifest (.mf), whatever that is called; what
        is not checked is said as a warning. Files may be compressed with gzip, and in pieces.
      - Needed for O(state=present).
    type: path
  datacenter:
    description:
      - The data centre it is in or goes to, by name or path. May be left out where there is only one.
    type: str
  folder:
    description:
      - The VM folder it is in or goes to, as a path below the data centre's own, such as V(web/servers), or whole, such
        as V(/Thesis/vm/web/servers). A machine of this name in another folder is another machine.
      - When not set, the machine may be in any folder, and a new one goes to the data centre's own.
    type: str
  esxi_hostname:
    description:
      - The ESXi host that gets it, as the vCenter names it. May be left out where there is only one host.
    type: str
  cluster:
    description:
      - The cluster that gets it, instead of a host. The first of its hosts that is fit for it and has the datastore
        does.
    type: str
  datastore:
    description:
      - The datastore for its disks. The host must have it.
      - Needed when the machine is not there yet.
    type: str
  networks:
    description:
      - The networks of the package and those of the host they become.
      - A network of the package that is not here becomes the host's network of the same name.
    type: dict
  deployment_option:
    description:
      - Which of the package's deployment options, its sizes as a rule, by its id. The package's default when not set.
    type: str
  properties:
    description:
      - Values of the package's properties, by their keys. The package's defaults for those that are not here.
      - Values of properties that the package marks as passwords are shown nowhere.
    type: dict
  upload_thumbprint:
    description:
      - The SHA-256 thumbprint of the certificate of the ESXi host that takes the disks. O(thumbprint) is the vCenter's.
      - Needed only where neither O(ca_path) nor the vCenter vouches for that host.
    type: str
  disk_provisioning:
    description:
      - Whether the disks take their room as they fill (V(thin)) or at once.
    type: str
    choices: [thin, thick, eagerZeroedThick]
    default: thin
  state:
    description:
      - V(present) or V(absent).
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - With O(state=absent), remove the machine even when it runs. It is switched off, not shut down.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Everything is checked, nothing is uploaded.
  diff_mode:
    support: full
    description: Says what would be deployed or removed.
"""

EXAMPLES = r"""
- name: The web server goes to the shared datastore
  livelab.datacenter.vm_deploy:
    hostname: 192.168.1.20
    username: administrator@vsphere.local
    password: "{{ vcenter_password }}"
    ca_path: /etc/lab/ca.pem
    name: web
    ovf: /srv/images/web.ovf
    datacenter: Thesis
    esxi_hostname: 192.168.1.11
    datastore: DTFreeNAS
    networks:
      VM Network: VM Network

- name: A small one of an appliance that has sizes, with a larger data disk
  livelab.datacenter.vm_deploy:
    hostname: 192.168.1.20
    username: administrator@vsphere.local
    password: "{{ vcenter_password }}"
    name: appliance
    folder: lab
    ovf: /srv/images/appliance.ova
    datastore: DTFreeNAS
    deployment_option: small
    properties:
      datadisksize: 40

- name: And away with it, running or not
  livelab.datacenter.vm_deploy:
    hostname: 192.168.1.20
    username: administrator@vsphere.local
    password: "{{ vcenter_password }}"
    name: web
    state: absent
    force: true
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
vm:
  description: The machine, by its name, C(moid), C(path), C(uuid), C(power), C(host) and hardware.
  returned: when it is there
  type: dict
  sample: {name: web, moid: vm-61, power: poweredOff, host: 192.168.1.11, cpus: 2, memory_mb: 512, nics: 1}
differences:
  description: How the hardware of the machine differs from the package.
  returned: when O(ovf) is given and the server tells the hardware
  type: list
  elements: str
uploaded_bytes:
  description: Bytes sent.
  returned: when it was deployed
  type: int
duration_s:
  description: Seconds the import took.
  returned: when it was deployed
  type: float
"""

import signal

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.apply import Deployment
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.plan import plan


def ended(number: int, frame: object) -> None:
    """Answer a signal that ends the module the way in which open files and uploads are cleaned up."""
    raise SystemExit("ended by a signal")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            ovf={"type": "path"},
            datacenter={"type": "str"},
            folder={"type": "str"},
            esxi_hostname={"type": "str"},
            cluster={"type": "str"},
            datastore={"type": "str"},
            networks={"type": "dict"},
            deployment_option={"type": "str"},
            # Secret until the package says which of them are passwords.
            properties={"type": "dict", "no_log": True},
            upload_thumbprint={"type": "str"},
            disk_provisioning={"type": "str", "choices": ["thin", "thick", "eagerZeroedThick"], "default": "thin"},
            state={"type": "str", "choices": ["present", "absent"], "default": "present"},
            force={"type": "bool", "default": False},
        ),
        required_if=[("state", "present", ("ovf",))],
        mutually_exclusive=[("esxi_hostname", "cluster")],
        supports_check_mode=True,
    )
    # Ended from outside, it still has the server remove what there is of the machine.
    signal.signal(signal.SIGTERM, ended)
    converge(module, Deployment(module.params, module.no_log_values), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
