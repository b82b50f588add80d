# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host's whole network, and who is on it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import find
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import unescape
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import Network, from_api

_PROPERTIES = ("config.network", "config.virtualNicManagerInfo", "configManager")
_MACHINE = ("name", "network")
_NETWORK = ("name",)


class Reading:
    """A host's network as one call saw it, and the managers that change it.

    :ivar state: the network as plain data.
    :ivar info: the same as the API's ``HostNetworkInfo``, for what a change has to keep.
    """

    def __init__(self, client: Client, params: Mapping[str, Any]) -> None:
        """:raises ConvergeError: when there is no such host, or it does not tell its network."""
        self._client = client
        self._host, values, machines = _read(client, params.get("esxi_hostname"))
        self.info = values.get("config.network")
        if self.info is None:
            raise ConvergeError(f"{values['name']} does not tell its network; is it connected, and may user "
                                f"'{params['username']}' read it?")
        self._managers = values["configManager"]
        self.system, self.services = self._managers.networkSystem, self._managers.virtualNicManager
        selected = values.get("config.virtualNicManagerInfo") or client.read(self.services, "info").get("info")
        addresses = () if client.is_vcenter else addresses_of(client.hostname)
        self.state: Network = from_api(
            values["name"], self.info, selected.netConfig if selected else None, machines, addresses
        )

    def bound(self) -> frozenset[str]:
        """The VMkernel adapters that software iSCSI is bound to. Two API calls where there is a software adapter."""
        values = self._client.read(self._host, "config.storageDevice.hostBusAdapter")
        adapters = values.get("config.storageDevice.hostBusAdapter") or ()
        hba = next((one.device for one in adapters if getattr(one, "isSoftwareBased", None)), None)
        if hba is None or self._managers.iscsiManager is None:
            return frozenset()
        ports = self._client.retrying(lambda: self._managers.iscsiManager.QueryBoundVnics(hba))
        return frozenset(port.vnicDevice for port in ports or () if port.vnicDevice)


def _read(client: Client, name: str | None) -> tuple[Any, Mapping[str, Any], dict[str, list[str]]]:
    """The host, its properties, and the machines by port group."""
    if client.is_vcenter:
        if not name:
            raise ConvergeError(f"{client.hostname} is a vCenter: 'esxi_hostname' must name one of its hosts.")
        found = find.find_hosts(client, [name])[0]
        seen = client.read_host(found.ref, _PROPERTIES, vm=_MACHINE, network=_NETWORK)
        return found.ref, {**seen.get(found.ref, {}), "name": found.name}, _machines(seen)
    seen = client.collect({vim.HostSystem: ("name", *_PROPERTIES), vim.VirtualMachine: _MACHINE, vim.Network: _NETWORK})
    host = next(one for one in seen if isinstance(one, vim.HostSystem))
    find.check_own_name(client, seen[host]["name"], name)
    return host, seen[host], _machines(seen)


def _machines(seen: Mapping[Any, Mapping[str, Any]]) -> dict[str, list[str]]:
    """``{port group: names of the machines on it}``; both have their names escaped in the inventory."""
    found: dict[str, list[str]] = {}
    for one, values in seen.items():
        for network in values.get("network") or () if isinstance(one, vim.VirtualMachine) else ():
            group = unescape(seen.get(network, {}).get("name", ""))
            found.setdefault(group, []).append(unescape(values.get("name", one._GetMoId())))
    return found


def addresses_of(hostname: str) -> list[str]:
    """The addresses that a host's name stands for; none when it cannot be resolved."""
    try:
        found = socket.getaddrinfo(hostname.strip("[]"), None)
    except OSError:
        return []
    return list(dict.fromkeys(address[0] for *_rest, address in found))
