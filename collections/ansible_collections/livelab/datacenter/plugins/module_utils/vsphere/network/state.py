# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's network as plain data, from what the vSphere API calls ``HostNetworkInfo``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DEFAULT_MTU = 1500
# The properties of a HostSystem that the whole of it is read from, in one call.
PROPERTIES = ("config.network", "config.virtualNicManagerInfo", "configManager")


@dataclass
class Network:
    """The state that plans are made from.

    :ivar host: the host's name, for messages.
    :ivar nics: the physical adapters there are, ``vmnic0`` …
    :ivar vswitches: ``{name: {"nics": […], "mtu": int, "num_ports": int}}``
    :ivar portgroups: ``{name: {"vswitch": str, "vlan_id": int}}``
    :ivar vmkernels: ``{device: {"portgroup", "ip", "netmask", "dhcp", "mtu", "services"}}``
    :ivar dns: ``{"host_name", "domain", "dns_servers", "search_domains", "dhcp"}``
    :ivar ipv6: whether IPv6 is on from the next boot; ``ipv6_now``: whether it is on.
    :ivar service_types: the VMkernel services that the host knows.
    """

    host: str
    nics: list[str] = field(default_factory=list)
    vswitches: dict[str, dict[str, Any]] = field(default_factory=dict)
    portgroups: dict[str, dict[str, Any]] = field(default_factory=dict)
    vmkernels: dict[str, dict[str, Any]] = field(default_factory=dict)
    dns: dict[str, Any] = field(default_factory=dict)
    default_gateway: str | None = None
    ipv6: bool = True
    ipv6_now: bool = True
    service_types: list[str] = field(default_factory=list)


def from_api(host: str, info: Any, managers: Any) -> Network:
    """The state, from ``HostNetworkInfo`` and the list of ``VirtualNicManagerNetConfig``."""
    services = {config.nicType: _selected(config) for config in managers or ()}
    now = bool(info.ipV6Enabled)
    at_boot = getattr(info, "atBootIpV6Enabled", None)
    return Network(
        host=host,
        nics=[pnic.device for pnic in info.pnic or ()],
        vswitches={vswitch.name: _vswitch(vswitch) for vswitch in info.vswitch or ()},
        portgroups={
            group.spec.name: {"vswitch": group.spec.vswitchName, "vlan_id": group.spec.vlanId or 0}
            for group in info.portgroup or ()
        },
        vmkernels={vnic.device: _vmkernel(vnic, services) for vnic in info.vnic or ()},
        dns=_dns(info.dnsConfig),
        default_gateway=(info.ipRouteConfig.defaultGateway or None) if info.ipRouteConfig else None,
        ipv6=now if at_boot is None else bool(at_boot),
        ipv6_now=now,
        service_types=sorted(services),
    )


def nics_of(vswitch: Any) -> list[str]:
    """The physical adapters of a ``HostVirtualSwitch``, in the order of its bond."""
    bridge = vswitch.spec.bridge if vswitch.spec else None
    devices = getattr(bridge, "nicDevice", None) or []
    if isinstance(devices, str):  # a simple bridge has one
        devices = [devices]
    # Keys look like "key-vim.host.PhysicalNic-vmnic1".
    return list(devices) or [key.rsplit("-", 1)[-1] for key in vswitch.pnic or ()]


def _vswitch(vswitch: Any) -> dict[str, Any]:
    spec = vswitch.spec
    return {
        "nics": nics_of(vswitch),
        "mtu": (spec.mtu if spec else None) or vswitch.mtu or DEFAULT_MTU,
        "num_ports": (spec.numPorts if spec else None) or vswitch.numPorts,
    }


def _vmkernel(vnic: Any, services: dict[str, set[str]]) -> dict[str, Any]:
    address = vnic.spec.ip
    return {
        "portgroup": vnic.portgroup or vnic.spec.portgroup or "",
        "ip": address.ipAddress or None if address else None,
        "netmask": address.subnetMask or None if address else None,
        "dhcp": bool(address.dhcp) if address else False,
        "mtu": vnic.spec.mtu or DEFAULT_MTU,
        "services": sorted(kind for kind, devices in services.items() if vnic.device in devices),
    }


def _selected(config: Any) -> set[str]:
    """The devices selected for a service. ``selectedVnic`` holds keys of ``candidateVnic``, or device names."""
    devices = {vnic.key: vnic.device for vnic in config.candidateVnic or ()}
    return {devices.get(key, key.rsplit("-", 1)[-1]) for key in config.selectedVnic or ()}


def _dns(config: Any) -> dict[str, Any]:
    if config is None:
        return {"host_name": "", "domain": "", "dns_servers": [], "search_domains": [], "dhcp": False}
    return {
        "host_name": config.hostName or "",
        "domain": config.domainName or "",
        "dns_servers": list(config.address or ()),
        "search_domains": list(config.searchDomain or ()),
        "dhcp": bool(config.dhcp),
    }
