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


def refused(desired):
    with pytest.raises(ConvergeError) as caught:
        check(desired)
    return str(caught.value)


@pytest.mark.parametrize(("desired", "said"), [
    ({"host_name": "esxi1.example.org"}, "The domain belongs in 'domain'"),
    ({"host_name": "-x"}, "must be 1 to 63 letters"),
    ({"domain": "exa mple"}, "'exa mple' is not a domain name"),
    ({"dns_servers": ["one"]}, "'one' is not an IP address"),
    ({"vswitches": [vswitch(), vswitch()]}, "vswitches: name 'vSwitch1' is given twice"),
    ({"vswitches": [vswitch(mtu=9001)]}, "mtu 9001 must be from 1280 to 9000"),
    ({"vswitches": [vswitch(nics=["vmnic1", "vmnic1"])]}, "'vmnic1' is given twice"),
    ({"portgroups": [portgroup(vlan_id=4096)]}, "vlan_id 4096 must be from 0"),
    ({"vmkernels": [vmkernel(None)]}, "needs 'portgroup', 'device' or both"),
    ({"vmkernels": [vmkernel(device="eth0")]}, "must be vmk and a number"),
    ({"vmkernels": [vmkernel(ip="10.0.2.11")]}, "'ip' and 'netmask' belong together"),
    ({"vmkernels": [vmkernel(ip="10.0.2.11", netmask="255.0.255.0")]}, "is not a netmask"),
    ({"vmkernels": [vmkernel(ip="10.0.2.0", netmask="255.255.255.0")]}, "is the network or broadcast address"),
    ({"vmkernels": [vmkernel(ip="fe80::1", netmask="255.255.255.0")]}, "is not an IPv4 address"),
    ({"vmkernels": [vmkernel(ip="10.0.2.1", netmask="255.255.255.0", dhcp=True)]}, "either 'dhcp: true' or"),
    ({"vmkernels": [vmkernel(ip="10.0.2.1", netmask="0.0.0.255")]}, "is not a netmask"),
    ({"vmkernels": [vmkernel(ip="10.0.2.1", netmask="32")]}, "is not a netmask"),
    ({"vmkernels": [vmkernel(ip="224.0.0.1", netmask="24")]}, "is not an IPv4 address"),
    ({"vmkernels": [vmkernel(ip="", netmask="24")]}, "'' is not an IPv4 address"),
    ({"vmkernels": [vmkernel("")]}, "is empty"),
    ({"vmkernels": [vmkernel(), vmkernel(device="vmk1")]}, "portgroup 'vMotion' is given twice"),
    ({"vmkernels": [vmkernel(), vmkernel(state="absent")]}, "portgroup 'vMotion' is given twice"),
    ({"vmkernels": [vmkernel("a", device="vmk1"), vmkernel("b", device="vmk1")]}, "device 'vmk1' is given twice"),
    ({"vmkernels": [vmkernel("a", device="vmk1", state="absent"), vmkernel("b", device="vmk1")]}, "'vmk1' is given twice"),
    ({"vmkernels": [vmkernel(services=["vmotion", "vmotion"])]}, "services 'vmotion' is given twice"),
    ({"vmkernels": [vmkernel(device="vmk1\n")]}, "must be vmk and a number"),
    ({"vswitches": [vswitch(""), ]}, "is empty; it must have 1 to 31"),
    ({"vswitches": [vswitch("v" * 32)]}, "has 32 characters; it must have 1 to 31"),
    ({"vswitches": [vswitch("a\n")]}, "line end"),
    ({"vswitches": [vswitch(num_ports=5000)]}, "num_ports 5000 must be from 1 to 4088"),
    ({"vswitches": [vswitch(nics=["vmnic1"]), vswitch("b", nics=["vmnic1"])]}, "'vmnic1' is given to 'vSwitch1' and 'b'"),
    ({"portgroups": [portgroup("p" * 81)]}, "has 81 characters"),
    ({"portgroups": [portgroup("/" * 27)]}, "has 81 characters ('/', "),
    ({"portgroups": [portgroup(), portgroup(state="absent")]}, "name 'vMotion' is given twice"),
    ({"portgroups": [portgroup(vlan_id=-1)]}, "vlan_id -1 must be from 0"),
    ({"dns_servers": ["2001:db8::1", "2001:DB8:0::1"]}, "'2001:db8::1' is given twice"),
    ({"dns_servers": ["0.0.0.0"]}, "'0.0.0.0' is not an IP address"),
    ({"search_domains": ["example.org", "Example.org."]}, "'example.org' is given twice"),
    ({"search_domains": [""]}, "'' is not a domain name"),
    ({"default_gateway": "fe80::1"}, "'fe80::1' is not the IPv4 address of a router"),
    ({"default_gateway": ""}, "default_gateway: ''"),
    ({"host_name": "esxi1\n"}, "must be 1 to 63 letters"),
])
def test_what_no_host_could_take(desired, said):
    assert said in refused(desired)
