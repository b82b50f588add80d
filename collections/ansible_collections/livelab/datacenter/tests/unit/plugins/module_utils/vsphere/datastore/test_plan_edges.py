# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges of a datastore's plan: a LUN that is several disks, and a host of which nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.plan import blind, plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.state import Datastore, Storage
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.luns import Lun

IQN = "iqn.2005-10.org.freenas.ctl:vmware"
ONE = Lun("naa.1", IQN, 0, 12 * 2**30, "", adapter="vmhba64")
TWO = replace(ONE, naa="naa.2", adapter="vmhba65")
STORE = Datastore("DT", path="/DC/datastore/DT", uuid="5-1", disks=("naa.1",), mounts=(("esxi1", "mounted"),))
DESIRED = {"name": "DT", "state": "present", "target": IQN, "lun": 0, "naa": None, "overwrite": False, "vmfs_version": None}


@pytest.mark.parametrize("stores", [(), (STORE,)])
def test_a_lun_that_is_two_disks_is_refused_by_the_host_that_has_them(stores):
    with pytest.raises(ConvergeError) as caught:
        plan(Storage(("esxi1",), {"esxi1": (ONE, TWO)}, stores), DESIRED)
    assert str(caught.value) == (
        f"LUN 0 of target {IQN} is 2 disks on esxi1: {ONE} at vmhba64; {TWO} at vmhba65. Say which by 'naa'.")


def test_a_host_whose_luns_were_not_read_has_to_look():
    assert blind(Storage(("esxi1", "esxi2"), {"esxi1": (ONE,)}, (STORE,)), DESIRED) == ["esxi2"]
