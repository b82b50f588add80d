# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding ESXi hosts, by name in a vCenter or the only one there is on an ESXi."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim

OPTION = {"esxi_hostname": {"type": "str"}}
_STATE = "runtime.connectionState"


def find_host(client: Client, name: str | None, *properties: str) -> tuple[Any, dict[str, Any]]:
    """The host and its properties: one API call on an ESXi, two on a vCenter.

    :param name: as the vCenter names it; may be left out when the client is connected to the ESXi itself.
    :raises ConvergeError: when there is no such host, or the vCenter has lost it.
    """
    if client.is_vcenter and not name:
        raise ConvergeError(f"{client.hostname} is a vCenter: 'esxi_hostname' must name one of its hosts.")
    if client.is_vcenter:
        host = find_hosts(client, [name])[name]
        return host, client.read(host, "name", *properties)
    found = client.collect({vim.HostSystem: ["name", *properties]})
    host, values = next(iter(found.items()))
    if name and name not in (values["name"], client.hostname, values["name"].split(".")[0]):
        raise ConvergeError(f"esxi_hostname: {client.hostname} is the ESXi host '{values['name']}', not '{name}'.")
    return host, values


def find_hosts(client: Client, names: Iterable[str]) -> dict[str, Any]:
    """Hosts of a vCenter by name: ``{name: host}``. One API call.

    :raises ConvergeError: naming those that do not exist and those that do, or those not connected.
    """
    names = list(names)
    found = client.collect({vim.HostSystem: ["name", _STATE]})
    by_name = {values["name"]: (host, values.get(_STATE)) for host, values in found.items()}
    missing = sorted(set(names) - set(by_name))
    if missing:
        raise ConvergeError(f"no ESXi host '{missing[0]}' in {client.hostname}; it has: {listing(by_name)}.")
    for name in names:
        if by_name[name][1] not in (None, "connected"):
            raise ConvergeError(f"the ESXi host '{name}' is {by_name[name][1]} in {client.hostname}; it must be "
                                "connected.")
    return {name: by_name[name][0] for name in names}
