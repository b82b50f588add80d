# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the versions of FreeNAS and TrueNAS have, and how far their numbers go. No I/O.

The numbers of FreeNAS, TrueNAS CORE, SCALE and what came after them grow in one line: 9.3, 11.3, 13.0, 22.12, 26.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

Number = tuple[int, ...]

# What a NAS can express: (the first version that has it, the first that has it no more, how messages call it). ``()`` is
# before every version, ``None`` after them.
_FEATURES: dict[str, tuple[Number, Number | None, str]] = {
    "address_port": ((), (22, 12), "a port for each address of a portal"),
    "service_port": ((22, 12), None, "one port for all portals"),
    "initiator_networks": ((), (22, 12), "networks of a group of initiators"),
    "target_networks": ((22, 12), None, "networks of a target"),
    "target_group": ((9, 3, 1), None, "groups of a target"),
    "discovery_global": ((), (9, 3, 1), "CHAP of discovery in the global configuration"),
    "discovery_portal": ((9, 3, 1), (25, 4), "CHAP of discovery in each portal"),
    "discovery_credential": ((25, 4), None, "CHAP of discovery in each CHAP user"),
    "raw_disk": ((), (22, 12), "a whole disk as an extent"),
    "extent_details": ((9, 3, 1), None, "a serial number, a block size and the like of each extent"),
    "read_only": ((9, 3, 1), None, "extents that can only be read"),
    "extent_enabled": ((11, 3), None, "extents that can be switched off"),
    "product_id": ((25, 10), None, "a product id of an extent"),
    "unique_serial": ((12,), None, "serial numbers that are its own choice"),
    "many_targets": ((), (22, 12), "an extent in two targets"),
    "service_control": ((25, 10), None, "control of services by a job"),
}
# How far a version's numbers go: [(from which version on, the most)].
_LIMITS: dict[str, list[tuple[Number, int]]] = {
    "lun": [((), 14), ((11,), 1023), ((22, 12), 16382)],
    "serial": [((), 16), ((22, 12), 20)],
    "extent_name": [((), 120), ((22, 12), 64)],
}


@dataclass(frozen=True)
class Version:
    """A version of FreeNAS or TrueNAS.

    :ivar number: ``(25, 10, 5)``. 9.3 is ``(9, 3, 0)`` with the first of its two schemas, ``(9, 3, 1)`` with the second.
    :ivar name: as it calls itself: ``TrueNAS-13.0-U6.2``.
    """

    number: Number
    name: str

    @classmethod
    def parse(cls, text: str) -> Version:
        """A version from what the NAS says it is.

        :param text: ``FreeNAS-11.3-U5``, ``TrueNAS-SCALE-22.12.4.2``, ``25.10.5``.
        :raises ConvergeError: when no number is in it.
        """
        found = re.search(r"(?<![\d.])\d+(?:\.\d+)+", text)
        if not found:
            raise ConvergeError(f"the NAS says that its version is '{text}', in which there is no number such as 13.0.")
        return cls(tuple(map(int, found[0].split("."))), text)

    def has(self, feature: str) -> bool:
        """Whether it has a feature, a key of the table above."""
        first, gone, _said = _FEATURES[feature]
        return first <= self.number and (gone is None or self.number < gone)

    def most(self, limit: str) -> int:
        """The largest number that it takes: ``lun``, ``serial`` (characters), ``extent_name`` (characters)."""
        return next(most for first, most in reversed(_LIMITS[limit]) if first <= self.number)

    def must_have(self, feature: str, what: str, instead: str = "") -> None:
        """Refuse what this version cannot express.

        :param what: the object and the option, for the error: ``initiators 'all': networks``.
        :param instead: what the user may do on this version, a sentence.
        :raises ConvergeError: naming the version, and those that have it.
        """
        if self.has(feature):
            return
        first, gone, said = _FEATURES[feature]
        since = f"from {_name(first)} on" if first else ""
        until = f"before {_name(gone)}" if gone else ""
        owners = " and ".join(filter(None, [since, until]))
        raise ConvergeError(f"{what}: {self.name} does not have {said}; versions {owners} have it."
                            + f" {instead}" * bool(instead))


def _name(number: Number) -> str:
    # TrueNAS writes its months with two digits: 25.04.
    return ".".join(f"{part:02d}" if place and number[0] > 13 else str(part) for place, part in enumerate(number))
