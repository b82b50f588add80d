# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's software iSCSI adapter as it is to the one declared: a list of changes. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing, twice
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi import plan_targets
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import Adapter, Chap
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.scsi_names import canonical_node


def plan(current: Adapter, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :raises ConvergeError: when the host cannot take it; nothing has been changed then.
    """
    if not desired["enabled"]:
        return _off(current)
    changes = []
    if not current.enabled:
        changes.append(Change("software iSCSI", {"enabled": False}, {"enabled": True}, "enable"))
    changes += _names(current, desired)
    changes += _chap(current, desired.get("chap"))
    changes += _binding(current, desired)
    return changes + plan_targets.plan(current, desired)


def cautions(current: Adapter, desired: Mapping[str, Any]) -> list[str]:
    """What the user should know of the plan: what is not purged because something stands on it."""
    if not desired["enabled"]:
        lost = [volume.name for volume in current.volumes if not volume.accessible]
        return [f"{current.host} has lost {_stores(lost)}; without the adapter, it will not find that again."] if lost else []
    wanted = _wanted(current, desired.get("port_binding"))
    kept = [port.device for port in _unlisted(current, wanted, desired) if port.in_use]
    said = [f"port binding {device} is not purged: {current.host} reaches disks over it. Release it when nothing uses the "
            "disks behind the adapter." for device in kept]
    return said + plan_targets.cautions(current, desired)


def _off(current: Adapter) -> list[Change]:
    if not current.enabled:
        return []
    used = [volume.name for volume in current.volumes if volume.accessible]
    if used:
        raise ConvergeError(f"enabled: the software iSCSI adapter of {current.host} cannot be turned off: {_stores(used)} "
                            f"{'are' if len(used) > 1 else 'is'} on a disk behind it. Remove or unmount that first.")
    return [Change("software iSCSI", {"enabled": True}, {"enabled": False}, "disable")]


def _stores(names: Iterable[str]) -> str:
    names = list(names)
    return f"the datastore{'s' if len(names) > 1 else ''} {listing(names)}"


def _names(current: Adapter, desired: Mapping[str, Any]) -> list[Change]:
    changes = []
    iqn = desired.get("iqn")
    if iqn is not None and canonical_node(iqn) != canonical_node(current.iqn):
        changes.append(_named("iqn", current.iqn, canonical_node(iqn)))
    alias = desired.get("alias")
    if alias is not None and alias != current.alias:
        changes.append(_named("alias", current.alias, alias))
    return changes


def _named(option: str, before: str, after: str) -> Change:
    return Change(f"iSCSI {option}", {option: before or None}, {option: after}, f"set_{option}")


def _chap(current: Adapter, chap: Mapping[str, Any] | None) -> list[Change]:
    if not chap:
        return []
    off = chap["level"] == "prohibited"
    # Empty names are none: a host tells them as none.
    after = Chap() if off else Chap(chap["user"], chap["level"], chap.get("mutual_user") or None)
    if after == current.chap and (off or chap["update_password"] == "on_create"):
        return []
    secrets = {"password": chap.get("password"), "mutual_password": chap.get("mutual_password") or None}
    shown = after.shown() if off else {**after.shown(), "password": "(hidden, sent)"}
    return [Change("CHAP", current.chap.shown(), shown, "set_chap", {"chap": after, **secrets})]


def _binding(current: Adapter, desired: Mapping[str, Any]) -> list[Change]:
    wanted = _wanted(current, desired.get("port_binding"))
    bound = [port.device for port in current.bound]
    for device in wanted:
        if device not in bound:
            _check_bindable(current, device)
    extra = [port.device for port in _unlisted(current, wanted, desired) if not port.in_use]
    return [
        *(_bind(device, False) for device in extra),
        *(_bind(device, True) for device in wanted if device not in bound),
    ]


def _bind(device: str, bound: bool) -> Change:
    states = (None, {"bound": True}) if bound else ({"bound": True}, None)
    return Change(f"port binding {device}", *states, "bind" if bound else "unbind", {"device": device})


def _unlisted(current: Adapter, wanted: list[str], desired: Mapping[str, Any]) -> list[Any]:
    """The bound adapters that are to go."""
    purged = desired["purge"] and desired.get("port_binding") is not None
    return [port for port in current.bound if port.device not in wanted] if purged else []


def _wanted(current: Adapter, ports: Iterable[str] | None) -> list[str]:
    """The VMkernel adapters that ``port_binding`` means, by device or by port group."""
    devices = {port: _device(current, port) for port in ports or ()}
    for device in twice(devices.values()):
        names = " and ".join(f"'{port}'" for port, meant in devices.items() if meant == device)
        raise ConvergeError(f"port_binding: {names} are the same VMkernel adapter of {current.host}, {device}; list each "
                            "once.")
    return list(devices.values())


def _check_bindable(current: Adapter, device: str) -> None:
    """A host binds only an adapter with one way out: it must not go over to another physical adapter."""
    vmkernel = next(one for one in current.vmkernels if one.device == device)
    if vmkernel.uplinks is not None and len(vmkernel.uplinks) != 1:
        raise ConvergeError(f"port_binding: {current.host} cannot bind {vmkernel}: it may use the physical adapters "
                            f"{listing(vmkernel.uplinks)}, and must have exactly one that is active, and none on standby.")


def _device(current: Adapter, port: str) -> str:
    if port in [vmkernel.device for vmkernel in current.vmkernels]:
        return port
    on_group = [vmkernel.device for vmkernel in current.vmkernels if vmkernel.portgroup == port]
    if len(on_group) == 1:
        return on_group[0]
    there = listing(current.vmkernels)
    problem = f"has several VMkernel adapters on '{port}'" if on_group else f"has no VMkernel adapter '{port}'"
    raise ConvergeError(f"port_binding: {current.host} {problem}; it has: {there}.")
