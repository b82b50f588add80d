# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write how long each play, role and task took, and how it went, to the JSON file that $LAB_TIMES names."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: chapter_times
type: aggregate
short_description: How long each play, role and task took, as JSON
description:
  - Does nothing unless E(LAB_TIMES) names a file. The file is written anew when the playbook ends.
options: {}
"""


class CallbackModule(CallbackBase):
    """Times are seconds of wall clock; a task's is that of its slowest host."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "chapter_times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, display=None, options=None):
        super().__init__(display=display, options=options)
        self.path = os.environ.get("LAB_TIMES")
        self.plays: list[dict] = []
        if not self.path:
            self.disabled = True

    def v2_playbook_on_play_start(self, play):
        self._close()
        self.plays.append({"name": play.get_name(), "started": time.time(), "seconds": 0.0, "tasks": []})

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._close(task_only=True)
        if self.plays:
            role = task._role.get_name() if task._role else None
            self.plays[-1]["tasks"].append(
                {"name": task.get_name(), "role": role, "started": time.time(), "seconds": 0.0, "changed": []}
            )

    def v2_playbook_on_handler_task_start(self, task):
        self.v2_playbook_on_task_start(task, False)

    def v2_runner_on_ok(self, result):
        if result.is_changed() and self.plays and self.plays[-1]["tasks"]:
            self.plays[-1]["tasks"][-1]["changed"].append(result._host.get_name())

    def v2_playbook_on_stats(self, stats):
        self._close()
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        Path(self.path).write_text(json.dumps({"plays": self.plays, "hosts": hosts}, indent=1), encoding="utf-8")

    def _close(self, task_only=False):
        """Take the time of what runs now: it ends where the next begins."""
        if not self.plays:
            return
        now, play = time.time(), self.plays[-1]
        if play["tasks"] and not play["tasks"][-1]["seconds"]:
            play["tasks"][-1]["seconds"] = round(now - play["tasks"][-1]["started"], 3)
        if not task_only:
            play["seconds"] = round(now - play["started"], 3)
