# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declared iSCSI service must be by itself, whatever the NAS has."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host, check_port, is_address
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.sizes import size_in_bytes
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import network, source_of
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume import check as volume

Item = Mapping[str, Any]

_BASENAME = re.compile(r"iqn\.\d{4}-\d{2}\.[-a-z0-9.]+(?::[-a-z0-9.:]+)?")
_INITIATOR = re.compile(r"iqn\.\d{4}-\d{2}\.[-a-z0-9.]+(?::\S+)?|(?:eui\.[0-9a-f]{16}|naa\.[0-9a-f]{16}(?:[0-9a-f]{16})?)")
_TARGET = re.compile(r"[-a-z0-9.:]{1,120}")
_SECRET = re.compile(r"[\x20-\x7e]+")
_SERIAL = re.compile(r"[\x21-\x7e]+")
_LONGEST = 120
# The most that any version takes; a version may take less.
_MOST_LUN = 16382
_LONGEST_SERIAL = 20
_LONGEST_PRODUCT = 16


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no NAS could take.

    :param desired: the module's options.
    :raises ConvergeError: naming the option, the value and what it must be.
    """
    volume.check(desired)
    _check_config(desired)
    for kind, check_item in _CHECKS.items():
        for item in _present(desired, kind):
            check_item(item)
    _check_again(desired)


def _present(desired: Mapping[str, Any], kind: str) -> list[Item]:
    return [item for item in desired.get(kind) or () if item.get("state") != "absent"]


def _check_config(desired: Mapping[str, Any]) -> None:
    basename = desired.get("basename")
    if basename is not None and not _BASENAME.fullmatch(basename.lower()):
        raise ConvergeError(f"basename: '{basename}' is not an iSCSI qualified name, as in iqn.2005-10.org.freenas.ctl.")
    if desired.get("iscsi_port") is not None:
        check_port("iscsi_port", desired["iscsi_port"])
    _check_percent("pool_avail_threshold", desired.get("pool_avail_threshold"))
    servers = desired.get("isns_servers") or ()
    for server in servers:
        if not is_address(server) and not is_address(server.rpartition(":")[0].strip("[]")):
            raise ConvergeError(f"isns_servers: '{server}' is not an IP address, with or without a port.")
    _refuse("isns_servers", twice(canonical_host(server) for server in servers))
    discovery = desired.get("discovery")
    if discovery and discovery["authmethod"] != "NONE" and discovery.get("auth") is None:
        raise ConvergeError(f"discovery: authmethod {discovery['authmethod']} needs 'auth', the tag of a group of CHAP users.")


# -- each object by itself ----------------------------------------------------------------------------------------------


def _check_portal(item: Item) -> None:
    name = f"portal '{item['comment']}'"
    _check_comment("portals", item["comment"])
    listen = item.get("listen")
    if listen is not None and not listen:
        raise ConvergeError(f"{name}: 'listen' must have one address at least.")
    for one in listen or ():
        if not is_address(one["ip"]):
            raise ConvergeError(f"{name}: listen: '{one['ip']}' is not an IP address.")
        if one.get("port") is not None:
            check_port(f"{name}: port of {one['ip']}", one["port"])
    _refuse(f"{name}: listen", twice((canonical_host(one["ip"]), one.get("port")) for one in listen or ()))


def _check_initiators(item: Item) -> None:
    name = f"initiators '{item['comment']}'"
    _check_comment("initiators", item["comment"])
    for initiator in item.get("initiators") or ():
        if not _INITIATOR.fullmatch(initiator.lower()):
            raise ConvergeError(f"{name}: '{initiator}' is not an iSCSI name, as in iqn.1998-01.com.vmware:esxi1.")
    _refuse(name, twice(initiator.lower() for initiator in item.get("initiators") or ()))
    _check_networks(f"{name}: auth_network", item.get("auth_network"))


def _check_auth(item: Item) -> None:
    name = f"CHAP user '{item['user']}'"
    if not item["user"] or item["user"] != item["user"].strip():
        raise ConvergeError(f"auths: user '{item['user']}' must not be empty, nor begin or end with a space.")
    if item["tag"] < 0:
        raise ConvergeError(f"{name}: tag {item['tag']} must be 0 or more.")
    if not item.get("secret"):
        raise ConvergeError(f"{name}: 'secret' is needed.")
    for option in ("secret", "peersecret"):
        _check_secret(name, option, item.get(option))
    if bool(item.get("peeruser")) != bool(item.get("peersecret")):
        raise ConvergeError(f"{name}: 'peeruser' and 'peersecret' belong together; only one of them is given.")
    if item.get("peersecret") and item["peersecret"] == item["secret"]:
        raise ConvergeError(f"{name}: 'peersecret' must not be the same as 'secret'.")


def _check_secret(name: str, option: str, secret: str | None) -> None:
    """The rule of iSCSI for CHAP (12 characters at least, 16 at most by Microsoft and FreeNAS), and of TrueNAS."""
    if not secret:
        return
    if not 12 <= len(secret) <= 16:
        raise ConvergeError(f"{name}: '{option}' has {len(secret)} characters; it must have 12 to 16.")
    if not _SECRET.fullmatch(secret) or secret != secret.strip() or "#" in secret:
        raise ConvergeError(f"{name}: '{option}' must be letters, digits and signs of ASCII without '#', and must not begin or "
                            "end with a space.")


def _check_target(item: Item) -> None:
    name = f"target '{item['name']}'"
    if not _TARGET.fullmatch(item["name"].lower()):
        raise ConvergeError(f"{name}: its name must be 1 to {_LONGEST} letters, digits, dots, hyphens and colons; the base name "
                            "is put before it.")
    alias = item.get("alias") or ""
    if '"' in alias or alias == "target":
        raise ConvergeError(f"{name}: alias '{alias}' must have no double quote in it, and must not be the word target.")
    if item.get("groups") is not None:
        both = [option for option in ("portal", "initiator", "authmethod", "auth") if item.get(option) is not None]
        if both:
            raise ConvergeError(f"{name}: '{both[0]}' belongs into the entries of 'groups', when that is given.")
        _refuse(f"{name}: groups: portal", twice(group["portal"] for group in item["groups"]))
    _check_networks(f"{name}: auth_networks", item.get("auth_networks"))


def _check_extent(item: Item) -> None:
    name = f"extent '{item['name']}'"
    if not item["name"] or len(item["name"]) > _LONGEST or '"' in item["name"]:
        raise ConvergeError(f"extents: name '{item['name']}' must be 1 to {_LONGEST} characters, without a double quote.")
    if item.get("disk") and item.get("path"):
        raise ConvergeError(f"{name}: 'disk' and 'path' exclude each other.")
    other = {"disk": "path", "file": "disk"}.get(item.get("type") or "")
    if other and item.get(other):
        raise ConvergeError(f"{name}: '{other}' does not go with type {item['type']}.")
    _check_path(name, item.get("path"))
    if item.get("filesize") is not None and str(item["filesize"]).strip() != "0":
        size_in_bytes(f"{name}: filesize", item["filesize"])
    serial = item.get("serial")
    if serial is not None and (not _SERIAL.fullmatch(serial) or '"' in serial or len(serial) > _LONGEST_SERIAL):
        raise ConvergeError(f"{name}: serial '{serial}' must be 1 to {_LONGEST_SERIAL} letters, digits and signs, without spaces "
                            "and double quotes.")
    product = item.get("product_id") or ""
    if len(product) > _LONGEST_PRODUCT:
        raise ConvergeError(f"{name}: product_id '{product}' has {len(product)} characters; it must have {_LONGEST_PRODUCT} at "
                            "most.")
    _check_percent(f"{name}: avail_threshold", item.get("avail_threshold"))


def _check_path(name: str, path: str | None) -> None:
    if path is None:
        return
    parts = path.split("/")
    if parts[:2] != ["", "mnt"] or len(parts) < 4 or not all(parts[2:]) or ".." in parts or re.search(r"\s", path):
        raise ConvergeError(f"{name}: path '{path}' must be a file in a pool, without spaces, as in /mnt/tank/lun0.")


def _check_association(item: Item) -> None:
    if item.get("lun") is not None and not 0 <= item["lun"] <= _MOST_LUN:
        raise ConvergeError(f"associations: lun {item['lun']} of extent '{item['extent']}' must be from 0 to {_MOST_LUN}.")


def _check_comment(option: str, comment: str) -> None:
    if not comment or len(comment) > _LONGEST:
        raise ConvergeError(f"{option}: comment '{comment}' must be 1 to {_LONGEST} characters.")


def _check_networks(name: str, given: Iterable[str] | None) -> None:
    for one in given or ():
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError:
            raise ConvergeError(f"{name}: '{one}' is not a network, as in 192.168.2.0/24.") from None
    _refuse(name, twice(network(one) for one in given or ()))


def _check_percent(name: str, percent: int | None) -> None:
    if percent is not None and not 1 <= percent <= 99:
        raise ConvergeError(f"{name}: {percent} must be from 1 to 99 percent.")


_CHECKS: dict[str, Callable[[Item], None]] = {
    "portals": _check_portal,
    "initiators": _check_initiators,
    "auths": _check_auth,
    "targets": _check_target,
    "extents": _check_extent,
    "associations": _check_association,
}


# -- entries that are the same, or want the same ------------------------------------------------------------------------


def _check_again(desired: Mapping[str, Any]) -> None:
    keys: dict[str, Callable[[Item], Hashable]] = {
        "portals": lambda item: item["comment"],
        "initiators": lambda item: item["comment"],
        "auths": lambda item: (item["tag"], item["user"]),
        "targets": lambda item: item["name"].lower(),
        "extents": lambda item: item["name"],
        "associations": lambda item: (item["target"].lower(), item["extent"]),
    }
    for kind, key in keys.items():
        _refuse(kind, twice(key(item) for item in desired.get(kind) or ()))
    extents, links = _present(desired, "extents"), _present(desired, "associations")
    _refuse("extents: disk", twice(source_of(item["disk"]) for item in extents if item.get("disk")), last=True)
    _refuse("extents: path", twice(item["path"] for item in extents if item.get("path")))
    _refuse("extents: serial", twice(item["serial"] for item in extents if item.get("serial")))
    _refuse("associations: target and lun",
            twice((item["target"].lower(), item["lun"]) for item in links if item.get("lun") is not None))
    listen = [one for item in _present(desired, "portals") for one in item.get("listen") or ()]
    _refuse("portals: listen", twice((canonical_host(one["ip"]), one.get("port")) for one in listen))


def _refuse(option: str, again: list[Hashable], last: bool = False) -> None:
    """Refuse what is given twice. ``last``: only the last part of each is shown."""
    for value in again:
        parts = [part for part in (value if isinstance(value, tuple) else (value,)) if part is not None]
        text = " / ".join(f"'{part}'" for part in (parts[-1:] if last else parts))
        raise ConvergeError(f"{option}: {text} is given twice.")
