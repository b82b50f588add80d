# SPDX-License-Identifier: GPL-3.0-or-later
"""freenas_iscsi, esxi_iscsi and esxi_datastore: a LUN from the NAS to a datastore that both hosts have."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.support import states

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", autouse=True)
def hosts(ansible):
    states.build(ansible, upto="hosts")


def test_the_whole_target_in_one_task(ansible, twin):
    ansible.converge("freenas_iscsi", states.target(twin), "nas")


def test_another_initiator_sees_the_lun(twin):
    done = subprocess.run(
        ["iscsi-ls", "-s", f"iscsi://{twin.data}.129:3260"], capture_output=True, text=True, timeout=30, check=True
    )
    assert states.TARGET in done.stdout
    assert "Lun:0" in done.stdout.replace(" ", "")


def test_a_volume_grows_and_does_not_shrink(ansible, twin):
    bigger = states.target(twin, zvols=[{"name": "tank/vmware", "size": "5G", "sparse": True}])
    ansible.converge("freenas_iscsi", bigger, "nas")
    smaller = states.target(twin, zvols=[{"name": "tank/vmware", "size": "1G", "sparse": True}])
    ansible.refused("freenas_iscsi", smaller, "nas", "vmware")


@pytest.mark.parametrize(
    ("changes", "wants"),
    [
        ({"pool": {"name": "other", "disks": ["da9"], "layout": "stripe"}}, ["da9"]),
        ({"portals": [{"comment": "data", "listen": [{"ip": "10.9.9.9", "port": 3260}]}]}, ["10.9.9.9"]),
        ({"associations": [{"target": "vmware", "extent": "lost", "lun": 0}]}, ["lost"]),
    ],
    ids=["no such disk", "not an address of the NAS", "no such extent"],
)
def test_bad_input_is_named(ansible, twin, changes, wants):
    args = states.target(twin, **{"zvols": [], **changes})
    ansible.refused("freenas_iscsi", args, "nas", *wants)


def test_an_unreachable_nas(ansible, twin):
    away = {"FREENAS_HOST": f"{twin.control}.99"}
    ansible.refused("freenas_iscsi", states.target(twin), "nas", f"{twin.control}.99", env=away)


def test_a_wrong_password_at_the_nas(ansible, twin):
    ansible.refused("freenas_iscsi", states.target(twin), "nas", "root", env={"FREENAS_PASSWORD": "wrong"})


@pytest.mark.parametrize("number", [1, 2])
def test_the_software_adapter_logs_in(ansible, twin, number):
    ansible.converge("esxi_iscsi", states.iscsi(twin), f"esxi{number}")


def test_a_vmkernel_that_is_not_there_cannot_be_bound(ansible, twin):
    ansible.refused("esxi_iscsi", {"port_binding": ["vmk7"]}, "esxi1", "vmk7")


def test_a_lun_that_is_not_there(ansible, twin):
    ansible.refused("esxi_datastore", {**states.datastore(twin), "lun": 5}, "vcenter", "5", states.TARGET)


def test_a_disk_of_another_system_is_not_taken(ansible, twin, tmp_path):
    lun = f"iscsi://{twin.data}.129:3260/{states.TARGET}/0"
    disk = tmp_path / "disk.raw"
    with disk.open("wb") as file:
        file.truncate(64 * 2**20)
    sfdisk = shutil.which("sfdisk", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    subprocess.run([sfdisk, "--quiet", disk], input="label: dos\nstart=2048, type=83\n", text=True, check=True)
    write = ["qemu-io", "-f", "raw", "-c"]
    subprocess.run([*write, f"write -s {disk} 0 1M", lun], capture_output=True, timeout=60, check=True)
    try:
        ansible.refused("esxi_datastore", states.datastore(twin), "vcenter", "linuxNative")
    finally:
        subprocess.run([*write, "write -z 0 1M", lun], capture_output=True, timeout=60, check=True)


def test_one_datastore_for_both_hosts(ansible, twin):
    ansible.converge("esxi_datastore", states.datastore(twin), "vcenter")
    seen = ansible.run("community.vmware.vmware_datastore_info", {"name": states.DATASTORE}, "vcenter")
    assert not seen.failed, seen.msg
    (store,) = seen.data["datastores"]
    assert store["accessible"] is True
    assert store["datastore_cluster"] == "N/A"
    assert 4 * 2**30 < store["capacity"] <= 5 * 2**30


def test_a_twin_that_starts_again_has_it_still(ansible, twin):
    twin.down()
    twin.up()
    for module, args, where in [
        ("freenas_iscsi", states.target(twin, zvols=[{"name": "tank/vmware", "size": "5G", "sparse": True}]), "nas"),
        ("esxi_iscsi", states.iscsi(twin), "esxi1"),
        ("vcenter_host", states.host(twin, 1), "vcenter"),
        ("esxi_datastore", states.datastore(twin), "vcenter"),
    ]:
        seen = ansible.run(module, args, where)
        assert not seen.failed, f"{module}: {seen.msg}"
        assert not seen.changed, f"{module}: {seen.data}"
