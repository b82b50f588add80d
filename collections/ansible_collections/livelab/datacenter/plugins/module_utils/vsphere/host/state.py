# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of a vCenter, and the place it is to be in, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import from_pem, normalise, thumbprint

DIGESTS = ("SHA-256", "SHA-1")
# The properties of a HostSystem that its state is made from.
PROPERTIES = (
    "runtime.connectionState",
    "runtime.inMaintenanceMode",
    "summary.config.sslThumbprint",
    "config.certificate",
    "vm",
)


@dataclass(frozen=True)
class Place:
    """A host folder or a cluster: its path, and whether it is a cluster."""

    path: str
    is_cluster: bool = False

    def __str__(self) -> str:
        return f"{'cluster' if self.is_cluster else 'folder'} {self.path}"


@dataclass(frozen=True)
class Host:
    """A host that the vCenter knows.

    :ivar name: as the vCenter names it.
    :ivar connection: ``connected``, ``disconnected`` or ``notResponding``.
    :ivar thumbprints: ``{digest: thumbprint}`` of the certificate that the vCenter has of it, as far as it tells.
    :ivar machines: the names of the virtual machines and templates on it.
    """

    name: str
    place: Place
    connection: str = "connected"
    maintenance: bool = False
    thumbprints: Mapping[str, str] = field(default_factory=dict)
    machines: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """The state that plans are made from.

    :ivar server: the vCenter's name, for messages.
    :ivar host: the host of the declared name, ``None`` when there is none.
    :ivar place: where it is to be; ``None`` when it is to be absent.
    """

    server: str
    host: Host | None = None
    place: Place | None = None


def from_api(name: str, place: Place, values: Mapping[str, Any], machines: tuple[str, ...] = ()) -> Host:
    """A host, from the properties in :data:`PROPERTIES`."""
    return Host(
        name=name,
        place=place,
        connection=str(values.get("runtime.connectionState") or "notResponding"),
        maintenance=bool(values.get("runtime.inMaintenanceMode")),
        thumbprints=_thumbprints(values),
        machines=machines,
    )


def _thumbprints(values: Mapping[str, Any]) -> dict[str, str]:
    """What the vCenter tells of the host's certificate: the whole of it, or one thumbprint."""
    # A list of signed bytes in the API, PEM in them.
    pem = bytes(byte & 0xFF for byte in values.get("config.certificate") or ()).decode("ascii", "replace")
    certificate = from_pem(pem)
    if certificate:
        return {digest: thumbprint(certificate, digest) for digest in DIGESTS}
    try:
        digest, told = normalise(values.get("summary.config.sslThumbprint") or "", "the vCenter's answer", DIGESTS)
    except ConvergeError:
        return {}
    return {digest: told}
