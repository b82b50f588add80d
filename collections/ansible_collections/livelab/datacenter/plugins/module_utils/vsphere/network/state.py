# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's network as plain data, from what the vSphere API calls ``HostNetworkInfo``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_MTU = 1500
# What ESXi gives a vSwitch whose number of ports is not said.
DEFAULT_PORTS = 128
DEFAULT_STACK = "defaultTcpipStack"
MANAGEMENT = "management"


@dataclass(frozen=True)
class VSwitch:
    """A standard vSwitch. ``nics`` are its uplinks, ``mtu`` is in bytes."""

    nics: tuple[str, ...] = ()
    mtu: int = DEFAULT_MTU
    num_ports: int = DEFAULT_PORTS

    def shown(self) -> dict[str, Any]:
        """As it stands in a plan."""
        return {"nics": list(self.nics), "mtu": self.mtu, "num_ports": self.num_ports}


@dataclass(frozen=True)
class PortGroup:
    """A port group on a standard vSwitch. ``vlan_id`` is 0 for none, 4095 for all."""

    vswitch: str
    vlan_id: int = 0

    def shown(self) -> dict[str, Any]:
        """As it stands in a plan."""
        return {"vswitch": self.vswitch, "vlan_id": self.vlan_id}


@dataclass(frozen=True)
class VMkernel:
    """A VMkernel adapter.

    :ivar services: the kinds of traffic it carries.
    :ivar stack: the key of its TCP/IP stack.
    :ivar elsewhere: what it is on when that is no port group of a standard vSwitch: ``a distributed switch``.
    """

    portgroup: str
    ip: str | None = None
    netmask: str | None = None
    dhcp: bool = False
    mtu: int = DEFAULT_MTU
    services: frozenset[str] = frozenset()
    stack: str = DEFAULT_STACK
    elsewhere: str = ""

    def shown(self) -> dict[str, Any]:
        """As it stands in a plan; services are changes of their own."""
        return {"portgroup": self.portgroup, "ip": self.ip, "netmask": self.netmask, "dhcp": self.dhcp, "mtu": self.mtu}


@dataclass(frozen=True)
class Dns:
    """A host's names and the DNS servers it asks."""

    host_name: str = ""
    domain: str = ""
    dns_servers: tuple[str, ...] = ()
    search_domains: tuple[str, ...] = ()
    dhcp: bool = False

    def shown(self) -> dict[str, Any]:
        """As it stands in a plan."""
        return {
            "host_name": self.host_name,
            "domain": self.domain,
            "dns_servers": list(self.dns_servers),
            "search_domains": list(self.search_domains),
            "dhcp": self.dhcp,
        }


@dataclass(frozen=True)
class Network:
    """The state that plans are made from.

    :ivar host: the host's name, for messages.
    :ivar nics: the physical adapters there are, ``vmnic0`` …
    :ivar taken: ``{physical adapter: the distributed or opaque switch whose uplink it is}``
    :ivar vmkernels: by device, ``vmk0`` …
    :ivar ipv6: whether IPv6 is on from the next boot; ``ipv6_now``: whether it is on.
    :ivar service_types: the VMkernel services that the host knows.
    :ivar machines: ``{port group: the names of the virtual machines on it}``
    :ivar bound: the VMkernel adapters that software iSCSI is bound to, as far as that was asked.
    :ivar reached_at: the address of the adapter that this session goes over; ``None`` when that is not known, and when
        a vCenter is in between.
    """

    host: str
    nics: tuple[str, ...] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    vswitches: Mapping[str, VSwitch] = field(default_factory=dict)
    portgroups: Mapping[str, PortGroup] = field(default_factory=dict)
    vmkernels: Mapping[str, VMkernel] = field(default_factory=dict)
    dns: Dns = field(default_factory=Dns)
    default_gateway: str | None = None
    ipv6: bool = True
    ipv6_now: bool = True
    service_types: tuple[str, ...] = ()
    machines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bound: frozenset[str] = frozenset()
    reached_at: str | None = None

    def vswitch_under(self, vmkernel: VMkernel) -> VSwitch | None:
        """The standard vSwitch that an adapter is on, ``None`` when it is on none."""
        group = self.portgroups.get(vmkernel.portgroup)
        return self.vswitches.get(group.vswitch) if group else None

    def users(self, portgroup: str) -> list[str]:
        """The VMkernel adapters on a port group."""
        return sorted(device for device, have in self.vmkernels.items() if have.portgroup == portgroup)

    def groups_on(self, vswitch: str) -> list[str]:
        """The port groups on a vSwitch."""
        return [name for name, group in self.portgroups.items() if group.vswitch == vswitch]


def from_api(
    host: str,
    info: Any,
    managers: Any,
    machines: Mapping[str, Iterable[str]] | None = None,
    addresses: Iterable[str] = (),
) -> Network:
    """The state, from ``HostNetworkInfo`` and the list of ``VirtualNicManagerNetConfig``.

    :param machines: ``{port group: names of the machines on it}``.
    :param addresses: those that the server's name stands for, when the server is the host itself.
    """
    services = {config.nicType: _selected(config) for config in managers or ()}
    now = bool(info.ipV6Enabled)
    at_boot = getattr(info, "atBootIpV6Enabled", None)
    vmkernels = {vnic.device: _vmkernel(vnic, services) for vnic in info.vnic or ()}
    own = {vmkernel.ip for vmkernel in vmkernels.values()}
    return Network(
        host=host,
        nics=tuple(pnic.device for pnic in info.pnic or ()),
        taken=_taken(info),
        vswitches={vswitch.name: _vswitch(vswitch) for vswitch in info.vswitch or ()},
        portgroups={
            group.spec.name: PortGroup(group.spec.vswitchName, group.spec.vlanId or 0) for group in info.portgroup or ()
        },
        vmkernels=vmkernels,
        dns=_dns(info.dnsConfig),
        default_gateway=(info.ipRouteConfig.defaultGateway or None) if info.ipRouteConfig else None,
        ipv6=now if at_boot is None else bool(at_boot),
        ipv6_now=now,
        service_types=tuple(sorted(services)),
        machines={group: tuple(sorted(set(names))) for group, names in (machines or {}).items()},
        reached_at=next((address for address in addresses if address in own), None),
    )


def nics_of(vswitch: Any) -> list[str]:
    """The physical adapters of a ``HostVirtualSwitch``, in the order of its bond."""
    bridge = vswitch.spec.bridge if vswitch.spec else None
    devices = getattr(bridge, "nicDevice", None) or []
    if isinstance(devices, str):  # a simple bridge has one
        devices = [devices]
    return list(devices) or [_device(key) for key in vswitch.pnic or ()]


def _device(key: str) -> str:
    """``vmnic1`` of ``key-vim.host.PhysicalNic-vmnic1``."""
    return key.rsplit("-", 1)[-1]


def _taken(info: Any) -> dict[str, str]:
    """The uplinks of distributed switches, and of those that NSX brings."""
    taken = {}
    for switch in getattr(info, "proxySwitch", None) or ():
        taken.update({_device(key): f"the distributed switch '{switch.dvsName}'" for key in switch.pnic or ()})
    for switch in getattr(info, "opaqueSwitch", None) or ():
        taken.update({_device(key): f"the opaque switch '{switch.name or switch.key}'" for key in switch.pnic or ()})
    return taken


def _vswitch(vswitch: Any) -> VSwitch:
    spec = vswitch.spec
    return VSwitch(
        nics=tuple(nics_of(vswitch)),
        mtu=(spec.mtu if spec else None) or vswitch.mtu or DEFAULT_MTU,
        num_ports=(spec.numPorts if spec else None) or vswitch.numPorts,
    )


def _vmkernel(vnic: Any, services: Mapping[str, set[str]]) -> VMkernel:
    spec = vnic.spec
    address = spec.ip
    return VMkernel(
        portgroup=vnic.portgroup or spec.portgroup or "",
        ip=address.ipAddress or None if address else None,
        netmask=address.subnetMask or None if address else None,
        dhcp=bool(address.dhcp) if address else False,
        mtu=spec.mtu or DEFAULT_MTU,
        services=frozenset(kind for kind, devices in services.items() if vnic.device in devices),
        stack=getattr(spec, "netStackInstanceKey", None) or DEFAULT_STACK,
        elsewhere=_elsewhere(spec),
    )


def _elsewhere(spec: Any) -> str:
    if getattr(spec, "distributedVirtualPort", None):
        return "a distributed switch"
    if getattr(spec, "opaqueNetwork", None):
        return "an opaque network"
    return "the system's own network" if getattr(spec, "systemOwned", None) else ""


def _selected(config: Any) -> set[str]:
    """The devices selected for a service. ``selectedVnic`` holds keys of ``candidateVnic``, or device names."""
    devices = {vnic.key: vnic.device for vnic in config.candidateVnic or ()}
    return {devices.get(key, _device(key)) for key in config.selectedVnic or ()}


def _dns(config: Any) -> Dns:
    if config is None:
        return Dns()
    return Dns(
        host_name=config.hostName or "",
        domain=config.domainName or "",
        dns_servers=tuple(config.address or ()),
        search_domains=tuple(config.searchDomain or ()),
        dhcp=bool(config.dhcp),
    )
