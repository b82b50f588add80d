# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no host could take of the options of ``esxi_iscsi``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import check_host, check_port
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.iscsi.state import Target
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.scsi_names import is_node

# What an initiator and a target agree on: RFC 3720 asks for 12, and few targets take more than 16.
_SHORTEST_SECRET, _LONGEST_SECRET = 12, 255
_LONGEST_ALIAS = 255
_NEEDS_ADAPTER = ("iqn", "alias", "chap", "port_binding", "send_targets", "static_targets")


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no host could take.

    :raises ConvergeError: naming the option, the value and what it must be.
    """
    _check_off(desired)
    _check_node("iqn", desired.get("iqn"))
    _check_line("alias", desired.get("alias"), _LONGEST_ALIAS)
    for option in ("send_targets", "static_targets"):
        _check_targets(option, desired.get(option) or ())
    ports = desired.get("port_binding") or ()
    for port in ports:
        _check_line("port_binding", port, 255, empty=False)
    for port in twice(ports):
        raise ConvergeError(f"port_binding: '{port}' is listed twice; list each VMkernel adapter once.")
    _check_chap(desired.get("chap"))


def _check_off(desired: Mapping[str, Any]) -> None:
    given = [name for name in _NEEDS_ADAPTER if desired.get(name)]
    if not desired["enabled"] and given:
        raise ConvergeError(f"'enabled: false' and '{given[0]}' contradict each other: without the adapter there is "
                            "nothing to set that on.")


def _check_node(option: str, name: str | None) -> None:
    if name is not None and not is_node(name):
        raise ConvergeError(f"{option}: '{name}' is not an iSCSI name; it must look like iqn.1998-01.com.vmware:esxi1 (or "
                            "eui. and 16 hex digits, or naa. and 16 or 32), of 223 bytes at most.")


def _check_line(option: str, text: str | None, longest: int, empty: bool = True) -> None:
    if text is None:
        return
    if len(text) > longest or not (text.isprintable() and (empty or text.strip())):
        raise ConvergeError(f"{option}: {text!r} must be {0 if empty else 1} to {longest} characters in one line.")


def _check_targets(option: str, targets: Any) -> None:
    for target in targets:
        check_host(f"{option}: address", target["address"])
        check_port(f"{option}: port", target["port"])
        if "iqn" in target:
            _check_node(f"{option}: iqn", target["iqn"])
    keys = [Target(target["address"], target["port"], target.get("iqn", "")).key for target in targets]
    for key in twice(keys):
        spelt = " and ".join(_spelt(target) for target, own in zip(targets, keys, strict=True) if own == key)
        raise ConvergeError(f"{option}: '{' '.join(filter(None, key))}' is listed twice ({spelt}); list each once.")


def _spelt(target: Mapping[str, Any]) -> str:
    return "'" + " ".join(filter(None, (target["address"], target.get("iqn")))) + "'"


def _check_chap(chap: Mapping[str, Any] | None) -> None:
    if not chap or chap["level"] == "prohibited":
        return
    if not (chap.get("user") and chap.get("password")):
        raise ConvergeError(f"chap: level '{chap['level']}' needs 'user' and 'password'.")
    if bool(chap.get("mutual_user")) != bool(chap.get("mutual_password")):
        raise ConvergeError("chap: 'mutual_user' and 'mutual_password' belong together; only one of them is given.")
    if chap.get("mutual_user") and chap["level"] != "required":
        raise ConvergeError(f"chap: mutual CHAP needs level 'required', not '{chap['level']}'.")
    if chap.get("mutual_password") == chap["password"]:
        raise ConvergeError("chap: 'mutual_password' must not be the same as 'password'.")
    for option in ("user", "mutual_user"):
        _check_line(f"chap: {option}", chap.get(option), 255)
    for option in ("password", "mutual_password"):
        _check_secret(option, chap.get(option))


def _check_secret(option: str, secret: str | None) -> None:
    if secret is None:
        return
    if not secret.isprintable():
        raise ConvergeError(f"chap: {option} has a line end or another control character in it; was it read from a file "
                            "with the line end at its end?")
    if not _SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET:
        raise ConvergeError(f"chap: {option} has {len(secret)} characters; initiators and targets agree on "
                            f"{_SHORTEST_SECRET} to 16 of them ({_LONGEST_SECRET} at most).")
