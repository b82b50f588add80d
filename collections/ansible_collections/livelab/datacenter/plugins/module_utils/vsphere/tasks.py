# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the tasks of the vSphere API."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim, vmodl
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import fault_text


class TaskFailed(ConvergeError):
    """A task ended with an error. ``fault`` is the ``vmodl.MethodFault`` itself, ``info`` the ``TaskInfo``."""

    def __init__(self, error: Any, info: Any) -> None:
        super().__init__(fault_text(error))
        self.fault = getattr(error, "fault", error)
        self.info = info


def wait_for_task(
    client: Client, task: Any, timeout: float = 3600, progress: Callable[[int], Any] | None = None
) -> Any:
    """Wait until a task ends, and return its ``TaskInfo`` (its ``result`` is the result).

    The server says when something changes (``WaitForUpdatesEx``), so an hour's task costs few calls.

    :param timeout: seconds to wait for its end.
    :param progress: called with the percentage whenever it changes.
    :raises TaskFailed: when it ends with an error.
    :raises ConvergeError: when it has not ended in time; it may go on at the server.
    """
    collector = client.content.propertyCollector
    watch = collector.CreateFilter(_watch(task), partialUpdates=False)
    ends = time.monotonic() + timeout
    # Shorter than the connection's own limit, or that would end the wait.
    longest = max(1, min(30, client.timeout // 2))
    version, info = "", None
    try:
        while time.monotonic() < ends:
            options = vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=longest)
            update = collector.WaitForUpdatesEx(version, options)
            if update is None:
                continue
            version, info = update.version, _info(update, info)
            if progress and isinstance(info.progress, int):
                progress(info.progress)
            if info.state == vim.TaskInfo.State.success:
                return info
            if info.state == vim.TaskInfo.State.error:
                raise TaskFailed(info.error, info)
    finally:
        # The session's end removes it anyway; failing here would hide how the task ended.
        with contextlib.suppress(Exception):
            watch.DestroyPropertyFilter()
    raise ConvergeError(f"the task {getattr(info, 'descriptionId', None) or task._GetMoId()} has not ended within "
                        f"{timeout:g} s; it may still go on at {client.hostname}.")


def _watch(task: Any) -> Any:
    """A filter on the whole ``info``, so that every update is complete by itself."""
    return vmodl.query.PropertyCollector.FilterSpec(
        propSet=[vmodl.query.PropertyCollector.PropertySpec(type=vim.Task, pathSet=["info"])],
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=task)],
    )


def _info(update: Any, latest: Any) -> Any:
    for filtered in update.filterSet:
        for changed in filtered.objectSet:
            for change in changed.changeSet:
                if change.name == "info" and change.val is not None:
                    latest = change.val
    return latest
