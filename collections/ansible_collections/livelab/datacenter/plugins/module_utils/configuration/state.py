# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is at a path, and what systemd says of a service."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Where the units of an administrator are. systemd reads them when it is told to.
UNIT_FOLDER = "/etc/systemd/system/"
_KINDS = ("service", "timer", "socket", "path", "target", "mount")


def unit_name(service: str) -> str:
    """A service's name with the kind of unit that systemd adds by itself: ``apache2`` is ``apache2.service``."""
    return service if service.rpartition(".")[2] in _KINDS else f"{service}.service"


@dataclass(frozen=True)
class Entry:
    """What is, or is to be, at a path.

    :ivar kind: ``file``, ``link``, ``absent``, or what else it is (``directory``, ``device``).
    :ivar content: a file's bytes.
    :ivar target: where a link leads.
    :ivar mode: a file's permission bits.
    """

    kind: str
    content: bytes = field(default=b"", repr=False)
    target: str = ""
    mode: int = 0
    owner: str = ""
    group: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {**vars(self), "content": base64.b64encode(self.content).decode()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Entry:
        """The inverse of :meth:`to_json`."""
        return cls(**{**kept, "content": base64.b64decode(kept["content"])})


ABSENT = Entry("absent")


@dataclass(frozen=True)
class Service:
    """A unit of systemd.

    :ivar there: whether systemd knows it; before its package is installed it does not.
    :ivar started: seconds since the epoch at which it became active; 0 when it is not.
    """

    name: str
    there: bool
    active: bool
    enabled: bool
    started: float

    @classmethod
    def from_systemctl(cls, name: str, shown: str, boot: float) -> Service:
        """From what ``systemctl show`` prints.

        :param boot: the seconds since the epoch at which the machine's monotonic clock was 0.
        """
        said = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
        active = said.get("ActiveState") in ("active", "reloading", "activating")
        since = int(said.get("ActiveEnterTimestampMonotonic") or 0) / 1e6
        return cls(
            name=name,
            there=said.get("LoadState") == "loaded",
            active=active,
            enabled=said.get("UnitFileState") in ("enabled", "static", "indirect", "alias", "generated"),
            started=boot + since if active else 0.0,
        )


@dataclass(frozen=True)
class State:
    """All that a plan has to know.

    :ivar entries: what is at each path that the user named.
    :ivar service: the service, if one was named.
    :ivar pending: ``restart`` or ``reload`` when an earlier run wrote files and was cut off before the service took them.
    :ivar newer: those of the watched paths that changed after the service started.
    """

    entries: Mapping[str, Entry]
    service: Service | None = None
    pending: str = ""
    newer: tuple[str, ...] = ()
