#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: configuration
short_description: Write a service's files, and put the old ones back when it does not take them
version_added: 0.2.0
description:
  - Writes files and links of a configuration in one step, checks it, has the service reload or restart, and looks
    whether it survives that. If not, what was there before is put back, the service goes on with it, and the module fails.
  - A run that is cut off in between, by a loss of power or by a user, is finished by the next one.
  - Where systemd does not know the service yet, the files are written, and its package starts it with them.
  - Systemd's own files, such as a drop-in of the service, can be among them; it reads its units again before it acts by them.
author:
  - The livelab.datacenter authors (@livelab)
options:
  files:
    description:
      - The files and links. Directories that are missing on the way to them are made.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description:
          - Absolute path.
        type: str
        required: true
      content:
        description:
          - The file's text, written as UTF-8.
        type: str
      secret_content:
        description:
          - The same for a text with a secret in it, which is shown in no diff, result or log. Give it a O(files[].mode) to suit.
        type: str
      link:
        description:
          - Where a symbolic link leads. It need not be there.
        type: str
      mode:
        description:
          - Permissions of a file, in octal digits.
        type: str
        default: "0644"
      owner:
        description:
          - User that a file belongs to.
        type: str
        default: root
      group:
        description:
          - Group that a file belongs to.
        type: str
        default: root
      needs:
        description:
          - What the service has to do for a change of it to take effect.
        type: str
        choices: [nothing, reload, restart]
        default: restart
      state:
        description:
          - Whether it is there.
        type: str
        choices: [present, absent]
        default: present
  service:
    description:
      - The systemd service that reads them, or a timer. It is started and enabled, too.
      - Its unit may be one of the files.
    type: str
  service_state:
    description:
      - Whether it runs and starts with the machine, or does neither. It is stopped before the files are written.
    type: str
    choices: [started, stopped]
    default: started
  check:
    description:
      - A command, as a list of words, that ends with a status other than 0 when the configuration is wrong.
    type: list
    elements: str
    default: []
  watch:
    description:
      - Paths of others, such as a directory of modules. If one changed after the service started, it is restarted.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: What would change is reported, and nothing is written.
  diff_mode:
    support: full
    description: Files before and after, but for secret ones and those that go.
"""

EXAMPLES = r"""
- name: Where Apache listens
  livelab.datacenter.configuration:
    service: apache2
    check: [apache2ctl, configtest]
    watch: [/etc/apache2/mods-enabled]
    files:
      - path: /etc/apache2/ports.conf
        content: |
          Listen 80
      - path: /etc/apache2/sites-enabled/000-default.conf
        state: absent
        needs: reload

- name: A timer, with what it starts
  livelab.datacenter.configuration:
    service: report.timer
    files:
      - path: /etc/systemd/system/report.timer
        content: |
          [Timer]
          OnCalendar=daily
          [Install]
          WantedBy=timers.target
      - path: /etc/systemd/system/report.service
        needs: nothing
        content: |
          [Service]
          Type=oneshot
          ExecStart=/usr/local/sbin/report
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
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.apply import ConfigurationWork
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.configuration.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import converge

FILE = {
    "path": {"type": "str", "required": True},
    "content": {"type": "str"},
    "secret_content": {"type": "str", "no_log": True},
    "link": {"type": "str"},
    "mode": {"type": "str", "default": "0644"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "needs": {"type": "str", "choices": ["nothing", "reload", "restart"], "default": "restart"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "required": True, "options": FILE},
            "service": {"type": "str"},
            "service_state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
            "check": {"type": "list", "elements": "str", "default": []},
            "watch": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    work = ConfigurationWork(module.params, lambda command: module.run_command(list(command)))
    converge(module, work, check=check, plan=plan)


if __name__ == "__main__":
    main()
