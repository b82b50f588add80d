# SPDX-License-Identifier: GPL-3.0-or-later
"""vcenter_datacenter and vcenter_host against a fresh vCenter."""

from __future__ import annotations

import pytest

from tests.support import states

pytestmark = pytest.mark.integration


def test_a_data_centre_with_a_cluster(ansible):
    args = {"name": states.DATACENTER, "clusters": [{"name": "Migration"}]}
    ansible.converge("vcenter_datacenter", args, "vcenter")
    gone = {"name": states.DATACENTER, "clusters": [{"name": "Migration", "state": "absent"}]}
    ansible.converge("vcenter_datacenter", gone, "vcenter")


@pytest.mark.parametrize("number", [1, 2])
def test_a_host_by_its_pinned_thumbprint(ansible, twin, number):
    ansible.converge("vcenter_host", states.host(twin, number), "vcenter")


def test_a_wrong_thumbprint_is_refused(ansible, twin):
    ansible.converge("vcenter_host", {"name": states.host_name(twin, 2), "state": "absent"}, "vcenter")
    right = states.host(twin, 2)["esxi_thumbprint"]
    wrong = ":".join(["00"] * 32)
    ansible.refused("vcenter_host", {**states.host(twin, 2), "esxi_thumbprint": wrong}, "vcenter", right)
    ansible.refused("vcenter_host", {**states.host(twin, 2), "esxi_thumbprint": None}, "vcenter", right)


def test_a_wrong_password_is_refused(ansible, twin):
    args = {**states.host(twin, 2), "esxi_password": "wrong"}
    refusal = ansible.refused("vcenter_host", args, "vcenter", states.host_name(twin, 2), "root")
    assert twin.secret("esxi") not in refusal.output


def test_a_host_that_is_not_there_is_refused(ansible, twin):
    args = {**states.host(twin, 2), "name": f"{twin.control}.99"}
    ansible.refused("vcenter_host", args, "vcenter", f"{twin.control}.99")


def test_what_is_done_on_the_host_shows_in_the_vcenter(ansible, twin):
    ansible.converge("esxi_network", states.network(twin, 1), "esxi1")
    seen = ansible.run("esxi_network", {**states.network(twin, 1), "esxi_hostname": states.host_name(twin, 1)}, "vcenter")
    assert not seen.failed, seen.msg
    assert not seen.changed, seen.data


def test_what_is_done_in_the_vcenter_shows_on_the_host(ansible, twin):
    args = {"portgroups": [{"name": "Later", "vswitch": "vSwitch1", "vlan_id": 12}]}
    ansible.converge("esxi_network", {**args, "esxi_hostname": states.host_name(twin, 1)}, "vcenter")
    seen = ansible.run("esxi_network", args, "esxi1")
    assert not seen.failed, seen.msg
    assert not seen.changed, seen.data


def test_a_host_that_is_not_in_the_vcenter_is_named(ansible):
    ansible.refused("esxi_network", {"esxi_hostname": "10.9.9.9", "ipv6": False}, "vcenter", "10.9.9.9")
