# SPDX-License-Identifier: GPL-3.0-or-later
"""vmotion: which machine is meant, by names that a vCenter escapes and where several fit; and networks with such names."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim

from tests.support import states
from tests.support.package import make_package

pytestmark = pytest.mark.integration

NETWORKS = ["10.0.0.0/24", "50%", "back\\slash"]
NAMES = ["web/1", "50%", "back\\slash", "a%2fb"]


@pytest.fixture(scope="module")
def site(ansible, twin):
    """Two hosts with a shared datastore and port groups of odd names, in a vCenter with the folders lab and old."""
    states.build(ansible)
    groups = [{"name": name, "vswitch": "vSwitch0"} for name in NETWORKS]
    for number in (1, 2):
        ansible.done("esxi_network", {"portgroups": groups}, f"esxi{number}")
    with Client(ansible.options("vcenter")) as client:
        (centre,) = client.collect({vim.Datacenter: ["vmFolder"]}).values()
        for name in ("lab", "old"):
            centre["vmFolder"].CreateFolder(name)
    return ansible


@pytest.fixture(scope="module")
def deploy(site, twin, tmp_path_factory):
    """Deploys a machine, switched off, on the second host."""
    package = make_package(tmp_path_factory.mktemp("package"))

    def deploy(name, **options):
        place = {"esxi_hostname": states.host_name(twin, 2), "datastore": states.DATASTORE}
        args = {"name": name, "ovf": str(package / "web.ovf"), "networks": {"LAN": "VM Network"}, **place, **options}
        return site.done("vm_deploy", args, "vcenter").data["vm"]

    return deploy


def onto(twin, number, **options):
    return {"destination_host": states.host_name(twin, number), **options}


@pytest.mark.parametrize("name", NAMES)
def test_a_machine_whose_name_a_vcenter_escapes(site, twin, deploy, name):
    deploy(name)
    done = site.converge("vmotion", onto(twin, 1, name=name), "vcenter")
    assert done.data["host"] == states.host_name(twin, 1)
    assert done.data["changes"][0]["what"] == f"virtual machine {name}"


def test_machines_of_one_name_are_told_apart(site, twin, deploy):
    lab, old = (deploy("twice", folder=folder) for folder in ("lab", "old"))
    words = ("2 virtual machines", "'twice'", lab["path"], old["path"])
    site.refused_in_both_modes("vmotion", onto(twin, 1, name="twice"), "vcenter", *words)
    by_folder = onto(twin, 1, name="twice", folder="lab")
    site.converge("vmotion", by_folder, "vcenter")
    back = {"name": lab["path"]}, {"name": lab["uuid"]}, {"name": lab["moid"]}, {"name": "lab/twice"}
    for turn, which in enumerate(back):
        site.converge("vmotion", onto(twin, 2 - turn % 2, **which), "vcenter")
    found = site.done("vm_info", {"names": [old["path"]]}, "vcenter").data["machines"]
    assert [one["host"] for one in found] == [states.host_name(twin, 2)], "the other one has moved"


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_whose_name_a_vcenter_escapes(site, twin, deploy, network):
    name = f"on {NETWORKS.index(network)}"
    deploy(name)
    move = onto(twin, 1, name=name, networks={"VM Network": network})
    done = site.converge("vmotion", move, "vcenter")
    assert done.data["changes"][0]["after"]["networks"] == [network]
    (machine,) = site.done("vm_info", {"names": [name]}, "vcenter").data["machines"]
    assert [card["network"] for card in machine["networks"]] == [network]
    site.converge("vmotion", onto(twin, 2, name=name, networks={network: "VM Network"}), "vcenter")
