# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking a vCenter whether a move would work, and saying its faults so that a user knows what to do."""

from __future__ import annotations

from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vmodl
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import fault_text, is_fault
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import wait_for_task

# What a fault of these types comes from, most special first, and what helps. {host}: the host at fault.
_MEANINGS = (
    (
        ("VMotionNotConfigured",),
        "host {host} has no VMkernel adapter enabled for vMotion; enable one "
        "(esxi_network vmkernels[].services: [vmotion])",
    ),
    (("VMotionLinkDown",), "the network adapter under the vMotion VMkernel adapter of host {host} has no link"),
    (("VMotionNotLicensed",), "the licence of host {host} does not cover vMotion"),
    (("VMotionNotSupported",), "host {host} does not support vMotion"),
    (
        ("CannotAccessNetwork",),
        "host {destination} has not the network of its '{device}'; create it there, or name another with networks",
    ),
    (
        ("CannotAccessVmDisk", "CannotAccessVmConfig", "InaccessibleDatastore", "DatastoreNotWritableOnHost"),
        "host {destination} does not see its files; put them on storage both hosts share, or name a datastore",
    ),
)


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
    said = fault_text(fault)
    for names, meaning in _MEANINGS:
        if is_fault(fault, *names):
            at_source = getattr(fault, "atSourceHost", False)
            host = getattr(fault, "failedHost", None) or where["source" if at_source else "destination"]
            device = getattr(fault, "device", None) or "network adapter"
            return f"{meaning.format(host=host, device=device, **where)} (the server says: {said})"
    return said
