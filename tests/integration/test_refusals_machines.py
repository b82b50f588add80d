# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of machines refuse: check mode says so too, in the same words, and nothing is left behind."""

from __future__ import annotations

import gzip
import shutil

import pytest

from tests.support import states
from tests.support.package import changed, make_package

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return make_package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def site(ansible, twin, package):
    """Two hosts, a shared datastore, and the machine web on the second host, switched off."""
    states.build(ansible)
    done = ansible.run("vm_deploy", deployment(twin, package), "vcenter")
    assert not done.failed, done.msg
    return ansible


def deployment(twin, package, **changes):
    args = {
        "name": "web",
        "ovf": str(package / "web.ovf"),
        "esxi_hostname": states.host_name(twin, 2),
        "datastore": states.DATASTORE,
        "networks": {"LAN": "VM Network"},
        **changes,
    }
    return {name: value for name, value in args.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "x" * 81}, ["has 81 characters", "80"]),
        ({"name": "y/" * 27}, ["has 108 characters", "%", "80"]),
        ({"name": " "}, ["1 to 80 characters"]),
        ({"name": "/Thesis/vm/new"}, ["no virtual machine is at '/Thesis/vm/new'", "folder"]),
        ({"datastore": "nothing"}, ["no datastore 'nothing'", states.DATASTORE]),
        ({"datastore": None}, ["datastore must name"]),
        ({"datastore": "datastore1"}, ["datastore1"]),
        ({"esxi_hostname": "10.9.9.9"}, ["no ESXi host '10.9.9.9'"]),
        ({"esxi_hostname": None}, ["esxi_hostname or cluster must say where"]),
        ({"esxi_hostname": None, "cluster": "nosuch"}, ["no cluster 'nosuch'"]),
        ({"datacenter": "nosuch"}, ["no data centre 'nosuch'", states.DATACENTER]),
        ({"networks": {"LAN": "nowhere"}}, ["no network 'nowhere'", "VM Network"]),
        ({"networks": {"WAN": "VM Network"}}, ["no network 'WAN'", "LAN"]),
        ({"networks": {"LAN": ""}}, ["'LAN' becomes ''"]),
        ({"networks": {}}, ["no network 'LAN'"]),
        ({"ovf": "/nowhere/web.ovf"}, ["/nowhere/web.ovf", "is not there"]),
        ({"folder": "nowhere"}, ["no vm folder 'nowhere'"]),
        ({"deployment_option": "large"}, ["no deployment option 'large'", "none"]),
        ({"properties": {"size": "12"}}, ["no property 'size'"]),
        ({"upload_thumbprint": "12"}, ["upload_thumbprint: '12' is not a thumbprint"]),
        ({"timeout": 0}, ["timeout: 0 must be from 1"]),
        ({"port": 70000}, ["port: 70000", "65535"]),
    ],
)
def test_a_deployment_that_cannot_be(site, twin, package, changes, words):
    site.refused_in_both_modes("vm_deploy", deployment(twin, package, **{"name": "new", **changes}), "vcenter", *words)


def spoilt(package, folder, kind):
    """A copy of the package with something wrong."""
    if kind == "too large":
        return changed(package, folder, ('capacity="16"', 'capacity="900000"'))
    if kind == "a smaller disk":
        return changed(package, folder, ('capacity="16"', 'capacity="8"'))
    shutil.copytree(package, folder, dirs_exist_ok=True)
    disk = folder / "web.vmdk"
    whole = disk.read_bytes()
    if kind == "one wrong byte":
        disk.write_bytes(whole[:-600] + bytes([whole[-600] ^ 255]) + whole[-599:])
        (folder / "web.mf").rename(folder / "other.mf")
    elif kind == "cut short":
        disk.write_bytes(whole[:-1])
    else:
        disk.write_bytes({"hello world": b"hello world", "gzip unsaid": gzip.compress(whole)}[kind])
        text = (folder / "web.ovf").read_text().replace(f' ovf:size="{len(whole)}"', "")
        (folder / "web.ovf").write_text(text)
        (folder / "web.mf").unlink()
    return folder


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("one wrong byte", {}, ["'web.vmdk'", "is damaged", "other.mf says"]),
        ("cut short", {}, ["'web.vmdk' has", "it is not whole"]),
        ("hello world", {}, ["'web.vmdk' is no VMDK", "hello world"]),
        ("gzip unsaid", {}, ["'web.vmdk' is compressed with gzip"]),
        ("a smaller disk", {}, ["holds a disk of 16777216 bytes", "8388608"]),
        ("too large", {"disk_provisioning": "thick"}, [f"'{states.DATASTORE}' has", "MiB free", "900000 MiB"]),
    ],
)
def test_a_package_that_is_not_what_it_should_be(site, twin, package, tmp_path, kind, options, words):
    bad = spoilt(package, tmp_path, kind)
    site.refused_in_both_modes("vm_deploy", deployment(twin, bad, name="new", **options), "vcenter", *words)


@pytest.mark.parametrize(
    ("module", "args", "words"),
    [
        ("vm_deploy", {"name": "web", "folder": "nosuch", "state": "absent"}, ["no vm folder 'nosuch'"]),
        ("vm_power", {"name": "nobody"}, ["no virtual machine 'nobody'", "web"]),
        ("vm_power", {"name": "web", "datacenter": "nosuch"}, ["no data centre 'nosuch'"]),
        ("vm_power", {"name": "web", "folder": "nosuch"}, ["no vm folder 'nosuch'"]),
        ("vm_power", {"name": "web", "state": "suspended"}, ["it is switched off"]),
        ("vm_power", {"name": "web", "wait_timeout": 0}, ["wait_timeout: 0"]),
        ("vm_power", {"name": "web", "wait_for_port": 99999}, ["wait_for_port: 99999"]),
        ("vm_power", {"name": "web", "state": "powered-off", "wait_for_ip": True}, ["wait_for_ip"]),
    ],
)
def test_a_machine_that_cannot_be_brought_there(site, module, args, words):
    site.refused_in_both_modes(module, args, "vcenter", *words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "nobody"}, ["no virtual machine 'nobody'", "web"]),
        ({"name": ""}, ["name is empty"]),
        ({"folder": "nosuch"}, ["no vm folder 'nosuch'"]),
        ({"datacenter": "nosuch"}, ["no data centre 'nosuch'", states.DATACENTER]),
        ({"destination_host": "10.9.9.9"}, ["no ESXi host '10.9.9.9'", ".11"]),
        ({"destination_host": ""}, ["destination_host is empty"]),
        ({"destination_host": None, "cluster": "nosuch"}, ["no cluster 'nosuch'", "none"]),
        ({"datastore": "nothing"}, ["no datastore 'nothing'", states.DATASTORE]),
        ({"destination_host": None, "datastore": " "}, ["datastore is empty"]),
        ({"datastore": "datastore1 (1)"}, ["does not have the datastore 'datastore1 (1)'", states.DATASTORE]),
        ({"networks": {"WAN": "Guests"}}, ["web is not on the network 'WAN'", "VM Network"]),
        ({"networks": {"VM Network": "nowhere"}}, ["no network 'nowhere'", "VM Network"]),
        ({"networks": {"VM Network": None}}, ["'VM Network' becomes ''"]),
        ({"wait_timeout": 0}, ["wait_timeout: 0 must be from 1"]),
        ({"wait_timeout": 10**9}, ["wait_timeout: 1000000000 must be from 1"]),
        ({"timeout": 0}, ["timeout: 0 must be from 1"]),
    ],
)
def test_a_move_that_cannot_be(site, twin, changes, words):
    args = {"name": "web", "destination_host": states.host_name(twin, 1), **changes}
    args = {name: value for name, value in args.items() if value is not None}
    site.refused_in_both_modes("vmotion", args, "vcenter", *words)


def test_nothing_is_left_of_what_was_refused(site, twin):
    found = site.run("vm_info", {"datacenter": states.DATACENTER}, "vcenter")
    assert not found.failed, found.msg
    assert [(one["name"], one["host"]) for one in found.data["machines"]] == [("web", states.host_name(twin, 2))]
