# SPDX-License-Identifier: GPL-3.0-or-later
"""What vcenter_datacenter and vcenter_host refuse, in check mode as in the run; and names as a vCenter compares them."""

from __future__ import annotations

import pytest

from tests.support import states

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def stocked(ansible, twin):
    """A vCenter with a data centre, an empty cluster, a host in a cluster and one that stands alone."""
    clusters = [{"name": "Empty"}, {"name": "Full"}]
    ansible.done("vcenter_datacenter", {"name": states.DATACENTER, "clusters": clusters}, "vcenter")
    ansible.done("vcenter_host", {**states.host(twin, 1), "cluster": "Full"}, "vcenter")
    ansible.done("vcenter_host", states.host(twin, 2), "vcenter")


@pytest.mark.parametrize(
    ("args", "wants"),
    [
        ({"name": ""}, ["name: ''", "80"]),
        ({"name": "x" * 81}, ["80"]),
        ({"name": " lab"}, ["name: ' lab'"]),
        ({"name": "lab", "clusters": [{"name": "C"}, {"name": "C"}]}, ["clusters", "'C'", "twice"]),
        ({"name": states.DATACENTER, "state": "absent"}, [states.DATACENTER, "hosts"]),
        ({"name": states.DATACENTER, "clusters": [{"name": "Full", "state": "absent"}]}, ["Full", "hosts"]),
        ({"name": "lab", "state": "absent", "clusters": [{"name": "C"}]}, ["'C'", "absent"]),
    ],
)
@pytest.mark.usefixtures("stocked")
def test_data_centres(ansible, args, wants):
    ansible.refused_in_both_modes("vcenter_datacenter", args, "vcenter", *wants)


HOSTS = [
    ({"esxi_thumbprint": None}, ["esxi_thumbprint"]),
    ({"esxi_thumbprint": ":".join(["00"] * 32)}, ["SHA-256", "00:00"]),
    ({"esxi_thumbprint": ":".join(["00"] * 20)}, ["SHA-1", "00:00"]),
    ({"esxi_thumbprint": "beef"}, ["esxi_thumbprint: 'beef'"]),
    ({"esxi_port": 0}, ["esxi_port: 0"]),
    ({"esxi_port": 70000}, ["esxi_port: 70000"]),
    ({"esxi_port": 9}, [":9"]),
    ({"name": "https://esxi1"}, ["https://esxi1", "scheme"]),
    ({"name": "nosuch.invalid"}, ["nosuch.invalid"]),
    ({"datacenter": "nosuch"}, ["nosuch", states.DATACENTER]),
    ({"cluster": "nosuch"}, ["nosuch", "Empty"]),
    ({"folder": "no/such"}, ["no/such"]),
    ({"esxi_password": "wrong"}, ["root", "password"]),
    ({"esxi_username": "nobody"}, ["nobody"]),
    ({"esxi_password": None}, ["esxi_password"]),
    ({"state": "absent", "maintenance_mode": True}, ["maintenance_mode"]),
]


@pytest.mark.parametrize(("changes", "wants"), HOSTS)
def test_hosts_to_be_added(ansible, twin, stocked, changes, wants):
    ansible.done("vcenter_host", {"name": states.host_name(twin, 2), "state": "absent"}, "vcenter")
    refusal = ansible.refused_in_both_modes("vcenter_host", {**states.host(twin, 2), **changes}, "vcenter", *wants)
    assert twin.secret("esxi") not in refusal.output


def test_a_pin_is_compared_with_a_host_that_is_connected(ansible, twin, stocked):
    right = {**states.host(twin, 1), "cluster": "Full"}
    assert not ansible.done("vcenter_host", right, "vcenter").changed
    for wrong in (":".join(["00"] * 32), ":".join(["00"] * 20)):
        ansible.refused_in_both_modes("vcenter_host", {**right, "esxi_thumbprint": wrong}, "vcenter", "esxi_thumbprint", wrong)


@pytest.mark.parametrize("name", ["50%"])
def test_names_that_a_vcenter_escapes(ansible, name):
    ansible.converge("vcenter_datacenter", {"name": name, "clusters": [{"name": f"C {name}"}]}, "vcenter")
    ansible.converge("vcenter_datacenter", {"name": name, "state": "absent"}, "vcenter")
