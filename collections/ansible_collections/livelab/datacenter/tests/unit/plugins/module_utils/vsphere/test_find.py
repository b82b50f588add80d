# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding what the user names: escapes, DNS, paths, ids, and what is said when several fit or none does."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import (
    Inventory,
    has_datastore,
    unfit,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import escape, unescape
from pyVmomi import vim

ROOT, DC, OTHER = vim.Folder("group-d1"), vim.Datacenter("datacenter-1"), vim.Datacenter("datacenter-2")
VMS, LAB, OTHER_VMS, HOSTS = (vim.Folder(f"group-{name}") for name in ("v1", "v2", "v3", "h1"))
CLUSTER, HOST = vim.ClusterComputeResource("domain-c1"), vim.HostSystem("host-1")
WEB, WEB2, SLASH, WEB3 = (vim.VirtualMachine(f"vm-{number}") for number in (1, 2, 3, 4))
UUID = "420d4cf7-3d7e-1f0d-6c53-6ad4a5f2b1c0"


def inventory():
    found = {
        ROOT: {"name": "Datacenters"},
        DC: {"name": "A%2fB", "parent": ROOT},
        OTHER: {"name": "Other", "parent": ROOT},
        VMS: {"name": "vm", "parent": DC},
        LAB: {"name": "lab", "parent": VMS},
        OTHER_VMS: {"name": "vm", "parent": OTHER},
        HOSTS: {"name": "host", "parent": DC},
        CLUSTER: {"name": "C%25", "parent": HOSTS},
        HOST: {"name": "esxi1.lab.local", "parent": CLUSTER, "runtime.connectionState": "connected"},
        WEB: {"name": "web", "parent": LAB, "config.uuid": UUID},
        WEB2: {"name": "web", "parent": VMS},
        SLASH: {"name": "web%2f1", "parent": VMS},
        WEB3: {"name": "web", "parent": OTHER_VMS},
    }
    return Inventory("vc", found)


@pytest.mark.parametrize(("plain", "kept"), [
    ("10.0.0.0/24", "10.0.0.0%2f24"),
    ("50%", "50%25"),
    ("a\\b", "a%5cb"),
    ("%2f", "%252f"),
    ("plain", "plain"),
])
def test_names_as_a_vcenter_keeps_them(plain, kept):
    assert escape(plain) == kept
    assert unescape(kept) == plain


def test_escapes_in_capitals():
    assert unescape("A%2FB%5C") == "A/B\\"


@pytest.mark.parametrize("name", ["web/1", "web%2f1", "vm/web%2f1", "/A%2fB/vm/web%2f1", "vm-3"])
def test_a_machine_with_a_slash_in_its_name(name):
    found = inventory().machine(name)
    assert (found.ref, found.name, found.path) == (SLASH, "web/1", "/A%2fB/vm/web%2f1")


@pytest.mark.parametrize(("name", "folder", "ref"), [
    ("web", "lab", WEB),
    ("web", "/A%2fB/vm/lab/", WEB),
    ("web", "/A%2fB/vm", WEB2),
    ("lab/web", None, WEB),
    ("/Other/vm/web", None, WEB3),
    (UUID, None, WEB),
    (UUID.upper().replace("-", ""), None, WEB),
    ("vm-4", None, WEB3),
])
def test_what_tells_machines_of_one_name_apart(name, folder, ref):
    assert inventory().machine(name, folder).ref == ref


def test_several_of_one_name_are_an_error_that_lists_their_paths():
    with pytest.raises(ConvergeError) as error:
        inventory().machine("web")
    assert str(error.value) == ("3 virtual machines of vc are called 'web'; say which by its path: /A%2fB/vm/lab/web, "
                                "/A%2fB/vm/web, /Other/vm/web.")


def test_a_data_centre_narrows():
    there = inventory()
    assert there.machine("web", datacenter=there.datacenter("Other")).ref == WEB3
    with pytest.raises(ConvergeError, match="2 virtual machines"):
        there.machine("web", datacenter=there.datacenter("A/B"))


def test_none_is_an_error_that_lists_what_there_is():
    there = inventory()
    assert there.machine_if_any("nosuch") is None
    with pytest.raises(ConvergeError, match=r"^no virtual machine 'nosuch' in vc; it has: web, web/1\.$"):
        there.machine("nosuch")
    with pytest.raises(ConvergeError, match=r"in the folder 'lab' of vc; it has: web\.$"):
        there.machine("nosuch", "lab")
    # A name is none that only begins or ends like one, and a UUID of no machine is none either.
    for name in ("we", "eb", "vm-44", UUID[:-1] + "1"):
        assert there.machine_if_any(name) is None


def test_the_only_data_centre_may_go_unnamed_and_others_not():
    with pytest.raises(ConvergeError, match="must name one of the data centres of vc: A/B, Other"):
        inventory().datacenter()
    assert Inventory("vc", {ROOT: {"name": "root"}, DC: {"name": "X", "parent": ROOT}}).datacenter().ref == DC


def test_two_data_centres_of_one_name_are_told_apart_by_path():
    folder, namesake = vim.Folder("group-d9"), vim.Datacenter("datacenter-9")
    more = {folder: {"name": "eu", "parent": ROOT}, namesake: {"name": "Other", "parent": folder}}
    there = Inventory("vc", {**inventory()._values, **more})
    with pytest.raises(ConvergeError, match=r"2 data centres of vc are called 'Other'.*: /Other, /eu/Other"):
        there.datacenter("Other")
    assert there.datacenter("eu/Other").ref == namesake
    assert there.datacenter("/Other").ref == OTHER


def test_hosts_are_named_as_dns_does_and_must_be_connected():
    there = inventory()
    assert there.host("ESXi1.LAB.local.").ref == HOST
    assert there.hosts(["esxi1.lab.local"])[0].path == "/A%2fB/host/C%25/esxi1.lab.local"
    with pytest.raises(ConvergeError, match="no ESXi host 'esxi1' in vc"):
        there.host("esxi1")
    lost = Inventory("vc", {HOST: {"name": "h", "parent": None, "runtime.connectionState": "notResponding"}})
    with pytest.raises(ConvergeError, match="'h' is notResponding in vc"):
        lost.hosts(["h"])


def test_clusters_and_folders():
    there = inventory()
    centre = there.datacenter("A/B")
    assert there.cluster("C%", centre).ref == CLUSTER
    assert there.folder("lab", "vm", centre).ref == LAB
    assert there.folder("", "vm", centre).ref == VMS
    assert there.folder("/A%2fB/vm/lab", "vm", centre).ref == LAB
    with pytest.raises(ConvergeError, match=r"folder: A/B has no vm folder 'nosuch'; it has: lab\."):
        there.folder("nosuch", "vm", centre)


def test_what_a_host_has_not_is_said_of_the_host():
    store, net = vim.Datastore("datastore-1"), vim.Network("network-1")
    mount = SimpleNamespace(key=HOST, mountInfo=SimpleNamespace(accessMode="readWrite", mounted=None, accessible=None))
    there = Inventory("vc", {
        **inventory()._values,
        HOST: {"name": "h1", "parent": CLUSTER, "network": [net]},
        store: {"name": "DT", "parent": DC, "host": [mount]},
        net: {"name": "10.0.0.0%2f24", "parent": DC},
    })
    host = there.host("h1")
    assert there.datastore("DT", host).ref == store
    assert there.network("10.0.0.0/24", host).ref == net
    mount.mountInfo.accessible = False
    assert not has_datastore(host, there.found(store))
    with pytest.raises(ConvergeError, match="the ESXi host 'h1' has no datastore 'DT'; it has: none"):
        there.datastore("DT", host)
    with pytest.raises(ConvergeError, match=r"the ESXi host 'h1' has no network 'x'; it has: 10\.0\.0\.0/24"):
        there.network("x", host)


@pytest.mark.parametrize(("values", "said"), [
    ({}, ""),
    ({"runtime.connectionState": "connected"}, ""),
    ({"runtime.connectionState": "disconnected"}, "is disconnected"),
    ({"runtime.connectionState": "notResponding"}, "does not respond to its vCenter"),
    ({"runtime.inMaintenanceMode": True}, "is in maintenance mode"),
])
def test_hosts_that_cannot_take_a_machine(values, said):
    there = Inventory("vc", {HOST: {"name": "h", "parent": None, **values}})
    assert unfit(there.found(HOST)) == said
