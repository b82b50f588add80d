# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a NAS, and making the changes of a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.connect import connect
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import Dialect
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import (
    Address,
    Disk,
    Extent,
    GlobalConfig,
    Pool,
    Portal,
    Session,
    Target,
    TargetExtent,
    Zvol,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.plan import kept
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import (
    READ,
    Nas,
    from_api,
    source_of,
    whole_name,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.apply import kinds_of
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import from_api as volumes_from_api


class IscsiWork(Work):
    """What speaks to the NAS for the module ``freenas_iscsi``."""

    def __init__(self, params: Mapping[str, Any], connect: Callable[[Mapping[str, Any]], Dialect] = connect) -> None:
        super().__init__(params)
        self._connect = connect
        self.current: Nas | None = None
        # The ids of what was made, by the plan's handles.
        self._made: dict[Any, Any] = {}

    def read(self) -> Nas:
        """Read each kind of object whole: eight requests, and up to four more for pools, zvols and addresses."""
        self.client = self._connect(self.params)
        found = self.client.read(*READ, *self._also())
        addresses = {} if self._known(found[Portal]) else self.client.read(Address)
        volumes = volumes_from_api(self.client.hostname, found)
        self.current = from_api(self.client.hostname, self.client.version, {**found, **addresses}, volumes)
        return self.current

    def _also(self) -> list[type]:
        kinds = kinds_of(self.params)
        for extent in self.params.get("extents") or ():
            if extent.get("disk"):
                kinds += [Zvol] if source_of(extent["disk"])[0] == "zvol" else [Disk]
            elif extent.get("blocksize"):
                kinds.append(Zvol)
            if extent.get("path"):
                kinds.append(Pool)
        return list(dict.fromkeys(kinds))

    def _known(self, portals: Sequence[Portal]) -> bool:
        """Whether every address that is declared is one that a portal has already."""
        known = {canonical_host(at.ip) for portal in portals for at in portal.listen}
        declared = [one["ip"] for portal in self.params.get("portals") or () for one in portal.get("listen") or ()]
        return all(canonical_host(ip) in known for ip in declared)

    def verify(self, changes: Sequence[Change]) -> None:
        """Say what a purge leaves, and refuse to take a LUN from an initiator that is logged in."""
        for text in kept(self.current, self.params):
            self.warn(text)
        touched = {target: change for change in changes for target in self._cut(change)}
        if not touched or self.params.get("force"):
            return
        sessions: dict[str, set[str]] = {}
        for session in self.client.read(Session)[Session]:
            sessions.setdefault(session.target.lower(), set()).add(session.initiator)
        for target, change in touched.items():
            initiators = sessions.get(target)
            if initiators:
                raise ConvergeError(f"{change.what}: {listing(initiators)} is logged in at {target} and would lose or confuse "
                                    "its LUN. Log it out first, or set 'force'.")

    def _cut(self, change: Change) -> list[str]:
        """The whole names of the targets whose LUNs a change takes away, or makes others."""
        thing, now = change.args.get("thing"), self.current
        if isinstance(thing, GlobalConfig) and "basename" in change.args["names"]:
            return [whole_name(now.config.basename, target.name) for target in now.things[Target].values()]
        if change.after is not None and not isinstance(thing, (Extent, TargetExtent)):
            return []
        if change.before is None or not isinstance(thing, (Extent, TargetExtent, Target)):
            return []
        links = now.things[TargetExtent].values()
        ends = {
            Extent: lambda: {link.target for link in links if link.extent == thing.id},
            TargetExtent: lambda: {thing.target},
            Target: lambda: {thing.id},
        }
        targets = [now.things[Target][handle] for handle in ends[type(thing)]() if handle in now.things[Target]]
        return [whole_name(now.config.basename, target.name) for target in targets]

    def result(self) -> dict[str, Any]:
        """The full names of the declared targets, as initiators will know them."""
        base = (self.params.get("basename") or self.current.config.basename).lower()
        declared = [one for one in self.params.get("targets") or () if one.get("state") != "absent"]
        return {"targets": [whole_name(base, target["name"].lower()) for target in declared]}

    # -- changes ------------------------------------------------------------------------------------------------------

    def add(self, change: Change) -> None:
        """Make an object."""
        thing = self._resolved(change.args["thing"])
        handle = getattr(thing, "id", None)
        made = self.client.create(replace(thing, id=None) if hasattr(thing, "id") else thing)
        self._made[handle] = getattr(made, "id", None)

    def update(self, change: Change) -> None:
        """Change an object, or the settings of the service."""
        self.client.update(self._resolved(change.args["thing"]), change.args["names"])

    def remove(self, change: Change) -> None:
        """Remove an object."""
        self.client.delete(change.args["thing"], force=bool(self.params.get("force")))

    def _resolved(self, thing: Any) -> Any:
        """An object with ids in place of the handles of what was made in this run."""
        if isinstance(thing, Target):
            groups = tuple(
                replace(group, portal=self._id(group.portal), initiator=self._id(group.initiator)) for group in thing.groups
            )
            return replace(thing, groups=groups)
        if isinstance(thing, TargetExtent):
            return replace(thing, target=self._id(thing.target), extent=self._id(thing.extent))
        return thing

    def _id(self, handle: Any) -> Any:
        return self._made.get(handle, handle)

    def enable_service(self, change: Change) -> None:
        """Say whether the service starts with the NAS."""
        self.client.enable(self.current.service, change.after["enabled"])

    def run_service(self, change: Change) -> None:
        """Start or stop the service."""
        self.client.run(self.current.service, change.after["running"])
