# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power state of a virtual machine, and what its guest tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.hardware import address, tools_run

PROPERTIES = ("runtime.powerState", "runtime.question", "guest.toolsRunningStatus", "guest.ipAddress", "guest.net")


@dataclass(frozen=True)
class Machine:
    """A machine as it stands.

    :ivar power: ``poweredOn``, ``poweredOff`` or ``suspended``.
    :ivar tools: whether VMware Tools run in the guest.
    :ivar address: the guest's address, ``None`` when none is told. It may be an old one when the Tools do not run.
    :ivar question: what the machine waits for an answer to, ``""`` for nothing.
    """

    name: str
    power: str
    tools: bool = False
    address: str | None = None
    question: str = ""

    @property
    def told(self) -> str | None:
        """The address that the running guest tells."""
        return self.address if self.tools and self.power == "poweredOn" else None


def from_api(name: str, values: Mapping[str, Any]) -> Machine:
    """A machine from its :data:`PROPERTIES`."""
    question = values.get("runtime.question")
    return Machine(
        name,
        str(values.get("runtime.powerState", "poweredOff")),
        tools_run(values),
        address(values),
        " ".join(question.text.split()) if question is not None else "",
    )
