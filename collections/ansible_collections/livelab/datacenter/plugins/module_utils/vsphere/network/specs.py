# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's specifications of what a change leads to; what it does not mention stays as the host has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import vim


def vswitch(have: Any, after: Mapping[str, Any]) -> Any:
    """The specification of a vSwitch, from that which the host has (``None`` for a new one)."""
    nics = after["nics"]
    spec = vim.host.VirtualSwitch.Specification(numPorts=after["num_ports"], mtu=after["mtu"])
    if have is not None:
        spec.policy = _policy(have.policy, nics)
    if nics:
        spec.bridge = vim.host.VirtualSwitch.BondBridge(nicDevice=nics)
        if have is not None and isinstance(have.bridge, vim.host.VirtualSwitch.BondBridge):
            spec.bridge.beacon = have.bridge.beacon
            spec.bridge.linkDiscoveryProtocolConfig = have.bridge.linkDiscoveryProtocolConfig
    return spec


def _policy(have: Any, nics: list[str]) -> Any:
    """A vSwitch's policy with a teaming order that names its uplinks and no other."""
    teaming = have.nicTeaming if have else None
    if teaming is None or teaming.nicOrder is None:
        return have
    standby = [nic for nic in teaming.nicOrder.standbyNic or () if nic in nics]
    active = [nic for nic in teaming.nicOrder.activeNic or () if nic in nics]
    active += [nic for nic in nics if nic not in (*active, *standby)]
    order = vim.host.NetworkPolicy.NicOrderPolicy(activeNic=active, standbyNic=standby)
    return _copy(have, nicTeaming=_copy(teaming, nicOrder=order))


def portgroup(have: Any, name: str, after: Mapping[str, Any]) -> Any:
    """The specification of a port group, from that which the host has (``None`` for a new one)."""
    policy = have.policy if have is not None else vim.host.NetworkPolicy()
    return vim.host.PortGroup.Specification(
        name=name, vswitchName=after["vswitch"], vlanId=after["vlan_id"], policy=policy
    )


def vmkernel(have: Any, after: Mapping[str, Any]) -> Any:
    """The specification of a VMkernel adapter, from that which the host has (``None`` for a new one)."""
    spec = vim.host.VirtualNic.Specification(ip=_ip(after), mtu=after["mtu"])
    if have is not None:
        # The route and the keys in it are the host's to say; sent back, old hosts refuse them.
        spec.mac, spec.tsoEnabled = have.mac, have.tsoEnabled
    return spec


def _ip(after: Mapping[str, Any]) -> Any:
    if after["dhcp"]:
        return vim.host.IpConfig(dhcp=True)
    return vim.host.IpConfig(dhcp=False, ipAddress=after["ip"], subnetMask=after["netmask"])


def dns(after: Mapping[str, Any]) -> Any:
    """The host's names and DNS servers."""
    return vim.host.DnsConfig(
        dhcp=after["dhcp"],
        hostName=after["host_name"],
        domainName=after["domain"],
        address=after["dns_servers"],
        searchDomain=after["search_domains"],
    )


def route(have: Any, gateway: str) -> Any:
    """The default routes: this one for IPv4, and for IPv6 the one that the host has."""
    ipv6 = have.ipV6DefaultGateway if have is not None else None
    return vim.host.IpRouteConfig(defaultGateway=gateway, ipV6DefaultGateway=ipv6)


def _copy(have: Any, **changes: Any) -> Any:
    """A data object like another one, but for these properties."""
    values = {prop.name: getattr(have, prop.name) for prop in have._GetPropertyList()}
    return type(have)(**{**values, **changes})
