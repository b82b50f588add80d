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
  - What is not mentioned is left as it is, unless O(purge=true). Objects refer to each other by name; one of several
    that look alike, or that has no name, by its number, as in V(#3).
  - Everything is checked against what the NAS has, and what its version can express, before the first change is made.
attributes:
  check_mode:
    description: Says what would change, and changes nothing.
    support: full
  diff_mode:
    description: Shows the objects that change as they are before and after, without secrets.
    support: full
options:
  basename:
    description: The part of the targets' names before their own, for example V(iqn.2005-10.org.freenas.ctl).
    type: str
  iscsi_port:
    description:
      - TCP port of iSCSI.
      - Since TrueNAS 22.12 it is that of all portals, and from 1025 on. Before, it is that of the addresses in O(portals)
        that have none of their own.
    type: int
  isns_servers:
    description: Addresses of iSNS servers that the targets are registered with.
    type: list
    elements: str
  pool_avail_threshold:
    description: Percent of a pool in use at which initiators are warned, from 1 to 99.
    type: int
  discovery:
    description: Who may ask which targets there are, at every portal.
    type: dict
    suboptions:
      authmethod:
        description: How initiators prove who they are.
        type: str
        choices: [NONE, CHAP, CHAP_MUTUAL]
        required: true
      auth:
        description: Tag of the group of CHAP users. Needed unless O(discovery.authmethod=NONE).
        type: int
  portals:
    description:
      - Addresses that the service listens on.
      - A portal is known by its comment. One with another comment that listens on the same addresses is taken for it,
        and gets the comment, unless it is declared itself.
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
            description:
              - TCP port. O(iscsi_port) if not set, or 3260.
              - Since TrueNAS 22.12 all addresses have one port.
            type: int
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
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
          - Only before TrueNAS 22.12. Later ones have O(targets[].auth_networks).
        type: list
        elements: str
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
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
        description: The initiator's secret, of 12 to 16 characters. Needed unless O(auths[].state=absent).
        type: str
      peeruser:
        description: Name that the target gives (mutual CHAP).
        type: str
      peersecret:
        description: The target's secret, of 12 to 16 characters, not the same as O(auths[].secret).
        type: str
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
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
      groups:
        description:
          - All the ways by which it is reached, in place of O(targets[].portal), O(targets[].initiator),
            O(targets[].authmethod) and O(targets[].auth), which are one.
        type: list
        elements: dict
        suboptions:
          portal:
            description: The portal, by its comment.
            type: str
            required: true
          initiator:
            description: The group of initiators, by its comment. All if not set.
            type: str
          authmethod:
            description: How initiators prove who they are.
            type: str
            choices: [NONE, CHAP, CHAP_MUTUAL]
            default: NONE
          auth:
            description: Tag of the group of CHAP users.
            type: int
      auth_networks:
        description:
          - Networks that it lets in, for example V(192.168.2.0/24). Empty means all.
          - Only from TrueNAS 22.12 on. Earlier ones have O(initiators[].auth_network).
        type: list
        elements: str
      state:
        description: Whether it is there. Its LUNs go with it; the extents stay.
        type: str
        choices: [present, absent]
        default: present
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
        description: A zvol or disk, or a file. It follows from O(extents[].disk) and O(extents[].path) if not set.
        type: str
        choices: [disk, file]
      disk:
        description:
          - The zvol, for example V(tank/vmware), or, before TrueNAS 22.12, a disk.
          - The names that the API has for a zvol will do too, such as V(zvol/tank/my+vol).
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
        description:
          - Serial number, of 16 characters at most before TrueNAS 22.12, of 20 from then on. One of its own for a new
            extent if this is not set.
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
      comment:
        description: A comment.
        type: str
      avail_threshold:
        description: Percent of it in use at which initiators are warned, from 1 to 99.
        type: int
      ro:
        description: Whether initiators can only read it. V(false) for a new extent if not set.
        type: bool
      enabled:
        description: Whether it is served. V(true) for a new extent if not set. From FreeNAS 11.3 on.
        type: bool
      product_id:
        description: What it says it is, of 16 characters at most. From TrueNAS 25.10 on.
        type: str
      state:
        description: Whether it is there. Its LUN goes with it; the zvol or file stays.
        type: str
        choices: [present, absent]
        default: present
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
        description:
          - Number of the LUN, from 0 to 14 (FreeNAS 9.3), to 1023 (before TrueNAS 22.12), or to 16382. V(0) for a new
            association if not set.
        type: int
      state:
        description: Whether it is there.
        type: str
        choices: [present, absent]
        default: present
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
      - What something that stays still uses is not removed; a warning says so.
    type: bool
    default: false
  force:
    description:
      - Whether to take a LUN away, or change what it is made of, although an initiator is logged in.
    type: bool
    default: false
extends_documentation_fragment:
  - livelab.datacenter.freenas
  - livelab.datacenter.volumes
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
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.connect import argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.apply import IscsiWork
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.options import OPTIONS as VOLUME_OPTIONS

STR = {"type": "str"}
INT = {"type": "int"}
BOOL = {"type": "bool"}
NAME = {"type": "str", "required": True}
NAMES = {"type": "list", "elements": "str"}
STATE = {"type": "str", "choices": ["present", "absent"], "default": "present"}
METHOD = {"type": "str", "choices": ["NONE", "CHAP", "CHAP_MUTUAL"]}
LISTEN = {"ip": NAME, "port": INT}
PORTAL = {"comment": NAME, "listen": {"type": "list", "elements": "dict", "options": LISTEN}, "state": STATE}
INITIATORS = {"comment": NAME, "initiators": NAMES, "auth_network": NAMES, "state": STATE}
AUTH = {
    "tag": {"type": "int", "required": True},
    "user": NAME,
    "secret": {"type": "str", "no_log": True},
    "peeruser": STR,
    "peersecret": {"type": "str", "no_log": True},
    "state": STATE,
}
GROUP = {"portal": NAME, "initiator": STR, "authmethod": {**METHOD, "default": "NONE"}, "auth": INT}
TARGET = {
    "name": NAME,
    "alias": STR,
    "portal": STR,
    "initiator": STR,
    "authmethod": METHOD,
    "auth": INT,
    "groups": {"type": "list", "elements": "dict", "options": GROUP},
    "auth_networks": NAMES,
    "state": STATE,
}
EXTENT = {
    "name": NAME,
    "type": {"type": "str", "choices": ["disk", "file"]},
    "disk": STR,
    "path": STR,
    "filesize": STR,
    "blocksize": {"type": "int", "choices": [512, 1024, 2048, 4096]},
    "serial": STR,
    "rpm": {"type": "str", "choices": ["UNKNOWN", "SSD", "5400", "7200", "10000", "15000"]},
    "insecure_tpc": BOOL,
    "pblocksize": BOOL,
    "comment": STR,
    "avail_threshold": INT,
    "ro": BOOL,
    "enabled": BOOL,
    "product_id": STR,
    "state": STATE,
}
ASSOCIATION = {"target": NAME, "extent": NAME, "lun": INT, "state": STATE}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            **VOLUME_OPTIONS,
            basename=STR,
            iscsi_port=INT,
            isns_servers=NAMES,
            pool_avail_threshold=INT,
            discovery={"type": "dict", "options": {"authmethod": {**METHOD, "required": True}, "auth": INT}},
            portals={"type": "list", "elements": "dict", "options": PORTAL},
            initiators={"type": "list", "elements": "dict", "options": INITIATORS},
            auths={"type": "list", "elements": "dict", "options": AUTH, "no_log": False},
            targets={"type": "list", "elements": "dict", "options": TARGET},
            extents={"type": "list", "elements": "dict", "options": EXTENT},
            associations={"type": "list", "elements": "dict", "options": ASSOCIATION},
            service={"type": "dict", "options": {"enabled": BOOL, "running": BOOL}},
            purge={"type": "bool", "default": False},
            force={"type": "bool", "default": False},
        ),
        supports_check_mode=True,
    )
    converge(module, IscsiWork(module.params), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
