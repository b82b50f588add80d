# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host as it is to the one declared."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import thumbprint
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.check import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.plan import plan
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.host.state import Host, Place, State, from_api

TOP, RACK, C1 = Place("/T/host"), Place("/T/host/lab/rack1"), Place("/T/host/C1", is_cluster=True)
SHA1, SHA256 = thumbprint(b"cert", "SHA-1"), thumbprint(b"cert")
HOST = Host("esxi1", TOP, thumbprints={"SHA-1": SHA1, "SHA-256": SHA256})
DESIRED = {
    "name": "ESXi1",
    "state": "present",
    "datacenter": "T",
    "cluster": None,
    "folder": None,
    "esxi_port": 443,
    "esxi_username": "root",
    "esxi_password": "x",
    "esxi_thumbprint": None,
    "maintenance_mode": None,
    "force": False,
}


def planned(host=HOST, place=TOP, **said):
    return plan(State("vc", host, place), {**DESIRED, **said})


def host(**other):
    return dataclasses.replace(HOST, **other)


def steps(changes):
    return [(change.apply, change.what) for change in changes]


def test_a_new_host():
    changes = planned(None, RACK, folder="lab/rack1", maintenance_mode=True)
    assert steps(changes) == [("add", "host ESXi1"), ("enter_maintenance", "maintenance mode of ESXi1")]
    assert changes[0].args == {"place": "/T/host/lab/rack1"}
    assert changes[0].after == {"place": "folder /T/host/lab/rack1", "connected": True}
    assert planned(None, C1, cluster="C1")[0].after["place"] == "cluster /T/host/C1"
    assert steps(planned(None, maintenance_mode=False)) == [("add", "host ESXi1")]


def test_a_host_that_is_as_declared():
    assert planned() == []
    assert planned(esxi_password=None, esxi_username=None) == []
    assert planned(esxi_thumbprint=SHA1.lower().replace(":", "")) == []
    assert planned(esxi_thumbprint=SHA256) == []
    assert planned(host(place=C1, maintenance=True), C1, cluster="C1", maintenance_mode=True) == []


def test_without_a_folder_any_of_the_data_centre_will_do():
    assert planned(host(place=RACK)) == []
    with pytest.raises(ConvergeError, match="is in folder /T2/host of vc, not in folder /T/host"):
        planned(host(place=Place("/T2/host")))


def test_reconnected_and_in_and_out_of_maintenance():
    away = host(connection="disconnected", thumbprints={"SHA-1": "00"})
    changes = planned(away, esxi_thumbprint=SHA1)
    assert steps(changes) == [("reconnect", "host esxi1")]
    assert (changes[0].before, changes[0].after) == ({"connection": "disconnected"}, {"connection": "connected"})
    changes = planned(host(maintenance=True), maintenance_mode=False)
    assert steps(changes) == [("exit_maintenance", "maintenance mode of esxi1")]
    assert (changes[0].before, changes[0].after) == ({"on": True}, {"on": False})
    assert steps(planned(maintenance_mode=True)) == [("enter_maintenance", "maintenance mode of esxi1")]


def test_removal():
    changes = planned(state="absent", place=None)
    assert steps(changes) == [("remove", "host esxi1")]
    assert (changes[0].before, changes[0].after) == ({"place": "folder /T/host", "connection": "connected"}, None)
    assert planned(None, None, state="absent") == []


@pytest.mark.parametrize(("other", "first"), [
    ({}, [Change("connection of esxi1", {"connected": True}, {"connected": False}, "disconnect")]),
    ({"maintenance": True}, []),
    ({"connection": "notResponding"}, []),
])
def test_a_cluster_lets_go_of_a_host_that_is_disconnected_or_in_maintenance(other, first):
    changes = planned(host(place=C1, **other), None, state="absent")
    connection = other.get("connection", "connected")
    before = {"place": "cluster /T/host/C1", "connection": connection}
    assert changes == [*first, Change("host esxi1", before, None, "remove")]


@pytest.mark.parametrize(("current", "place", "said", "text"), [
    (None, TOP, {"esxi_password": None}, "'esxi_password' is needed to add host 'ESXi1'."),
    (None, TOP, {"esxi_username": ""}, "'esxi_username' is needed to add host 'ESXi1'."),
    (host(connection="disconnected"), TOP, {"esxi_password": None}, "'esxi_password' is needed to reconnect host 'ESXi1'."),
    (host(place=C1), TOP, {},
     "host 'esxi1' is in cluster /T/host/C1 of vc, not in folder /T/host. Remove it there first, or declare it where "
     "it is."),
    (HOST, RACK, {"folder": "lab/rack1"},
     "host 'esxi1' is in folder /T/host of vc, not in folder /T/host/lab/rack1. Remove it there first, or declare it "
     "where it is."),
    (host(place=RACK), TOP, {"folder": ""}, None),
    (host(place=RACK), Place("/T/host/lab"), {"folder": "lab"},
     "host 'esxi1' is in folder /T/host/lab/rack1 of vc, not in folder /T/host/lab. Remove it there first, or declare it "
     "where it is."),
    (HOST, C1, {"cluster": "C1"},
     "host 'esxi1' is in folder /T/host of vc, not in cluster /T/host/C1. Remove it there first, or declare it where "
     "it is."),
    (HOST, TOP, {"esxi_thumbprint": thumbprint(b"other")},
     f"esxi_thumbprint: vc is connected to host 'esxi1' by a certificate whose SHA-256 thumbprint is {SHA256}, not "
     f"{thumbprint(b'other')}. Compare it with the host's console, and correct the one that is wrong."),
    (HOST, TOP, {"esxi_thumbprint": thumbprint(b"other", "SHA-1")},
     f"esxi_thumbprint: vc is connected to host 'esxi1' by a certificate whose SHA-1 thumbprint is {SHA1}, not "
     f"{thumbprint(b'other', 'SHA-1')}. Compare it with the host's console, and correct the one that is wrong."),
    (host(machines=("db", "web")), None, {"state": "absent"},
     "host 'esxi1' has virtual machines that would leave the inventory of vc with it: db, web. Move them to another "
     "host first, or give 'force: true'."),
])
def test_hosts_that_cannot_be(current, place, said, text):
    if text is None:
        assert planned(current, place, **said) == []
        return
    with pytest.raises(ConvergeError) as caught:
        planned(current, place, **said)
    assert str(caught.value) == text


def test_machines_go_with_a_host_when_that_is_forced():
    assert steps(planned(host(machines=("web",)), None, state="absent", force=True)) == [("remove", "host esxi1")]


@pytest.mark.parametrize(("said", "text"), [
    ({"name": ""}, "name: '' is not a host name or an IP address."),
    ({"name": "https://esxi1"},
     "name: 'https://esxi1' is not a host name or an IP address. Leave out the scheme, the port and the path."),
    ({"esxi_port": 0}, "esxi_port: 0 is not a TCP port; it must be from 1 to 65535."),
    ({"esxi_port": 70000}, "esxi_port: 70000 is not a TCP port; it must be from 1 to 65535."),
    ({"esxi_thumbprint": "abc"},
     "esxi_thumbprint: 'abc' is not a thumbprint; it must be the 64 hex digits of a SHA-256 thumbprint or the 40 hex "
     "digits of a SHA-1 thumbprint, with or without colons."),
    ({"datacenter": " "}, "datacenter: the name is empty."),
    ({"cluster": ""}, "cluster: the name is empty."),
    ({"state": "absent", "maintenance_mode": False},
     "maintenance_mode: host 'ESXi1' is to be absent; there is nothing to put into maintenance mode."),
])
def test_what_no_vcenter_takes(said, text):
    with pytest.raises(ConvergeError) as caught:
        check({**DESIRED, **said})
    assert str(caught.value) == text


@pytest.mark.parametrize("said", [
    {},
    {"name": "10.0.0.1"},
    {"name": "fe80::1"},
    {"esxi_thumbprint": SHA1},
    {"esxi_thumbprint": SHA256},
    {"state": "absent", "datacenter": None},
    {"maintenance_mode": True, "esxi_port": 65535},
])
def test_what_a_vcenter_may_take(said):
    check({**DESIRED, **said})


def test_a_host_from_the_api():
    # A certificate comes as signed bytes.
    import base64

    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(b"cert") + b"-----END CERTIFICATE-----\n"
    signed = [byte - 256 if byte > 127 else byte for byte in pem + "\u00e9".encode()]
    values = {"runtime.connectionState": "connected", "config.certificate": signed}
    assert from_api("esxi1", TOP, values) == HOST
    told = from_api("esxi1", TOP, {"summary.config.sslThumbprint": SHA1.lower(), "runtime.inMaintenanceMode": True})
    assert told == host(connection="notResponding", maintenance=True, thumbprints={"SHA-1": SHA1})
    assert from_api("esxi1", TOP, {"summary.config.sslThumbprint": "what"}).thumbprints == {}
