# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declaration of a host's network must be by itself."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.check import check


def vswitch(name="vSwitch1", state="present", **said):
    return {"name": name, "nics": None, "mtu": None, "num_ports": None, "state": state, **said}


def portgroup(name="vMotion", vswitch="vSwitch1", state="present", **said):
    return {"name": name, "vswitch": vswitch, "vlan_id": None, "state": state, **said}


def vmkernel(portgroup="vMotion", state="present", **said):
    return {"portgroup": portgroup, "device": None, "ip": None, "netmask": None, "dhcp": False, "mtu": None,
            "services": None, "state": state, **said}


LABEL = "a" * 63


def refused(desired):
    with pytest.raises(ConvergeError) as caught:
        check(desired)
    return str(caught.value)


@pytest.mark.parametrize(("desired", "said"), [
    ({"host_name": "esxi1.example.org"},
     "host_name: 'esxi1.example.org' must be 1 to 63 letters, digits and hyphens. The domain belongs in 'domain'."),
    ({"host_name": "-x"}, "host_name: '-x' must be 1 to 63 letters, digits and hyphens."),
    ({"domain": "exa mple"},
     "domain: 'exa mple' is not a domain name; it must be labels of letters, digits and hyphens, with dots between "
     "them, as in example.org."),
    ({"dns_servers": ["one"]}, "dns_servers: 'one' is not an IP address that a server can have."),
    ({"vswitches": [vswitch(), vswitch()]}, "vswitches: name 'vSwitch1' is given twice."),
    ({"vswitches": [vswitch(mtu=9001)]}, "vSwitch 'vSwitch1': mtu 9001 must be from 1280 to 9000."),
    ({"vswitches": [vswitch(nics=["vmnic1", "vmnic1"])]}, "vSwitch 'vSwitch1': nics 'vmnic1' is given twice."),
    ({"portgroups": [portgroup(vlan_id=4096)]},
     "port group 'vMotion': vlan_id 4096 must be from 0 to 4095 (0 is none, 4095 is all)."),
    ({"vmkernels": [vmkernel(None)]}, "vmkernels: each entry needs 'portgroup', 'device' or both."),
    ({"vmkernels": [vmkernel(device="eth0")]}, "vmkernels: device 'eth0' must be vmk and a number, as in vmk1."),
    ({"vmkernels": [vmkernel(ip="10.0.2.11")]},
     "VMkernel adapter on port group 'vMotion': 'ip' and 'netmask' belong together; only one of them is given."),
    ({"vmkernels": [vmkernel(ip="10.0.2.11", netmask="255.0.255.0")]},
     "VMkernel adapter on port group 'vMotion': netmask '255.0.255.0' is not a netmask that leaves room for hosts; it "
     "must be one such as 255.255.255.0, or its length, 24."),
    ({"vmkernels": [vmkernel(ip="10.0.2.0", netmask="255.255.255.0")]},
     "VMkernel adapter on port group 'vMotion': ip '10.0.2.0' is the network or broadcast address of 10.0.2.0/24; it "
     "must be one of the hosts' addresses."),
    ({"vmkernels": [vmkernel(ip="fe80::1", netmask="255.255.255.0")]},
     "VMkernel adapter on port group 'vMotion': ip 'fe80::1' is not an IPv4 address that an adapter can have, as in "
     "192.168.1.11; the netmask belongs in 'netmask'."),
    ({"vmkernels": [vmkernel(ip="10.0.2.1", netmask="255.255.255.0", dhcp=True)]},
     "VMkernel adapter on port group 'vMotion': give either 'dhcp: true' or 'ip' and 'netmask'."),
    ({"vmkernels": [vmkernel(ip="10.0.2.1", netmask="0.0.0.255")]},
     "VMkernel adapter on port group 'vMotion': netmask '0.0.0.255' is not a netmask that leaves room for hosts; it "
     "must be one such as 255.255.255.0, or its length, 24."),
    ({"vmkernels": [vmkernel(ip="10.0.2.1", netmask="32")]},
     "VMkernel adapter on port group 'vMotion': netmask '32' is not a netmask that leaves room for hosts; it must be "
     "one such as 255.255.255.0, or its length, 24."),
    ({"vmkernels": [vmkernel(ip="224.0.0.1", netmask="24")]},
     "VMkernel adapter on port group 'vMotion': ip '224.0.0.1' is not an IPv4 address that an adapter can have, as in "
     "192.168.1.11; the netmask belongs in 'netmask'."),
    ({"vmkernels": [vmkernel(ip="", netmask="24")]},
     "VMkernel adapter on port group 'vMotion': ip '' is not an IPv4 address that an adapter can have, as in "
     "192.168.1.11; the netmask belongs in 'netmask'."),
    ({"vmkernels": [vmkernel("")]}, "vmkernels: portgroup '' is empty; it must have 1 to 80 characters."),
    ({"vmkernels": [vmkernel(), vmkernel(device="vmk1")]},
     "vmkernels: portgroup 'vMotion' is given twice. A port group holds one VMkernel adapter."),
    ({"vmkernels": [vmkernel(), vmkernel(state="absent")]}, "vmkernels: portgroup 'vMotion' is given twice."),
    ({"vmkernels": [vmkernel("a", device="vmk1"), vmkernel("b", device="vmk1")]}, "vmkernels: device 'vmk1' is given twice."),
    ({"vmkernels": [vmkernel("a", device="vmk1", state="absent"), vmkernel("b", device="vmk1")]},
     "vmkernels: device 'vmk1' is given twice."),
    ({"vmkernels": [vmkernel(services=["vmotion", "vmotion"])]},
     "VMkernel adapter on port group 'vMotion': services 'vmotion' is given twice."),
    ({"vmkernels": [vmkernel(device="vmk1\n")]}, "vmkernels: device 'vmk1\n' must be vmk and a number, as in vmk1."),
    ({"vswitches": [vswitch(""), ]}, "vswitches: name '' is empty; it must have 1 to 31 characters."),
    ({"vswitches": [vswitch("v" * 32)]},
     "vswitches: name 'vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv' has 32 characters; it must have 1 to 31."),
    ({"vswitches": [vswitch("a\n")]}, "vswitches: name 'a\\n' has a line end or another control character in it."),
    ({"vswitches": [vswitch(num_ports=5000)]}, "vSwitch 'vSwitch1': num_ports 5000 must be from 1 to 4088."),
    ({"vswitches": [vswitch(nics=["vmnic1"]), vswitch("b", nics=["vmnic1"])]},
     "vswitches: nics 'vmnic1' is given to 'vSwitch1' and 'b'; a physical adapter can be an uplink of a single vSwitch."),
    ({"portgroups": [portgroup("p" * 81)]},
     f"portgroups: name '{'p' * 81}' has 81 characters; it must have 1 to 80."),
    ({"portgroups": [portgroup("/" * 27)]},
     "portgroups: name '///////////////////////////' has 81 characters ('/', '\\' and '%' count three, since vSphere "
     "keeps them escaped); it must have 1 to 80."),
    ({"portgroups": [portgroup(), portgroup(state="absent")]}, "portgroups: name 'vMotion' is given twice."),
    ({"portgroups": [portgroup(vlan_id=-1)]},
     "port group 'vMotion': vlan_id -1 must be from 0 to 4095 (0 is none, 4095 is all)."),
    ({"dns_servers": ["2001:db8::1", "2001:DB8:0::1"]}, "dns_servers: '2001:db8::1' is given twice."),
    ({"dns_servers": ["0.0.0.0"]}, "dns_servers: '0.0.0.0' is not an IP address that a server can have."),
    ({"search_domains": ["example.org", "Example.org."]}, "search_domains: 'example.org' is given twice."),
    ({"search_domains": [""]},
     "search_domains: '' is not a domain name; it must be labels of letters, digits and hyphens, with dots between "
     "them, as in example.org."),
    ({"default_gateway": "fe80::1"}, "default_gateway: 'fe80::1' is not the IPv4 address of a router."),
    ({"default_gateway": ""}, "default_gateway: '' is not the IPv4 address of a router."),
    ({"default_gateway": "224.0.0.5"}, "default_gateway: '224.0.0.5' is not the IPv4 address of a router."),
    ({"default_gateway": "router"}, "default_gateway: 'router' is not the IPv4 address of a router."),
    ({"domain": f"{LABEL}.{LABEL}.{LABEL}.{LABEL[:62]}"},
     f"domain: '{LABEL}.{LABEL}.{LABEL}.{LABEL[:62]}' is not a domain name; it must be labels of letters, digits and "
     "hyphens, with dots between them, as in example.org."),
    ({"portgroups": [portgroup(vswitch="")]}, "port group 'vMotion': vswitch is empty; it must be the name of a vSwitch."),
    ({"vmkernels": [vmkernel("a", ip="10.0.2.11", netmask="24"), vmkernel("b", ip="10.0.2.11", netmask="16")]},
     "vmkernels: ip '10.0.2.11' is given twice."),
    ({"vmkernels": [vmkernel(device="vmk1", mtu=1279)]}, "VMkernel adapter vmk1: mtu 1279 must be from 1280 to 9000."),
    ({"vmkernels": [vmkernel(mtu=9001)]},
     "VMkernel adapter on port group 'vMotion': mtu 9001 must be from 1280 to 9000."),
    ({"vmkernels": [vmkernel(dhcp=True, ip="10.0.2.11")]},
     "VMkernel adapter on port group 'vMotion': give either 'dhcp: true' or 'ip' and 'netmask'."),
    ({"vmkernels": [vmkernel(dhcp=True, netmask="24")]},
     "VMkernel adapter on port group 'vMotion': give either 'dhcp: true' or 'ip' and 'netmask'."),
    ({"vmkernels": [vmkernel(netmask="24")]},
     "VMkernel adapter on port group 'vMotion': 'ip' and 'netmask' belong together; only one of them is given."),
    ({"host_name": "esxi1\n"}, "host_name: 'esxi1\n' must be 1 to 63 letters, digits and hyphens."),
])
def test_what_no_host_could_take(desired, said):
    assert refused(desired) == said


@pytest.mark.parametrize("desired", [
    {},
    {"host_name": LABEL, "domain": f"{LABEL}.{LABEL}.{LABEL}.{LABEL[:61]}", "search_domains": ["lab.example.org."]},
    {"domain": ""},
    {"dns_servers": ["10.0.0.1", "2001:db8::1"], "default_gateway": "10.0.0.1"},
    {"vswitches": [vswitch("v" * 31, mtu=1280, num_ports=1, nics=[]), vswitch(mtu=9000, num_ports=4088, nics=["vmnic1"]),
                   vswitch("gone", "absent", nics=["vmnic1"])]},
    {"portgroups": [portgroup("p" * 80, vlan_id=0), portgroup("/" * 26 + "ab", None, vlan_id=4095)]},
    {"vmkernels": [vmkernel("p" * 80, mtu=1280, dhcp=True), vmkernel(None, device="vmk0", mtu=9000),
                   vmkernel("a", device="vmk999", ip="10.0.2.11", netmask="/24", services=["vmotion", "management"])]},
    # One that leaves a port group, and one that comes to it.
    {"vmkernels": [vmkernel("a", "absent", device="vmk1"), vmkernel("a")]},
    {"vmkernels": [vmkernel("a", "absent", ip="10.0.2.11", netmask="24"), vmkernel("b", ip="10.0.2.11", netmask="24")]},
])
def test_what_a_host_could_take(desired):
    check(desired)
