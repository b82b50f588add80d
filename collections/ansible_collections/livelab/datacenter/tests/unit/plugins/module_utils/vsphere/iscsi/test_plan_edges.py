# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges of the software iSCSI adapter's plan: portals on other ports, and what is said of a whole plan."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.plan import cautions, plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import (
    Adapter,
    Port,
    Target,
    VMkernel,
    Volume,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun

IQN = "iqn.2001-01.a:b"
# A datastore on a LUN that the portal on port 3261 has told of.
CURRENT = Adapter(
    "esxi1", enabled=True, hba="vmhba64", vmkernels=(VMkernel("vmk1"),), bound=(Port("vmk1", True),),
    send_targets=(Target("10.0.2.1", 3261),),
    discovered=(Target("10.0.2.1", 3261, IQN, "10.0.2.1:3261"),),
    luns=(Lun("naa.1", IQN, 0, 2**30, "", addresses=("10.0.2.1:3261",), adapter="vmhba64"),),
    volumes=(Volume("DT", ("naa.1",)),),
)
DESIRED = {"enabled": True, "purge": True, "port_binding": [], "send_targets": []}


def test_a_portal_on_another_port_is_not_purged_under_a_datastore_and_all_of_it_is_said():
    assert plan(CURRENT, DESIRED) == []
    assert cautions(CURRENT, DESIRED) == [
        "port binding vmk1 is not purged: esxi1 reaches disks over it. Release it when nothing uses the disks behind the "
        "adapter.",
        "send target 10.0.2.1:3261 is not purged: esxi1 reaches the datastore DT by it and by no other. Unmount or remove that "
        "first, or list the target.",
    ]


def test_a_portal_on_another_port_takes_along_only_what_it_has_told_of():
    # The same target is there by the portal on the usual port.
    twice = replace(
        CURRENT,
        send_targets=(Target("10.0.2.1"), *CURRENT.send_targets),
        discovered=(*CURRENT.discovered, Target("10.0.2.1", 3260, IQN, "10.0.2.1:3260")),
        luns=(*CURRENT.luns, replace(CURRENT.luns[0], addresses=("10.0.2.1:3260",))),
    )
    desired = {**DESIRED, "send_targets": [{"address": "10.0.2.1", "port": 3260}]}
    assert [change.what for change in plan(twice, desired)] == ["send target 10.0.2.1:3261"]
