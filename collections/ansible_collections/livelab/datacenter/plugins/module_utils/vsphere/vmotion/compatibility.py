# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a vCenter whether a move would work, and telling its faults with the hosts that they speak of."""

from __future__ import annotations

from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vmodl
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import fault_text
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task


def check(client: Client, machine: Any, spec: Any) -> tuple[list, list]:
    """The faults that stand against a move, and those that only warn of something.

    A server that knows no such check has nothing to say against it here; the move itself will tell.
    """
    checker = client.content.vmProvisioningChecker
    if checker is None:
        return [], []
    try:
        task = checker.CheckRelocate_Task(vm=machine, spec=spec)
        results = wait_for_task(client, task, timeout=max(60, client.timeout)).result or []
    except (vmodl.fault.NotSupported, vmodl.fault.MethodNotFound, vmodl.fault.ManagedObjectNotFound):
        return [], []
    errors, warnings = [], []
    for result in results:
        errors += list(result.error or ())
        warnings += list(result.warning or ())
    return errors, warnings


def text(fault: Any, where: dict) -> str:
    """A fault in words.

    :param fault: a ``vmodl.MethodFault``.
    :param where: the names of the ``source`` and the ``destination`` host.
    """
    at_source = getattr(fault, "atSourceHost", False)
    return fault_text(fault, failedHost=where["source" if at_source else "destination"], destination=where["destination"])
