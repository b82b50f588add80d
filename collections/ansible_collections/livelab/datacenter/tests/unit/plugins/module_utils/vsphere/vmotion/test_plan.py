# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a machine moves, whereto, and what is refused without asking the server."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.hardware import Card
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.plan import moves, plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.state import Host, Machine, Network, State

LAN, GUESTS = Network("VM Network", "/DC/network/VM Network"), Network("Guests", "/DC/network/Guests")
SLASH = Network("10.0.0.0/24", "/DC/network/10.0.0.0%2f24")
HERE = Host("esxi1", "domain-s1", datastores=("DT", "local1"), networks=(LAN,), ref="host-1", pool="pool-1")
THERE = Host("esxi2", "domain-s2", datastores=("DT", "local2"), networks=(GUESTS, SLASH), ref="host-2", pool="pool-2")
CARDS = (Card(4000, "Network adapter 1", "", "VM Network", True), Card(4001, "Network adapter 2", "", "Storage", True))
WEB = Machine("web", HERE, ("DT",), CARDS)
WANTED = {"networks": None, "precheck_only": False}
PLACE = {"from": "esxi1", "to": "esxi2", "host": "host-2", "pool": "pool-2", "datastore": None, "networks": {}}


def fault(state, **options):
    with pytest.raises(ConvergeError) as refusal:
        moves(state, {**WANTED, **options})
    return str(refusal.value)


@pytest.mark.parametrize("state", [
    State(WEB),
    State(WEB, (HERE,)),
    State(WEB, datastore="DT"),
    State(WEB, (HERE,), datastore="DT"),
    State(WEB, (THERE, HERE), cluster="C", datastore="DT"),
])
def test_a_machine_that_is_there_stays(state):
    assert plan(state, WANTED) == []
    assert moves(state, WANTED) == []


def test_onto_another_host():
    assert plan(State(WEB, (THERE,)), WANTED) == [
        Change("virtual machine web", {"host": "esxi1"}, {"host": "esxi2"}, "move", PLACE),
    ]


def test_within_a_cluster_the_pool_stays():
    neighbour = Host("esxi2", "domain-s1", ref="host-2", pool="pool-1")
    (change,) = plan(State(WEB, (neighbour,)), WANTED)
    assert change.args == {**PLACE, "pool": None}


def test_onto_another_datastore_the_host_stays():
    assert plan(State(WEB, datastore="local1", datastore_ref="datastore-2"), WANTED) == [Change(
        "virtual machine web", {"datastores": ["DT"]}, {"datastores": ["local1"]}, "move",
        {"from": "esxi1", "to": "esxi1", "host": None, "pool": None, "datastore": "datastore-2", "networks": {}},
    )]


def test_both_at_once():
    spread = Machine("web", HERE, ("DT", "local1"))
    assert plan(State(spread, (THERE,), datastore="DT", datastore_ref="datastore-1"), WANTED) == [Change(
        "virtual machine web", {"host": "esxi1", "datastores": ["DT", "local1"]}, {"host": "esxi2", "datastores": ["DT"]},
        "move", {**PLACE, "datastore": "datastore-1"},
    )]


def test_what_is_only_checked_is_no_plan():
    state = State(WEB, (THERE,))
    assert plan(state, {**WANTED, "precheck_only": True}) == []
    assert moves(state, {**WANTED, "precheck_only": True}) == moves(state, WANTED) != []


def test_networks_that_become_others():
    (change,) = plan(State(WEB, (THERE,)), {**WANTED, "networks": {"VM Network": "10.0.0.0/24", "Storage": "Guests"}})
    assert change.before == {"host": "esxi1", "networks": ["Storage", "VM Network"]}
    assert change.after == {"host": "esxi2", "networks": ["10.0.0.0/24", "Guests"]}
    assert change.args == {**PLACE, "networks": {4000: SLASH, 4001: GUESTS}}


def test_only_the_adapters_that_are_on_it():
    both = Machine("web", HERE, ("DT",), (CARDS[0], Card(4001, "", "", "VM Network", True), Card(4002, "", "", "X", True)))
    (change,) = plan(State(both, (THERE,)), {**WANTED, "networks": {"VM Network": "Guests"}})
    assert change.before["networks"] == ["VM Network"]
    assert change.after["networks"] == ["Guests"]
    assert change.args["networks"] == {4000: GUESTS, 4001: GUESTS}


def test_a_path_tells_networks_of_one_name_apart():
    namesake = Network("Guests", "/DC/network/old/Guests", "dvportgroup-1")
    state = State(WEB, (Host("esxi2", networks=(GUESTS, namesake)),))
    assert fault(state, networks={"VM Network": "Guests"}) == (
        "networks: 2 networks of the ESXi host 'esxi2' are called 'Guests'; say which by its path: /DC/network/Guests, "
        "/DC/network/old/Guests.")
    (change,) = plan(state, {**WANTED, "networks": {"VM Network": "/DC/network/old/Guests"}})
    assert change.args["networks"] == {4000: namesake}


@pytest.mark.parametrize("networks", [{"VM Network": "VM Network"}, {"Guests": "VM Network"}, {}])
def test_a_network_it_is_on_already_is_no_change(networks):
    (change,) = plan(State(WEB, (THERE,)), {**WANTED, "networks": networks})
    assert change.before == {"host": "esxi1"}
    assert change.after == {"host": "esxi2"}
    assert change.args == PLACE


@pytest.mark.parametrize(("networks", "words"), [
    ({"VM Network": "nowhere"}, "networks: the ESXi host 'esxi2' has no network 'nowhere'; it has: 10.0.0.0/24, Guests."),
    ({"WAN": "Guests"}, "networks: web is not on the network 'WAN'; it is on: Storage, VM Network."),
])
def test_networks_that_are_not_there(networks, words):
    assert fault(State(WEB, (THERE,)), networks=networks) == words


def test_networks_are_looked_at_only_when_it_moves():
    assert moves(State(WEB, (HERE,)), {**WANTED, "networks": {"WAN": "nowhere"}}) == []


def test_in_a_cluster_the_first_that_is_fit():
    away, full = Host("esxi0", problem="is disconnected"), Host("esxi3", datastores=("DT",), ref="host-3")
    (change,) = plan(State(WEB, (away, THERE, full), cluster="C"), WANTED)
    assert change.args["to"] == "esxi2"
    (change,) = plan(State(WEB, (away, full, THERE), cluster="C", datastore="local2"), WANTED)
    assert change.args["to"] == "esxi2"


def test_a_host_of_the_cluster_that_is_not_fit_is_left():
    leaving = Machine("web", Host("esxi1", problem="is in maintenance mode"), ("DT",))
    (change,) = plan(State(leaving, (leaving.host, THERE), cluster="C"), WANTED)
    assert (change.before, change.after) == ({"host": "esxi1"}, {"host": "esxi2"})


@pytest.mark.parametrize(("datastore", "words"), [
    (None, "no host of the cluster 'C' is connected, out of maintenance mode; it has: esxi0."),
    ("DT", "no host of the cluster 'C' is connected, out of maintenance mode and has the datastore 'DT'; it has: esxi0."),
])
def test_a_cluster_without_a_fit_host(datastore, words):
    away = Host("esxi0", problem="is disconnected", datastores=("DT",))
    assert fault(State(WEB, (away,), cluster="C", datastore=datastore)) == words


def test_an_empty_cluster_is_not_the_host_it_is_on():
    assert fault(State(WEB, (), cluster="C")) == (
        "no host of the cluster 'C' is connected, out of maintenance mode; it has: none.")


def test_a_host_that_takes_no_machine():
    tired = Host("esxi2", problem="is in maintenance mode")
    assert fault(State(WEB, (tired,))) == "the ESXi host 'esxi2' is in maintenance mode."


def test_a_machine_stays_on_a_host_that_would_take_no_other():
    tired = Host("esxi1", problem="is in maintenance mode")
    assert plan(State(Machine("web", tired), (tired,)), WANTED) == []


def test_a_host_without_the_datastore():
    assert fault(State(WEB, (THERE,), datastore="local1")) == (
        "the ESXi host 'esxi2' does not have the datastore 'local1'; it has: DT, local2.")
    assert fault(State(WEB, datastore="local2")) == (
        "the ESXi host 'esxi1' does not have the datastore 'local2'; it has: DT, local1.")


def test_a_plan_alters_nothing_that_was_read():
    state, wanted = State(WEB, (THERE,), datastore="DT"), {**WANTED, "networks": {"VM Network": "Guests"}}
    copies = copy.deepcopy((state, wanted))
    first = plan(state, wanted)
    assert (state, wanted) == copies
    assert plan(state, wanted) == first
