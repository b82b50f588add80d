# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares the iSCSI service of a FreeNAS or TrueNAS."""

from __future__ import annotations

DOCUMENTATION = r"""
module: freenas_iscsi
short_description: Declare the iSCSI service of a FreeNAS or TrueNAS
version_added: 0.1.0
author:
  - The livelab.datacenter authors (@livelab)
description:
  - Declares the whole iSCSI service in one task, that is base name, portals, initiators, CHAP, targets, extents,
    LUNs and the service itself, with the pool and the zvols under it.
  - What is not mentioned is left as it is, unless O(purge=true). Objects refer to each other by name.
  - Everything is checked against what the NAS has before the first change is made.
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows the objects that change as they are before and after, without secrets.
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
    description: Volumes in pools, to be used by extents.
    type: list
    elements: dict
    suboptions:
      name:
        description: Pool and name, for example V(tank/vmware).
        type: str
        required: true
      size:
        description:
          - Size in bytes, or with a unit (K, M, G, T, P; powers of 1024), for example V(12G).
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
  basename:
    description: The part of the targets' names before their own, for example V(iqn.2005-10.org.freenas.ctl).
    type: str
  portals:
    description:
      - Addresses that the service listens on.
      - A portal is known by its comment. One with another comment that listens on the same addresses is taken for it,
        and gets the comment.
    type: list
    elements: dict
    suboptions:
      comment:
        description: What it is known by.
        type: str
        required: true
      listen:
        description: Addresses. At least one is needed for a new portal.
        type: list
        elements: dict
        suboptions:
          ip:
            description: An IP address of the NAS, or V(0.0.0.0) for all.
            type: str
            required: true
          port:
            description: TCP port.
            type: int
            default: 3260
  initiators:
    description: Groups of initiators that targets let in. A group is known by its comment.
    type: list
    elements: dict
    suboptions:
      comment:
        description: What it is known by.
        type: str
        required: true
      initiators:
        description: iSCSI names of the initiators. Empty means all.
        type: list
        elements: str
      auth_network:
        description:
          - Networks they come from, for example V(192.168.2.0/24). Empty means all.
          - Newer TrueNAS do not have this.
        type: list
        elements: str
  auths:
    description: CHAP users. One is known by its O(auths[].tag) and O(auths[].user).
    type: list
    elements: dict
    suboptions:
      tag:
        description: The group it is in. Targets name the group.
        type: int
        required: true
      user:
        description: Name that the initiator gives.
        type: str
        required: true
      secret:
        description: The initiator's secret, of 12 to 16 characters.
        type: str
        required: true
      peeruser:
        description: Name that the target gives (mutual CHAP).
        type: str
      peersecret:
        description: The target's secret, of 12 to 16 characters, not the same as O(auths[].secret).
        type: str
  targets:
    description: Targets. What is not said of a target that is there stays as it is.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name after O(basename) and a colon, of small letters, digits, dots, hyphens and colons.
        type: str
        required: true
      alias:
        description: An alias.
        type: str
      portal:
        description: The portal it is reached by, by its comment. Needed for a new target.
        type: str
      initiator:
        description: The group of initiators that it lets in, by its comment. All if not set.
        type: str
      authmethod:
        description: How initiators prove who they are. V(NONE) for a new target if not set.
        type: str
        choices: [NONE, CHAP, CHAP_MUTUAL]
      auth:
        description: Tag of the group of CHAP users. Needed unless O(targets[].authmethod=NONE).
        type: int
  extents:
    description: What LUNs are made of. What is not said of an extent that is there stays as it is.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the extent.
        type: str
        required: true
      type:
        description: A zvol or disk, or a file.
        type: str
        choices: [disk, file]
        default: disk
      disk:
        description: The zvol, for example V(tank/vmware), or a disk.
        type: str
      path:
        description: The file, below C(/mnt).
        type: str
      filesize:
        description: Size of the file, like O(zvols[].size). Without it, the file must be there.
        type: str
      blocksize:
        description: Logical block size in bytes. V(512) for a new extent if not set, which is what ESXi needs.
        type: int
        choices: [512, 1024, 2048, 4096]
      serial:
        description: Serial number. The NAS chooses one for a new extent if this is not set.
        type: str
      rpm:
        description: Rotation that is reported. V(SSD) for a new extent if not set.
        type: str
        choices: [UNKNOWN, SSD, '5400', '7200', '10000', '15000']
      insecure_tpc:
        description:
          - Whether initiators may copy between extents without their being in the same group (third-party copy, for
            ESXi's offloaded copies). V(true) for a new extent if not set.
        type: bool
      pblocksize:
        description: Whether B(not) to report the physical block size. V(false) for a new extent if not set.
        type: bool
  associations:
    description: Which extent is which LUN of which target. An extent belongs to one target only.
    type: list
    elements: dict
    suboptions:
      target:
        description: Name of the target.
        type: str
        required: true
      extent:
        description: Name of the extent.
        type: str
        required: true
      lun:
        description: Number of the LUN, from 0 to 1023. V(0) for a new association if not set.
        type: int
  service:
    description: The service itself.
    type: dict
    suboptions:
      enabled:
        description: Whether it starts with the NAS.
        type: bool
      running:
        description: Whether it runs.
        type: bool
  purge:
    description:
      - Whether to remove portals, initiators, CHAP users, targets, extents and associations that are not listed.
      - Of these lists, those that are not given at all are left alone. Pools and zvols are never removed.
    type: bool
    default: false
extends_documentation_fragment:
  - livelab.datacenter.freenas
notes:
  - A NAS that hides its CHAP secrets does not tell whether they are as declared; they are then sent only for new users.
seealso:
  - module: livelab.datacenter.esxi_iscsi
"""

EXAMPLES = r"""
- name: One LUN of 12 GiB for VMware
  livelab.datacenter.freenas_iscsi:
    hostname: nas.example.org
    password: "{{ vault_nas_password }}"
    pool:
      name: tank
      disks: [da1]
    zvols:
      - name: tank/vmware
        size: 12G
        sparse: true
    portals:
      - comment: storage
        listen:
          - ip: 192.168.2.129
    initiators:
      - comment: all
    targets:
      - name: vmware
        portal: storage
        initiator: all
    extents:
      - name: vmware
        disk: tank/vmware
    associations:
      - target: vmware
        extent: vmware
        lun: 0
    service:
      enabled: true
      running: true

- name: The same target, with CHAP
  livelab.datacenter.freenas_iscsi:
    hostname: nas.example.org
    api_key: "{{ vault_nas_api_key }}"
    auths:
      - tag: 1
        user: esxi
        secret: "{{ vault_chap_password }}"
    targets:
      - name: vmware
        authmethod: CHAP
        auth: 1
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
    - what: pool tank
      action: add
      before: null
      after: {layout: stripe, disks: [da1]}
failed_change:
  description: The change that failed, as those in RV(changes). C(msg) says why.
  returned: when a change failed
  type: dict
not_reached:
  description: The changes after the one that failed, as those in RV(changes); they were not made.
  returned: when a change failed
  type: list
  elements: dict
targets:
  description: Full names of the declared targets.
  returned: success
  type: list
  elements: str
  sample: ['iqn.2005-10.org.freenas.ctl:vmware']
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.apply import IscsiTargetWork
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.session import argument_spec

STR = {"type": "str"}
NAME = {"type": "str", "required": True}
NAMES = {"type": "list", "elements": "str"}
LISTEN = {"ip": NAME, "port": {"type": "int", "default": 3260}}
LAYOUTS = ["stripe", "mirror", "raid10", "raidz1", "raidz2", "raidz3"]
POOL = {"name": NAME, "disks": NAMES, "layout": {"type": "str", "choices": LAYOUTS, "default": "stripe"}}
ZVOL = {
    "name": NAME,
    "size": NAME,
    "sparse": {"type": "bool", "default": False},
    "volblocksize": {"type": "str", "choices": ["512", "1K", "2K", "4K", "8K", "16K", "32K", "64K", "128K"]},
}
PORTAL = {"comment": NAME, "listen": {"type": "list", "elements": "dict", "options": LISTEN}}
INITIATORS = {"comment": NAME, "initiators": NAMES, "auth_network": NAMES}
AUTH = {
    "tag": {"type": "int", "required": True},
    "user": NAME,
    "secret": {"type": "str", "required": True, "no_log": True},
    "peeruser": STR,
    "peersecret": {"type": "str", "no_log": True},
}
TARGET = {
    "name": NAME,
    "alias": STR,
    "portal": STR,
    "initiator": STR,
    "authmethod": {"type": "str", "choices": ["NONE", "CHAP", "CHAP_MUTUAL"]},
    "auth": {"type": "int"},
}
EXTENT = {
    "name": NAME,
    "type": {"type": "str", "choices": ["disk", "file"], "default": "disk"},
    "disk": STR,
    "path": STR,
    "filesize": STR,
    "blocksize": {"type": "int", "choices": [512, 1024, 2048, 4096]},
    "serial": STR,
    "rpm": {"type": "str", "choices": ["UNKNOWN", "SSD", "5400", "7200", "10000", "15000"]},
    "insecure_tpc": {"type": "bool"},
    "pblocksize": {"type": "bool"},
}
ASSOCIATION = {"target": NAME, "extent": NAME, "lun": {"type": "int"}}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            pool={"type": "dict", "options": POOL},
            zvols={"type": "list", "elements": "dict", "options": ZVOL},
            basename=STR,
            portals={"type": "list", "elements": "dict", "options": PORTAL},
            initiators={"type": "list", "elements": "dict", "options": INITIATORS},
            auths={"type": "list", "elements": "dict", "options": AUTH, "no_log": False},
            targets={"type": "list", "elements": "dict", "options": TARGET},
            extents={"type": "list", "elements": "dict", "options": EXTENT},
            associations={"type": "list", "elements": "dict", "options": ASSOCIATION},
            service={"type": "dict", "options": {"enabled": {"type": "bool"}, "running": {"type": "bool"}}},
            purge={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    work = IscsiTargetWork(module.params)
    converge(module, work, plan=lambda current, _params: work.plan(current))


if __name__ == "__main__":
    main()
