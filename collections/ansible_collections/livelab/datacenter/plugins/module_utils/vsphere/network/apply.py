# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host's network and making the changes of a plan, each with one call of the vSphere API."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import plan, plan_cuts, plan_goal, read, specs
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import Network

# Seconds a host gets to answer at its new address.
_MOVE_LIMIT = 60
# Seconds to wait for the answer to the call that moves it.
_ANSWER_LIMIT = 15


class NetworkWork(Work):
    """What the module ``esxi_network`` asks of a host, and the changes it makes."""

    def __init__(self, params: Mapping[str, Any], connect: Callable[[Mapping[str, Any]], Client] = Client) -> None:
        super().__init__(params)
        self._connect = connect
        self.state: Network | None = None
        # Adapters as the plan calls them, to the devices that the host gave.
        self._devices: dict[str, str] = {}

    def read(self) -> Network:
        """Connect, and read the host's whole network in one call (and one to find it, in a vCenter).

        What software iSCSI is bound to takes calls of its own; it is asked only when an adapter would go or lose its net.
        """
        self.client = self._connect(self.params)
        reading = read.Reading(self.client, self.params)
        self.info, self.system, self.services = reading.info, reading.system, reading.services
        self.state = reading.state
        if plan_cuts.disturbed(self.state, plan_goal.goal(self.state, self.params)):
            self.state = replace(self.state, bound=reading.bound())
        return self.state

    def verify(self, changes: Sequence[Change]) -> None:
        """Say what the plan leaves alone, and what goes another way from now on."""
        for text in plan.remarks(self.state, self.params):
            self.warn(text)

    def apply(self, change: Change) -> None:
        """Make one change; after one that may cut the connection, go on at the address the host has by then."""
        if "follow" not in change.args:
            super().apply(change)
            return
        # The host leaves the way over which it would have to answer.
        with contextlib.suppress(OSError, http.client.HTTPException), self.client.within(_ANSWER_LIMIT):
            super().apply(change)
        if change.args["follow"]:
            self._follow(change.args["follow"])

    def result(self) -> dict[str, Any]:
        """What the module returns beyond the changes."""
        wanted = self.params.get("ipv6")
        at_boot = self.state.ipv6 if wanted is None else wanted
        devices = plan_goal.declared(self.state, self.params)
        return {
            "esxi_hostname": self.state.host,
            "reboot_required": at_boot != self.state.ipv6_now,
            "vmkernels": {group: self._device(key) for group, key in devices.items()},
        }

    def _follow(self, address: str) -> None:
        """Go on with the host at the address that it has by now."""
        ends = time.monotonic() + _MOVE_LIMIT
        while True:
            try:
                moved = self._connect({**self.params, "hostname": address})
                break
            except ConvergeError as error:
                if time.monotonic() > ends:
                    raise ConvergeError(f"the change was made, but the host cannot be reached at {address}: {error} If "
                                        "that is a network this machine is not on, reach it from one that is. Otherwise "
                                        "its console does it: 'Configure Management Network' sets adapter, VLAN and "
                                        "address, and 'Network Restore Options' take the network back.") from error
                time.sleep(2)
        self.client = moved
        self.system = moved.managed(vim.host.NetworkSystem, self.system._GetMoId())
        self.services = moved.managed(vim.host.VirtualNicManager, self.services._GetMoId())

    def _device(self, key: str) -> str:
        return self._devices.get(key) or plan_goal.device_of(key)

    # -- vSwitches and port groups ----------------------------------------------------------------------------------

    def add_vswitch(self, change: Change) -> None:
        """Make a vSwitch."""
        self.system.AddVirtualSwitch(change.args["name"], specs.vswitch(None, change.after))

    def update_vswitch(self, change: Change) -> None:
        """Give a vSwitch its uplinks and sizes; its policies stay."""
        have = next((item.spec for item in self.info.vswitch if item.name == change.args["name"]), None)
        self.system.UpdateVirtualSwitch(change.args["name"], specs.vswitch(have, change.after))

    def remove_vswitch(self, change: Change) -> None:
        """Take a vSwitch away."""
        self.system.RemoveVirtualSwitch(change.args["name"])

    def add_portgroup(self, change: Change) -> None:
        """Make a port group."""
        self.system.AddPortGroup(specs.portgroup(None, change.args["name"], change.after))

    def update_portgroup(self, change: Change) -> None:
        """Give a port group its VLAN; its policies stay."""
        name = change.args["name"]
        self.system.UpdatePortGroup(name, specs.portgroup(self._group(name), name, change.after))

    def move_portgroup(self, change: Change) -> None:
        """Move a port group to another vSwitch: hosts only let it be made anew there."""
        name = change.args["name"]
        self.system.RemovePortGroup(name)
        self.system.AddPortGroup(specs.portgroup(self._group(name), name, change.after))

    def remove_portgroup(self, change: Change) -> None:
        """Take a port group away."""
        self.system.RemovePortGroup(change.args["name"])

    def _group(self, name: str) -> Any:
        return next((item.spec for item in self.info.portgroup if item.spec.name == name), None)

    # -- VMkernel adapters ------------------------------------------------------------------------------------------

    def add_vmkernel(self, change: Change) -> None:
        """Make a VMkernel adapter; the host names it."""
        key = change.args["device"]
        self._devices[key] = self.system.AddVirtualNic(change.after["portgroup"], specs.vmkernel(None, change.after))

    def update_vmkernel(self, change: Change) -> None:
        """Give a VMkernel adapter its address, MTU and port group."""
        device = change.args["device"]
        have = next(vnic.spec for vnic in self.info.vnic if vnic.device == device)
        spec = specs.vmkernel(have, change.after)
        if change.after["portgroup"] != change.before["portgroup"]:
            spec.portgroup = change.after["portgroup"]
        self.system.UpdateVirtualNic(device, spec)

    def remove_vmkernel(self, change: Change) -> None:
        """Take a VMkernel adapter away."""
        self.system.RemoveVirtualNic(change.args["device"])

    def select_service(self, change: Change) -> None:
        """Let an adapter carry a kind of traffic."""
        self.services.SelectVnicForNicType(change.args["service"], self._device(change.args["device"]))

    def deselect_service(self, change: Change) -> None:
        """Let an adapter carry a kind of traffic no more."""
        self.services.DeselectVnicForNicType(change.args["service"], self._device(change.args["device"]))

    # -- names, routes, IPv6 ----------------------------------------------------------------------------------------

    def set_dns(self, change: Change) -> None:
        """Set host name, domain and DNS servers."""
        self.system.UpdateDnsConfig(specs.dns(change.after))

    def set_gateway(self, change: Change) -> None:
        """Set the default gateway; that of IPv6 stays."""
        self.system.UpdateIpRouteConfig(specs.route(self.info.ipRouteConfig, change.after["default_gateway"]))

    def set_ipv6(self, change: Change) -> None:
        """Turn IPv6 on or off, from the next start on."""
        config = vim.host.NetworkConfig(ipV6Enabled=change.after["enabled"])
        self.system.UpdateNetworkConfig(config, "modify")
