# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's network as it is to the network as declared: a list of changes. No I/O.

The order: removals from the top down (VMkernel adapters, port groups, vSwitches), additions from the bottom up, then
names and routes; last of all what may cut the connection to the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import check
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import plan_switches as switches
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network import plan_vmkernels as vmkernels
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.network.state import Network

_DNS_OPTIONS = ("host_name", "domain", "dns_servers", "search_domains")


def plan(goal: Network, desired: Mapping[str, Any], reached_at: str | None = None) -> list[Change]:
    """The changes, in the order to make them.

    :param goal: the host as it is; afterwards, as it will be.
    :param desired: the module's options.
    :param reached_at: the address the host is reached at. The adapter that has it changes last.
    :raises ConvergeError: when the host cannot take it; nothing has been changed then.
    """
    check.check(desired)
    gone = vmkernels.plan_removals(goal, desired)
    gone += switches.plan_portgroup_removals(goal, desired)
    gone += switches.plan_vswitch_removals(goal, desired)
    made = switches.plan_vswitches(goal, desired)
    made += switches.plan_portgroups(goal, desired)
    adapters, services = vmkernels.plan_adapters(goal, desired)
    names = _plan_dns(goal, desired) + _plan_ipv6(goal, desired)
    last = [change for change in adapters if _cuts_off(change, reached_at)]
    adapters = [change for change in adapters if change not in last]
    route = vmkernels.plan_gateway(goal, desired)
    return [*gone, *made, *adapters, *services, *names, *last, *route]


def _cuts_off(change: Change, reached_at: str | None) -> bool:
    before = change.before or {}
    return bool(reached_at) and before.get("ip") == reached_at and change.after.get("ip") != reached_at


def _plan_dns(goal: Network, desired: Mapping[str, Any]) -> list[Change]:
    wanted = {name: desired[name] for name in _DNS_OPTIONS if desired.get(name) is not None}
    # The host would put DHCP's names in the place of the declared ones.
    after = {**goal.dns, **wanted, **({"dhcp": False} if wanted else {})}
    if after == goal.dns:
        return []
    before, goal.dns = goal.dns, after
    return [Change("host name and DNS", before, after, "set_dns")]


def _plan_ipv6(goal: Network, desired: Mapping[str, Any]) -> list[Change]:
    wanted = desired.get("ipv6")
    if wanted is None or wanted == goal.ipv6:
        return []
    before, goal.ipv6 = goal.ipv6, wanted
    return [Change("IPv6", {"enabled": before}, {"enabled": wanted}, "set_ipv6")]
