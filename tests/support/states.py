# SPDX-License-Identifier: GPL-3.0-or-later
"""Declared states that several test files build on: the thesis's chapter 3, as arguments of the modules."""

from __future__ import annotations

from tests.support.ansible import Ansible
from tests.support.twin import Twin

IQN = "iqn.2005-10.org.freenas.ctl"
# The disks of the NAS that nothing uses at first.
DISKS = ("sdb", "sdc")
TARGET = f"{IQN}:vmware"
DATACENTER = "Thesis"
DATASTORE = "DTFreeNAS"


def host_name(twin: Twin, number: int) -> str:
    """A host's name in the vCenter."""
    return f"{twin.control}.{10 + number}"


def network(twin: Twin, number: int) -> dict:
    """esxi_network: the vMotion and storage network of a host."""
    return {
        "vswitches": [{"name": "vSwitch1", "nics": ["vmnic1"]}],
        "portgroups": [{"name": "vMotion", "vswitch": "vSwitch1"}],
        "vmkernels": [
            {
                "portgroup": "vMotion",
                "ip": f"{twin.data}.{10 + number}",
                "netmask": "255.255.255.0",
                "services": ["vmotion"],
            }
        ],
    }


def target(twin: Twin, **changes) -> dict:
    """freenas_iscsi: a sparse volume as LUN 0 of the target vmware."""
    return {
        "pool": {"name": "tank", "disks": [DISKS[0]], "layout": "stripe"},
        "zvols": [{"name": "tank/vmware", "size": "4G", "sparse": True}],
        "basename": IQN,
        "portals": [{"comment": "data", "listen": [{"ip": f"{twin.data}.129", "port": 3260}]}],
        "initiators": [{"comment": "all", "initiators": []}],
        "targets": [{"name": "vmware", "portal": "data", "initiator": "all"}],
        "extents": [{"name": "vmware", "disk": "tank/vmware", "serial": "10000001"}],
        "associations": [{"target": "vmware", "extent": "vmware", "lun": 0}],
        "service": {"enabled": True, "running": True},
        **changes,
    }


def iscsi(twin: Twin) -> dict:
    """esxi_iscsi: the software adapter, bound to vmk1, asking the NAS."""
    return {"port_binding": ["vmk1"], "send_targets": [{"address": f"{twin.data}.129", "port": 3260}]}


def host(twin: Twin, number: int) -> dict:
    """vcenter_host: a host by its pinned thumbprint."""
    return {
        "name": host_name(twin, number),
        "esxi_port": 8443,
        "datacenter": DATACENTER,
        "esxi_username": "root",
        "esxi_password": twin.secret("esxi"),
        "esxi_thumbprint": twin.description["thumbprints"][host_name(twin, number)],
    }


def datastore(twin: Twin) -> dict:
    """esxi_datastore: the shared datastore, on both hosts."""
    return {"name": DATASTORE, "target": TARGET, "lun": 0, "hosts": [host_name(twin, 1), host_name(twin, 2)]}


def build(ansible: Ansible, upto: str = "datastore") -> None:
    """Build chapter 3 up to "hosts", "iscsi" or "datastore", with as few runs as can be."""
    twin = ansible.twin
    steps = [("vcenter_datacenter", {"name": DATACENTER}, "vcenter")]
    steps += [("esxi_network", network(twin, number), f"esxi{number}") for number in (1, 2)]
    steps += [("vcenter_host", host(twin, number), "vcenter") for number in (1, 2)]
    if upto != "hosts":
        steps += [("freenas_iscsi", target(twin), "nas")]
        steps += [("esxi_iscsi", iscsi(twin), f"esxi{number}") for number in (1, 2)]
    if upto == "datastore":
        steps += [("esxi_datastore", datastore(twin), "vcenter")]
    for module, args, where in steps:
        ansible.done(module, args, where)
