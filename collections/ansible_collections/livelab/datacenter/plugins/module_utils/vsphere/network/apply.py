# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host's network and making the changes of a plan, each with one call of the vSphere API."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work, dispatch
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import find as hosts
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import plan as planning
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import plan_vmkernels as vmkernels
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import state

# Seconds a host gets to answer at its new address.
_MOVE_LIMIT = 60
# Seconds to wait for the answer to the call that moves it.
_ANSWER_LIMIT = 15


class NetworkWork(Work):
    """``read``, ``plan`` and ``apply`` of the module ``esxi_network``."""

    def __init__(self, params: Mapping[str, Any], connect: Callable[[Mapping[str, Any]], Client] = Client) -> None:
        super().__init__(params)
        self._connect = connect
        self.current: state.Network | None = None
        # Devices as the plan foresaw them, to those the host gave.
        self._devices: dict[str, str] = {}
        # The declared adapters, by port group, as the plan foresees them.
        self._foreseen: dict[str, str] = {}
        self.apply = dispatch({
            "add_vswitch": self._add_vswitch,
            "update_vswitch": self._update_vswitch,
            "remove_vswitch": lambda change: self.system.RemoveVirtualSwitch(change.args["name"]),
            "add_portgroup": self._add_portgroup,
            "update_portgroup": self._update_portgroup,
            "remove_portgroup": lambda change: self.system.RemovePortGroup(change.args["name"]),
            "add_vmkernel": self._add_vmkernel,
            "update_vmkernel": self._update_vmkernel,
            "remove_vmkernel": lambda change: self.system.RemoveVirtualNic(change.args["device"]),
            "select_service": self._select_service,
            "deselect_service": self._deselect_service,
            "set_dns": self._set_dns,
            "set_gateway": self._set_gateway,
            "set_ipv6": self._set_ipv6,
        })

    def read(self) -> state.Network:
        """Connect, and read the host's whole network in one call (and one to find it, in a vCenter)."""
        self.client = self._connect(self.params)
        _host, values = hosts.find_host(self.client, self.params.get("esxi_hostname"), *state.PROPERTIES)
        self.info = values.get("config.network")
        if self.info is None:
            raise ConvergeError(f"{values['name']} does not tell its network; is it connected, and may user "
                                f"'{self.params['username']}' read it?")
        managers = values["configManager"]
        self.system, self.services = managers.networkSystem, managers.virtualNicManager
        selected = values.get("config.virtualNicManagerInfo") or self.client.read(self.services, "info").get("info")
        self.current = state.from_api(values["name"], self.info, selected.netConfig if selected else None)
        return self.current

    def plan(self, current: state.Network) -> list[Change]:
        """The changes; see :func:`plan.plan`."""
        goal = deepcopy(current)
        changes = planning.plan(goal, self.params, self._reached_at())
        present = [item for item in self.params.get("vmkernels") or () if item["state"] == "present"]
        devices = [vmkernels.find(goal, item) for item in present]
        self._foreseen = {goal.vmkernels[device]["portgroup"]: device for device in devices}
        return changes

    def result(self) -> dict[str, Any]:
        """What the module returns beyond the changes."""
        wanted, current = self.params.get("ipv6"), self.current
        at_boot = current.ipv6 if wanted is None else wanted
        return {
            "esxi_hostname": current.host,
            "reboot_required": at_boot != current.ipv6_now,
            "vmkernels": {group: self._devices.get(device, device) for group, device in self._foreseen.items()},
        }

    def close(self) -> None:
        """Log out."""
        if self.client:
            self.client.close()

    def _reached_at(self) -> str | None:
        """The address of the host this session goes to; ``None`` when a vCenter is in between."""
        if self.client.is_vcenter:
            return None
        try:
            return socket.gethostbyname(self.client.hostname)
        except OSError:
            return None

    # -- vSwitches and port groups ----------------------------------------------------------------------------------

    def _add_vswitch(self, change: Change) -> None:
        spec = vim.host.VirtualSwitch.Specification(numPorts=change.after["num_ports"], mtu=change.after["mtu"])
        _set_uplinks(spec, change.after["nics"])
        self.system.AddVirtualSwitch(change.args["name"], spec)

    def _update_vswitch(self, change: Change) -> None:
        spec = next(item.spec for item in self.info.vswitch if item.name == change.args["name"])
        spec.numPorts, spec.mtu = change.after["num_ports"], change.after["mtu"]
        if change.after["nics"] != change.before["nics"]:
            _set_uplinks(spec, change.after["nics"])
        self.system.UpdateVirtualSwitch(change.args["name"], spec)

    def _add_portgroup(self, change: Change) -> None:
        spec = vim.host.PortGroup.Specification(
            name=change.args["name"],
            vswitchName=change.after["vswitch"],
            vlanId=change.after["vlan_id"],
            policy=vim.host.NetworkPolicy(),
        )
        self.system.AddPortGroup(spec)

    def _update_portgroup(self, change: Change) -> None:
        spec = next(item.spec for item in self.info.portgroup if item.spec.name == change.args["name"])
        spec.vlanId = change.after["vlan_id"]
        self.system.UpdatePortGroup(change.args["name"], spec)

    # -- VMkernel adapters ------------------------------------------------------------------------------------------

    def _add_vmkernel(self, change: Change) -> None:
        spec = vim.host.VirtualNic.Specification(ip=_ip(change.after), mtu=change.after["mtu"])
        device = self.system.AddVirtualNic(change.after["portgroup"], spec)
        self._devices[change.args["device"]] = device

    def _update_vmkernel(self, change: Change) -> None:
        device = change.args["device"]
        spec = next(vnic.spec for vnic in self.info.vnic if vnic.device == device)
        # The route and the keys in it are the host's to say; sent back, old hosts refuse them.
        spec = vim.host.VirtualNic.Specification(
            ip=_ip(change.after), mtu=change.after["mtu"], mac=spec.mac, tsoEnabled=spec.tsoEnabled
        )
        if change.after["portgroup"] != change.before["portgroup"]:
            spec.portgroup = change.after["portgroup"]
        moves = change.before["ip"] == self._reached_at() and change.after["ip"] != change.before["ip"]
        if not moves:
            self.system.UpdateVirtualNic(device, spec)
            return
        # The host leaves the address that it would have to answer from.
        with contextlib.suppress(OSError, http.client.HTTPException), self.client.within(_ANSWER_LIMIT):
            self.system.UpdateVirtualNic(device, spec)
        if change.after["ip"]:
            self._follow(change.after["ip"])

    def _follow(self, address: str) -> None:
        """Go on with the host at its new address."""
        ends = time.monotonic() + _MOVE_LIMIT
        while True:
            try:
                moved = self._connect({**self.params, "hostname": address})
                break
            except ConvergeError as error:
                if time.monotonic() > ends:
                    raise ConvergeError(f"the address was changed, but the host cannot be reached at {address}: "
                                        f"{error} If nothing else brings it back, its console does.") from error
                time.sleep(2)
        self.client = moved
        self.system = moved.managed(vim.host.NetworkSystem, self.system._GetMoId())
        self.services = moved.managed(vim.host.VirtualNicManager, self.services._GetMoId())

    def _select_service(self, change: Change) -> None:
        self.services.SelectVnicForNicType(change.args["service"], self._device(change))

    def _deselect_service(self, change: Change) -> None:
        self.services.DeselectVnicForNicType(change.args["service"], self._device(change))

    def _device(self, change: Change) -> str:
        return self._devices.get(change.args["device"], change.args["device"])

    # -- names, routes, IPv6 ----------------------------------------------------------------------------------------

    def _set_dns(self, change: Change) -> None:
        after = change.after
        self.system.UpdateDnsConfig(vim.host.DnsConfig(
            dhcp=after["dhcp"],
            hostName=after["host_name"],
            domainName=after["domain"],
            address=after["dns_servers"],
            searchDomain=after["search_domains"],
        ))

    def _set_gateway(self, change: Change) -> None:
        config = self.info.ipRouteConfig or vim.host.IpRouteConfig()
        self.system.UpdateIpRouteConfig(vim.host.IpRouteConfig(
            defaultGateway=change.after["default_gateway"], ipV6DefaultGateway=config.ipV6DefaultGateway
        ))

    def _set_ipv6(self, change: Change) -> None:
        config = vim.host.NetworkConfig(ipV6Enabled=change.after["enabled"])
        self.system.UpdateNetworkConfig(config, "modify")


def _ip(after: Mapping[str, Any]) -> Any:
    if after["dhcp"]:
        return vim.host.IpConfig(dhcp=True)
    return vim.host.IpConfig(dhcp=False, ipAddress=after["ip"], subnetMask=after["netmask"])


def _set_uplinks(spec: Any, nics: list[str]) -> None:
    """Make these the uplinks of a vSwitch: its bond, and the teaming order that must name no other."""
    teaming = spec.policy.nicTeaming if spec.policy else None
    order = teaming.nicOrder if teaming else None
    if order is not None:
        standby = [nic for nic in order.standbyNic or () if nic in nics]
        order.standbyNic = standby
        order.activeNic = [nic for nic in nics if nic not in standby]
    if not nics:
        spec.bridge = None
    elif isinstance(spec.bridge, vim.host.VirtualSwitch.BondBridge):
        spec.bridge.nicDevice = nics
    else:
        spec.bridge = vim.host.VirtualSwitch.BondBridge(nicDevice=nics)
