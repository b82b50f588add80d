# SPDX-License-Identifier: GPL-3.0-or-later
"""esxi_network against a freshly installed host."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration

WHOLE = {
    "host_name": "esxi1",
    "domain": "lab.example",
    "dns_servers": ["192.168.1.1"],
    "search_domains": ["lab.example"],
    "ipv6": False,
    "vswitches": [{"name": "vSwitch1", "nics": ["vmnic1"], "mtu": 1500}],
    "portgroups": [{"name": "vMotion", "vswitch": "vSwitch1", "vlan_id": 0}],
    "vmkernels": [],
}


@pytest.fixture(scope="module")
def vmotion(twin):
    return {"portgroup": "vMotion", "ip": f"{twin.data}.11", "netmask": "255.255.255.0", "services": ["vmotion"]}


def test_a_whole_network_in_one_task(ansible, vmotion):
    done = ansible.converge("esxi_network", {**WHOLE, "vmkernels": [vmotion]}, "esxi1")
    what = " ".join(change["what"] for change in done.data["changes"])
    assert "vSwitch1" in what
    assert "vMotion" in what


def test_another_client_sees_the_adapter(ansible, twin):
    seen = ansible.run("community.vmware.vmware_vmkernel_info", {"esxi_hostname": "localhost.localdomain"}, "esxi1")
    if seen.failed:  # the host has its own name by now
        seen = ansible.run("community.vmware.vmware_vmkernel_info", {"esxi_hostname": f"{twin.control}.11"}, "esxi1")
    assert not seen.failed, seen.msg
    (adapters,) = seen.data["host_vmk_info"].values()
    vmk1 = next(adapter for adapter in adapters if adapter["device"] == "vmk1")
    assert vmk1["ipv4_address"] == f"{twin.data}.11"
    assert vmk1["enable_vmotion"] is True


def test_what_is_not_mentioned_stays(ansible, twin):
    args = {"portgroups": [{"name": "Backup", "vswitch": "vSwitch1", "vlan_id": 7}]}
    ansible.converge("esxi_network", args, "esxi1")
    ansible.unchanged("esxi_network", {**WHOLE, "vmkernels": []}, "esxi1")


def test_purge_removes_what_is_not_listed(ansible):
    kept = [
        {"name": name, "vswitch": switch}
        for name, switch in [("Management Network", "vSwitch0"), ("VM Network", "vSwitch0"), ("vMotion", "vSwitch1")]
    ]
    done = ansible.converge("esxi_network", {"portgroups": kept, "purge": True}, "esxi1")
    assert [change["action"] for change in done.data["changes"]] == ["remove"], done.data["changes"]


def test_few_calls(ansible, twin, vmotion):
    before = twin.calls("esxi1")
    ansible.unchanged("esxi_network", {**WHOLE, "vmkernels": [vmotion]}, "esxi1")
    assert twin.calls("esxi1") - before <= 8, "looking takes one bulk request, a login and a logout"


@pytest.mark.parametrize(
    ("args", "wants"),
    [
        ({"vswitches": [{"name": "vSwitch9", "nics": ["vmnic9"]}]}, ["vmnic9", "vmnic0"]),
        ({"portgroups": [{"name": "Lost", "vswitch": "vSwitch9"}]}, ["vSwitch9"]),
        ({"portgroups": [{"name": "Lost", "vswitch": "vSwitch1", "vlan_id": 5000}]}, ["5000", "4095"]),
        ({"vmkernels": [{"portgroup": "vMotion", "ip": "300.1.1.1", "netmask": "255.255.255.0"}]}, ["300.1.1.1"]),
        ({"vmkernels": [{"portgroup": "Nowhere", "ip": "127.28.2.99", "netmask": "255.255.255.0"}]}, ["Nowhere"]),
        ({"vswitches": [{"name": "vSwitch1", "mtu": 20000}]}, ["20000", "9000"]),
    ],
    ids=["no such adapter", "no such switch", "no such VLAN", "no such address", "no such port group", "no such MTU"],
)
def test_bad_input_is_named_and_changes_nothing(ansible, twin, args, wants):
    before = (twin.dir / "esxi1" / "host.json").read_bytes()
    ansible.refused("esxi_network", args, "esxi1", *wants)
    assert (twin.dir / "esxi1" / "host.json").read_bytes() == before


def test_a_wrong_password(ansible):
    ansible.refused("esxi_network", {"host_name": "x"}, "esxi1", "root", env={"VMWARE_PASSWORD": "wrong"})


def test_a_certificate_nobody_vouches_for(ansible):
    untrusted = {"VMWARE_CA_PATH": "", "SSL_CERT_FILE": ""}
    ansible.refused("esxi_network", {"host_name": "x"}, "esxi1", "certificate", "thumbprint", env=untrusted)


def test_a_pinned_thumbprint_right_and_wrong(ansible, twin):
    right = twin.description["thumbprints"][f"{twin.control}.11"]
    pinned = {"VMWARE_CA_PATH": "", "SSL_CERT_FILE": "", "VMWARE_THUMBPRINT": right}
    accepted = ansible.run("esxi_network", {"ipv6": False}, "esxi1", env=pinned)
    assert not accepted.failed, accepted.msg
    wrong = right.replace(right[:2], "00" if right[:2] != "00" else "11", 1)
    ansible.refused("esxi_network", {"ipv6": False}, "esxi1", right, env={**pinned, "VMWARE_THUMBPRINT": wrong})


def test_an_unreachable_host(ansible, twin):
    ansible.refused("esxi_network", {"ipv6": False}, "esxi1", f"{twin.control}.99", env={"VMWARE_HOST": f"{twin.control}.99"})
