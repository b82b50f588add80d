#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vmotion
short_description: Where a virtual machine is
version_added: 0.1.0
description:
  - Declares on which host, or in which cluster, and on which datastore a virtual machine is, and moves it there when it
    is not. A machine that runs goes on running.
  - The vCenter checks the move beforehand, in check mode too, and all that stands against it is said.
  - On any failure the machine stays where it is.
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
  destination_host:
    description:
      - The ESXi host it is to be on, as the vCenter names it. It must be in the machine's data centre.
    type: str
  cluster:
    description:
      - The cluster it is to be in, by name or path. A machine in it stays on its host; another goes to the first host
        that is fit.
    type: str
  datastore:
    description:
      - The datastore that is to hold its files and disks. They stay where they are when not set.
    type: str
  networks:
    description:
      - Networks it is on now, and those they become at the destination. The others keep their name.
      - Has an effect only when the machine moves.
    type: dict
  priority:
    description:
      - How much of the hosts' power the move may claim.
    type: str
    choices: [default, high, low]
    default: default
  precheck_only:
    description:
      - Only check whether it could move. Fails with all that stands against it; changes nothing.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait for the move to end.
    type: int
    default: 3600
attributes:
  check_mode:
    support: full
    description: The vCenter checks the move, nothing moves.
  diff_mode:
    support: full
    description: Shows the place before and after.
notes:
  - How long each phase took is known only where the server tells it. A vCenter does not; RV(migration.phases) is null
    then.
"""

EXAMPLES = r"""
- name: The web server is on the second host
  livelab.datacenter.vmotion:
    hostname: 192.168.1.20
    username: administrator@vsphere.local
    password: "{{ vcenter_password }}"
    name: web
    destination_host: 192.168.1.12
    priority: high
  register: move

- name: What it took
  ansible.builtin.debug:
    msg: "{{ move.migration.duration_s }} s"
  when: move is changed

- name: Could it go back?
  livelab.datacenter.vmotion:
    hostname: 192.168.1.20
    username: administrator@vsphere.local
    password: "{{ vcenter_password }}"
    name: web
    destination_host: 192.168.1.11
    precheck_only: true
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
host:
  description: The host it is on afterwards.
  returned: success
  type: str
  sample: 192.168.1.12
migration:
  description: What the move took, null when there was none.
  returned: success
  type: dict
  contains:
    from:
      description: The host it was on.
      type: str
    to:
      description: The host it went to.
      type: str
    started:
      description: When it began by the server's clock, in ISO 8601, UTC.
      type: str
    ended:
      description: When it was done.
      type: str
    duration_s:
      description: Seconds between the two.
      type: float
    progress:
      description: The percentages the server told on the way, each with the seconds since the start.
      type: list
      elements: dict
      sample: [{at_s: 0.4, percent: 20}]
    phases:
      description:
        - What the logs of the two hosts and of the machine tell of a running machine's move, or null when they tell nothing.
        - What they do not tell is not there. Times are by the source's clock, but for the one that says otherwise.
      type: dict
      contains:
        migration:
          description: The number that the logs know the move by.
          returned: always
          type: str
          sample: "1451061663105920"
        source:
          description: vMotion address of the host it left.
          returned: if the logs tell it
          type: str
        destination:
          description: vMotion address of the host it went to.
          returned: if the logs tell it
          type: str
        began:
          description: When the source was told to begin, in ISO 8601.
          returned: if the logs tell it
          type: str
        setup_s:
          description: Seconds from there to the first page sent.
          returned: if the logs tell it
          type: float
        precopy_s:
          description: Seconds of pre-copy, in which the machine runs on.
          returned: if the logs tell it
          type: float
        switchover_s:
          description: Seconds from the end of pre-copy until the source learnt that the machine runs at the destination.
          returned: if the logs tell it
          type: float
        total_s:
          description: Seconds of all three.
          returned: if the logs tell it
          type: float
        downtime_s:
          description: Seconds that the machine stood, as the destination measured.
          returned: if the logs tell it
          type: float
        pages_left:
          description: Pages of 4096 bytes that were left when pre-copy ended.
          returned: if the logs tell it
          type: int
        bytes_left:
          description: The same in bytes.
          returned: if the logs tell it
          type: int
        goal_s:
          description: Seconds within which the host wanted to send them.
          returned: if the logs tell it
          type: float
        bandwidth:
          description: Megabytes a second that the host measured at the end of pre-copy.
          returned: if the logs tell it
          type: float
faults:
  description: What stands against the move, each in a line.
  returned: when the check refuses it
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import argument_spec
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.apply import Motion
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.plan import plan


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(
            name={"type": "str", "required": True},
            folder={"type": "str"},
            datacenter={"type": "str"},
            destination_host={"type": "str"},
            cluster={"type": "str"},
            datastore={"type": "str"},
            networks={"type": "dict"},
            priority={"type": "str", "choices": ["default", "high", "low"], "default": "default"},
            precheck_only={"type": "bool", "default": False},
            wait_timeout={"type": "int", "default": 3600},
        ),
        mutually_exclusive=[("destination_host", "cluster")],
        required_one_of=[("destination_host", "cluster", "datastore")],
        supports_check_mode=True,
    )
    converge(module, Motion(module.params), check=check, plan=plan, explain=explain)


if __name__ == "__main__":
    main()
