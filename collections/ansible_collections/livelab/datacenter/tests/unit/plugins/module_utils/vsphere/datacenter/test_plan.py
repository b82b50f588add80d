# SPDX-License-Identifier: GPL-3.0-or-later
"""From a data centre as it is to the one declared."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datacenter.state import State, from_api

HOSTS = {"/T/host/C1/esxi2": "esxi2", "/T/host/esxi1/esxi1": "esxi1"}
CLUSTERS = {"/T/host/C1": "C1", "/T/host/lab/C2": "C2", "/T/host/C10": "C10"}


def state(hosts=None, machines=(), clusters=None):
    clusters = CLUSTERS if clusters is None else clusters
    return from_api("vc", "/T", clusters, HOSTS if hosts is None else hosts, machines, ["esxi1", "lab"])


def desired(how="present", **clusters):
    return {"name": "T", "state": how, "clusters": [{"name": name, "state": of} for name, of in clusters.items()]}


def steps(changes):
    return [(change.apply, change.what) for change in changes]


def test_a_new_one_and_its_cluster():
    assert plan(State("vc"), desired(C1="present", C9="absent")) == [
        Change("datacenter T", None, {"name": "T"}, "add_datacenter", {"name": "T"}),
        Change("cluster C1", None, {"datacenter": "T"}, "add_cluster", {"name": "C1"}),
    ]
    assert len(plan(State("vc"), {"name": "T", "state": "present", "clusters": None})) == 1


def test_one_that_is_as_declared():
    assert plan(state(), desired(C1="present", C2="present", C9="absent")) == []
    assert plan(State("vc"), desired("absent")) == []


def test_clusters_come_and_go():
    assert plan(state(), desired(New="present", C2="absent")) == [
        Change("cluster New", None, {"datacenter": "T"}, "add_cluster", {"name": "New"}),
        Change("cluster C2", {"datacenter": "T"}, None, "remove_cluster", {"path": "/T/host/lab/C2"}),
    ]


def test_it_goes_with_its_empty_clusters_first():
    empty = state(hosts={})
    assert steps(plan(empty, desired("absent"))) == [
        ("remove_cluster", "cluster C1"),
        ("remove_cluster", "cluster C2"),
        ("remove_cluster", "cluster C10"),
        ("remove_datacenter", "datacenter T"),
    ]
    assert plan(empty, desired("absent"))[-2:] == [
        Change("cluster C10", {"datacenter": "T"}, None, "remove_cluster", {"path": "/T/host/C10"}),
        Change("datacenter T", {"name": "T"}, None, "remove_datacenter", {"path": "/T"}),
    ]


@pytest.mark.parametrize(("current", "wanted", "said"), [
    (state(), desired("absent"), "datacenter 'T' cannot be removed: it holds the hosts esxi1, esxi2. Remove them first."),
    (state(hosts={}, machines=["web"]), desired("absent"),
     "datacenter 'T' cannot be removed: it holds the virtual machines web. Remove them first."),
    (state({**HOSTS, "/T/host/C1/esxi0": "esxi0"}), desired(C1="absent"),
     "cluster 'C1' cannot be removed: it holds the hosts esxi0, esxi2. Remove them first."),
    (state(), desired(C1="absent"), "cluster 'C1' cannot be removed: it holds the hosts esxi2. Remove them first."),
    (state(), desired(lab="present"),
     "cluster 'lab' cannot be made in datacenter 'T': a host or a folder there has that name. Choose another."),
    (state(), desired(esxi1="present"),
     "cluster 'esxi1' cannot be made in datacenter 'T': a host or a folder there has that name. Choose another."),
    (state(clusters={"/T/host/a/C": "C", "/T/host/b/C": "C"}), desired(C="absent"),
     "clusters: 2 clusters of /T are called 'C': /T/host/a/C, /T/host/b/C. Rename one of them."),
])
def test_what_cannot_be(current, wanted, said):
    with pytest.raises(ConvergeError) as error:
        plan(current, wanted)
    assert str(error.value) == said


def test_a_cluster_whose_name_begins_another_has_not_its_hosts():
    assert [(one.name, one.hosts) for one in state().clusters] == [("C1", ("esxi2",)), ("C2", ()), ("C10", ())]


@pytest.mark.parametrize(("wanted", "said"), [
    ({"name": " "}, "name: ' ' must have 1 to 80 characters."),
    ({"name": "x" * 81}, f"name: '{'x' * 81}' has 81 characters; it must have 1 to 80."),
    ({"name": "x" * 76 + "A/%"},
     f"name: '{'x' * 76}A/%' has 83 characters (a vCenter keeps '/', '\\' and '%' as three); it must have 1 to 80."),
    ({"name": "x "}, "name: 'x ' must not begin or end with a space, nor have control characters in it."),
    ({"name": "a\tb"}, "name: 'a\\tb' must not begin or end with a space, nor have control characters in it."),
    ({"clusters": [{"name": "", "state": "present"}]}, "clusters: name: '' must have 1 to 80 characters."),
    ({"clusters": [{"name": "C", "state": "present"}] * 2}, "clusters: name: 'C' is given twice."),
    ({"clusters": [{"name": "C", "state": "present"}, {"name": "C", "state": "absent"}]},
     "clusters: name: 'C' is given twice."),
    ({"state": "absent", "clusters": [{"name": "C", "state": "present"}]},
     "clusters: 'C' is to be present in the datacenter 'T', which is to be absent; one of the two must change."),
])
def test_what_no_vcenter_takes(wanted, said):
    with pytest.raises(ConvergeError) as error:
        check({"name": "T", "state": "present", "clusters": None, **wanted})
    assert str(error.value) == said


@pytest.mark.parametrize("name", ["T", "x" * 80, "x" * 77 + "/", "A/B", "50%", "Málaga"])
def test_what_a_vcenter_takes(name):
    check({"name": name, "state": "present", "clusters": [{"name": "C", "state": "absent"}]})
    check({"name": name, "state": "absent", "clusters": [{"name": "C", "state": "absent"}]})
