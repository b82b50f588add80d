# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The iSCSI service of a NAS, with everything in the one spelling that equal ones share."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host, url_host
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    Address,
    Credential,
    Discovery,
    Extent,
    GlobalConfig,
    Initiator,
    Listen,
    Portal,
    Service,
    Target,
    TargetExtent,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import Volumes, zvol_name

# The options that are lists of objects, each after those it refers to.
KINDS: dict[str, type] = {
    "portals": Portal,
    "initiators": Initiator,
    "auths": Credential,
    "targets": Target,
    "extents": Extent,
    "associations": TargetExtent,
}
# What is always read.
READ = (GlobalConfig, Discovery, *KINDS.values(), Service)

# An object's id; of one that is to be made a text of the plan's, which is its id until there is one.
Handle = Any
Things = Mapping[type, Mapping[Handle, Any]]


@dataclass(frozen=True)
class Nas:
    """What plans are made from.

    :ivar host: the NAS's name, for messages.
    :ivar things: the objects of :data:`KINDS`, by kind and id.
    :ivar addresses: those that a portal can listen on; ``None``: not asked.
    :ivar volumes: its pools and zvols, as far as they were asked for.
    """

    host: str
    version: Version
    config: GlobalConfig
    discovery: Discovery
    service: Service
    things: Things
    addresses: tuple[str, ...] | None = None
    volumes: Volumes = field(default_factory=lambda: Volumes(""))


def from_api(host: str, version: Version, found: Mapping[type, Iterable[Any]], volumes: Volumes) -> Nas:
    """The state, from what was read of :data:`READ`, and of :class:`Address` where that is needed."""
    (config,), (discovery,) = found[GlobalConfig], found[Discovery]
    service = next(iter(found[Service]), Service(None, "iscsitarget", False, False))
    return Nas(
        host,
        version,
        replace(config, basename=config.basename.lower()),
        discovery,
        service,
        {kind: {one.id: canonical(one) for one in found[kind]} for kind in KINDS.values()},
        tuple(canonical_host(address.ip) for address in found[Address]) if Address in found else None,
        volumes,
    )


def canonical(thing: Any) -> Any:
    """An object in the one spelling that equal ones share: addresses by value, iSCSI names in small letters, lists sorted."""
    if isinstance(thing, Portal):
        return replace(thing, listen=listens(thing.listen))
    if isinstance(thing, Initiator):
        named = replace(thing, initiators=names(thing.initiators))
        return named if thing.networks is None else replace(named, networks=networks(thing.networks))
    if isinstance(thing, Target):
        named = replace(thing, name=thing.name.lower())
        return named if thing.networks is None else replace(named, networks=networks(thing.networks))
    if isinstance(thing, Extent) and thing.kind == "zvol":
        return replace(thing, source=zvol_name(thing.source))
    return thing


def listens(listen: Iterable[Listen]) -> tuple[Listen, ...]:
    """Addresses of a portal by value, sorted."""
    return tuple(sorted((Listen(canonical_host(one.ip), one.port) for one in listen), key=lambda one: (one.ip, one.port)))


def names(initiators: Iterable[str]) -> tuple[str, ...]:
    """iSCSI names, which are equal whatever the case of their letters. ``ALL``, as old versions have it, is no name."""
    return tuple(sorted({name.strip().lower() for name in initiators} - {"all", ""}))


def networks(given: Iterable[str]) -> tuple[str, ...]:
    """Networks by value: ``192.168.2.7/24`` is ``192.168.2.0/24``, an address alone the network of itself."""
    return tuple(sorted({network(one) for one in given} - {"all"}))


def network(text: str) -> str:
    """A network by value; what is none stays as it is, in small letters."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        return text.strip().lower()


def source_of(text: str) -> tuple[str, str]:
    """``(kind, source)`` of an extent on a device: a zvol (``tank/my vol``, in any spelling) or a disk (``da1``)."""
    device = text.removeprefix("/dev/")
    if device.startswith("zvol/") or "/" in device:
        return "zvol", zvol_name(device)
    return "disk", device


def socket(at: Listen) -> str:
    """An address of a portal as it stands in messages: ``192.168.2.129:3260``, ``[::1]:3260``."""
    return f"{url_host(at.ip)}:{at.port}"


def whole_name(basename: str, target: str) -> str:
    """A target's name as initiators know it."""
    return target if target.startswith(("iqn.", "eui.", "naa.")) else f"{basename}:{target}"
