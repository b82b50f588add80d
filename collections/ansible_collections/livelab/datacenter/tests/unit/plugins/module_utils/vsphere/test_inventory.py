# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of a vCenter, and the plans of its datacenters, clusters and hosts."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter import apply as datacenter
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.state import (
    Host,
    Place,
    Tree,
    from_api,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host import plan as host_plan


def tree():
    return Tree(
        "vc",
        datacenters=["Thesis", "Empty"],
        clusters=[("C1", Place("Thesis")), ("C2", Place("Thesis"))],
        folders=[Place("Thesis"), Place("Thesis", ("lab", "rack1")), Place("Empty")],
        hosts={
            "esxi1": Host(Place("Thesis")),
            "esxi2": Host(Place("Thesis", cluster="C1"), maintenance=True),
            "esxi3": Host(Place("Thesis"), connection="disconnected"),
        },
    )


def steps(changes):
    return [(change.apply, change.what) for change in changes]


def plan_datacenter(name="Thesis", state="present", clusters=None):
    clusters = [{"name": one, "state": how} for one, how in (clusters or {}).items()]
    return datacenter.plan(tree(), {"name": name, "state": state, "clusters": clusters})


def test_datacenter_and_clusters():
    assert steps(plan_datacenter("New", clusters={"C1": "present"})) == [
        ("add_datacenter", "datacenter New"), ("add_cluster", "cluster C1")]
    assert plan_datacenter(clusters={"C1": "present", "C9": "absent"}) == []
    assert steps(plan_datacenter(clusters={"C2": "absent"})) == [("remove_cluster", "cluster C2")]
    assert steps(plan_datacenter("Empty", "absent")) == [("remove_datacenter", "datacenter Empty")]
    assert plan_datacenter("Gone", "absent") == []


@pytest.mark.parametrize(("what", "said"), [
    ({"state": "absent"}, "it holds the hosts esxi1, esxi2, esxi3"),
    ({"clusters": {"C1": "absent"}}, "it holds the hosts esxi2"),
    ({"name": " "}, "must have 1 to 80 characters"),
    ({"clusters": {"x" * 81: "present"}}, "must have 1 to 80 characters"),
])
def test_datacenters_that_cannot_be(what, said):
    with pytest.raises(ConvergeError, match=said):
        plan_datacenter(**what)


def wanted(name="esxi9", **said):
    return {"name": name, "state": "present", "datacenter": "Thesis", "cluster": None, "folder": None,
            "esxi_username": "root", "esxi_password": "x", "maintenance_mode": None, **said}


def test_a_new_host():
    changes = host_plan.plan(tree(), wanted(folder="lab/rack1", maintenance_mode=True))
    assert steps(changes) == [("add", "host esxi9"), ("enter_maintenance", "maintenance mode of esxi9")]
    assert changes[0].args["place"] == Place("Thesis", ("lab", "rack1"))
    assert host_plan.plan(tree(), wanted(cluster="C1"))[0].args["place"] == Place("Thesis", (), "C1")


def test_a_host_that_is_as_declared():
    assert host_plan.plan(tree(), wanted("esxi1")) == []
    assert host_plan.plan(tree(), wanted("esxi2", cluster="C1", maintenance_mode=True)) == []
    assert host_plan.plan(tree(), wanted("esxi1", esxi_password=None)) == []


def test_reconnected_and_taken_out_of_maintenance():
    assert steps(host_plan.plan(tree(), wanted("esxi3"))) == [("reconnect", "host esxi3")]
    assert steps(host_plan.plan(tree(), wanted("esxi2", cluster="C1", maintenance_mode=False))) == [
        ("exit_maintenance", "maintenance mode of esxi2")]


def test_removal():
    assert steps(host_plan.plan(tree(), wanted("esxi1", state="absent"))) == [("remove", "host esxi1")]
    assert host_plan.plan(tree(), wanted("gone", state="absent")) == []
    current = tree()
    current.hosts["esxi2"].maintenance = False
    assert steps(host_plan.plan(current, wanted("esxi2", state="absent"))) == [
        ("disconnect", "connection of esxi2"), ("remove", "host esxi2")]


@pytest.mark.parametrize(("said", "text"), [
    ({"datacenter": "Nowhere"}, "datacenter: vc has no 'Nowhere'; it has: Empty, Thesis"),
    ({"datacenter": None}, "'datacenter' must say where host 'esxi9' goes"),
    ({"cluster": "C9"}, "cluster: datacenter 'Thesis' has no 'C9'; it has: C1, C2"),
    ({"folder": "lab"}, "has no host folder 'lab'; it has: lab/rack1"),
    ({"esxi_password": None}, "'esxi_password' is needed to add host 'esxi9'"),
    ({"name": "esxi2"}, "host 'esxi2' is in cluster 'C1' of Thesis of vc, not in datacenter Thesis"),
    ({"name": "esxi1", "folder": "lab/rack1"}, "is in datacenter Thesis of vc, not in datacenter Thesis/lab/rack1"),
])
def test_hosts_that_cannot_be(said, text):
    with pytest.raises(ConvergeError) as caught:
        host_plan.plan(tree(), wanted(**said))
    assert text in str(caught.value)


class Datacenter(str):
    """A reference, with the type's name that the real ones have."""


class Folder(str):
    """See Datacenter."""


class ClusterComputeResource(str):
    """See Datacenter."""


class ComputeResource(str):
    """See Datacenter."""


class HostSystem(str):
    """See Datacenter."""


def test_tree_from_the_api():
    root, top, lab = Folder("root"), Folder("host"), Folder("lab")
    center, cluster, single = Datacenter("dc"), ClusterComputeResource("c"), ComputeResource("s")
    found = {
        root: {"name": "Datacenters"},
        center: {"name": "Thesis", "parent": root},
        top: {"name": "host", "parent": center},
        lab: {"name": "lab", "parent": top},
        cluster: {"name": "C1", "parent": lab},
        single: {"name": "esxi1", "parent": top},
        HostSystem("h1"): {"name": "esxi1", "parent": single, "runtime.connectionState": "connected",
                           "runtime.inMaintenanceMode": True},
        HostSystem("h2"): {"name": "esxi2", "parent": cluster},
    }
    state, objects = from_api("vc", found)
    assert state.datacenters == ["Thesis"]
    assert state.clusters == [("C1", Place("Thesis", ("lab",)))]
    assert state.folders == [Place("Thesis"), Place("Thesis", ("lab",))]
    assert state.hosts["esxi1"] == Host(Place("Thesis"), "connected", True)
    assert state.hosts["esxi2"].place == Place("Thesis", ("lab",), "C1")
    assert objects.folders["Thesis", ()] == top
    assert objects.parents["esxi1"] == single
