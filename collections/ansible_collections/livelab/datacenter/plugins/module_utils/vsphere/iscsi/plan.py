# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's software iSCSI adapter as it is to the one declared: a list of changes. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError

# The level of CHAP as the option has it, and as the vSphere API does.
LEVELS = {
    "prohibited": "chapProhibited",
    "discouraged": "chapDiscouraged",
    "preferred": "chapPreferred",
    "required": "chapRequired",
}
_IQN = re.compile(r"^(iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+(:.+)?|eui\.[0-9A-Fa-f]{16})$")


@dataclass
class Adapter:
    """The software iSCSI adapter of a host.

    :ivar host: the host's name, for messages.
    :ivar enabled: whether there is one; the rest is empty when not.
    :ivar hba: its device, ``vmhba64``.
    :ivar chap: ``{"user", "level", "mutual_user"}``; secrets cannot be read.
    :ivar bound: the VMkernel adapters bound to it.
    :ivar vmkernels: those that the host has, ``{device: port group}``.
    :ivar send_targets: ``(address, port)`` of dynamic discovery.
    :ivar static_targets: ``(address, port, iqn)``, without those that discovery found.
    """

    host: str
    enabled: bool = False
    hba: str = ""
    iqn: str = ""
    alias: str = ""
    chap: dict[str, Any] = field(default_factory=lambda: {"user": None, "level": "prohibited", "mutual_user": None})
    bound: list[str] = field(default_factory=list)
    vmkernels: dict[str, str] = field(default_factory=dict)
    send_targets: list[tuple[str, int]] = field(default_factory=list)
    static_targets: list[tuple[str, int, str]] = field(default_factory=list)


def plan(current: Adapter, desired: Mapping[str, Any]) -> list[Change]:
    """The changes, in the order to make them.

    :raises ConvergeError: when the host cannot take it; nothing has been changed then.
    """
    check(desired)
    if not desired["enabled"]:
        return _plan_off(current, desired)
    ports = _devices(current, desired.get("port_binding"))
    changes = []
    if not current.enabled:
        changes.append(Change("software iSCSI", {"enabled": False}, {"enabled": True}, "enable"))
    changes += _plan_names(current, desired)
    changes += _plan_chap(current, desired.get("chap"))
    changes += _plan_binding(current, ports, desired["purge"])
    changes += _plan_targets(current, desired)
    return changes


def _plan_off(current: Adapter, desired: Mapping[str, Any]) -> list[Change]:
    given = [name for name in ("iqn", "alias", "chap", "port_binding", "send_targets", "static_targets")
             if desired.get(name)]
    if given:
        raise ConvergeError(f"'enabled: false' and '{given[0]}' contradict each other: without the adapter there is "
                            "nothing to set that on.")
    if not current.enabled:
        return []
    return [Change("software iSCSI", {"enabled": True}, {"enabled": False}, "disable")]


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no host could take.

    :raises ConvergeError: naming the option, the value and what it must be.
    """
    iqns = [("iqn", desired.get("iqn"))]
    iqns += [("static_targets: iqn", target["iqn"]) for target in desired.get("static_targets") or ()]
    for option, iqn in iqns:
        if iqn is not None and not _IQN.match(iqn):
            raise ConvergeError(f"{option}: '{iqn}' is not an iSCSI name; it must look like "
                                "iqn.1998-01.com.vmware:esxi1 (or eui. and 16 hex digits).")
    for option in ("send_targets", "static_targets"):
        for target in desired.get(option) or ():
            if not target["address"].strip() or target["port"] not in range(1, 65536):
                raise ConvergeError(f"{option}: '{target['address']}:{target['port']}' must be an address and a port "
                                    "from 1 to 65535.")
    _check_chap(desired.get("chap"))


def _check_chap(chap: Mapping[str, Any] | None) -> None:
    if not chap or chap["level"] == "prohibited":
        return
    if not (chap.get("user") and chap.get("password")):
        raise ConvergeError(f"chap: level '{chap['level']}' needs 'user' and 'password'.")
    if not 12 <= len(chap["password"]) <= 255:
        raise ConvergeError(f"chap: the password has {len(chap['password'])} characters; initiators and targets agree "
                            "on 12 to 16 of them (255 at most).")
    if bool(chap.get("mutual_user")) != bool(chap.get("mutual_password")):
        raise ConvergeError("chap: 'mutual_user' and 'mutual_password' belong together; only one of them is given.")
    if chap.get("mutual_user") and chap["level"] != "required":
        raise ConvergeError(f"chap: mutual CHAP needs level 'required', not '{chap['level']}'.")
    if chap.get("mutual_password") == chap["password"]:
        raise ConvergeError("chap: 'mutual_password' must not be the same as 'password'.")


def _devices(current: Adapter, ports: Iterable[str] | None) -> list[str] | None:
    """The VMkernel adapters that ``port_binding`` means, by device or by port group."""
    return None if ports is None else list(dict.fromkeys(_device(current, port) for port in ports))


def _device(current: Adapter, port: str) -> str:
    if port in current.vmkernels:
        return port
    on_group = [device for device, group in current.vmkernels.items() if group == port]
    if len(on_group) == 1:
        return on_group[0]
    there = ", ".join(f"{device} (port group '{group}')" for device, group in sorted(current.vmkernels.items()))
    problem = f"has several VMkernel adapters on '{port}'" if on_group else f"has no VMkernel adapter '{port}'"
    raise ConvergeError(f"port_binding: {current.host} {problem}; it has: {there or 'none'}.")


def _plan_names(current: Adapter, desired: Mapping[str, Any]) -> list[Change]:
    changes = []
    for option in ("iqn", "alias"):
        before, after = getattr(current, option), desired.get(option)
        if after is not None and after != before:
            changes.append(Change(f"iSCSI {option}", {option: before or None}, {option: after}, f"set_{option}"))
    return changes


def _plan_chap(current: Adapter, chap: Mapping[str, Any] | None) -> list[Change]:
    if not chap:
        return []
    off = chap["level"] == "prohibited"
    after = {
        "user": None if off else chap["user"],
        "level": chap["level"],
        "mutual_user": None if off else chap.get("mutual_user"),
    }
    if after == current.chap and (off or chap["update_password"] == "on_create"):
        return []
    secrets = {"password": chap.get("password"), "mutual_password": chap.get("mutual_password")}
    shown = after if off else {**after, "password": "(hidden, sent)"}
    return [Change("CHAP", current.chap, shown, "set_chap", secrets)]


def _plan_binding(current: Adapter, wanted: list[str] | None, purge: bool) -> list[Change]:
    if wanted is None:
        return []
    extra = [device for device in current.bound if device not in wanted] if purge else []
    return [
        *(_change(f"port binding {device}", {"bound": True}, False, "unbind", device=device) for device in extra),
        *(
            _change(f"port binding {device}", {"bound": True}, True, "bind", device=device)
            for device in wanted
            if device not in current.bound
        ),
    ]


def _plan_targets(current: Adapter, desired: Mapping[str, Any]) -> list[Change]:
    changes = []
    for option, keys in (("send_targets", ("address", "port")), ("static_targets", ("address", "port", "iqn"))):
        if desired.get(option) is None:
            continue
        have = getattr(current, option)
        wanted = list(dict.fromkeys(tuple(target[key] for key in keys) for target in desired[option]))
        gone = [target for target in have if target not in wanted] if desired["purge"] else []
        kind = option[:-1]
        changes += [_target(kind, dict(zip(keys, target, strict=True)), False) for target in gone]
        changes += [_target(kind, dict(zip(keys, target, strict=True)), True) for target in _new(wanted, have)]
    return changes


def _new(wanted: Iterable[Any], have: Iterable[Any]) -> list[Any]:
    return [item for item in wanted if item not in have]


def _target(kind: str, target: dict[str, Any], present: bool) -> Change:
    name = f"{kind.replace('_', ' ')} {target['address']}:{target['port']}"
    name += f" {target['iqn']}" if "iqn" in target else ""
    return _change(name, target, present, f"{'add' if present else 'remove'}_{kind}", **target)


def _change(what: str, value: dict[str, Any], present: bool, step: str, **args: Any) -> Change:
    return Change(what, None if present else value, value if present else None, step, args)
