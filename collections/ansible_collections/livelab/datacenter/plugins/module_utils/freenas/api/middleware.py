# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What REST v2.0 and JSON-RPC have in common: both call the same methods of TrueNAS's middleware.

A dialect derives its class from :class:`Middleware` and says how a method is called.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import answers, bodies, objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import Dialect

# Seconds that a job, such as making a pool, may take; and between two looks at it.
JOB_LIMIT = 600
_JOB_WAIT = 0.5

# The method that reads each kind, with its arguments.
_READ: dict[type, tuple[Any, ...]] = {
    objects.GlobalConfig: ("iscsi.global.config",),
    objects.Portal: ("iscsi.portal.query",),
    objects.Initiator: ("iscsi.initiator.query",),
    objects.Credential: ("iscsi.auth.query",),
    objects.Target: ("iscsi.target.query",),
    objects.Extent: ("iscsi.extent.query",),
    objects.TargetExtent: ("iscsi.targetextent.query",),
    objects.Session: ("iscsi.global.sessions",),
    objects.Address: ("iscsi.portal.listen_ip_choices",),
    objects.Service: ("service.query", [["service", "=", objects.ISCSI_SERVICE]]),
    objects.Pool: ("pool.query",),
    objects.Disk: ("disk.get_unused", False),
    objects.Filesystem: ("pool.dataset.query",),
    objects.Zvol: ("pool.dataset.query",),
}
# The kinds that are created and changed, and the middleware's name for each.
_CALLED = {
    objects.GlobalConfig: "iscsi.global",
    objects.Portal: "iscsi.portal",
    objects.Initiator: "iscsi.initiator",
    objects.Credential: "iscsi.auth",
    objects.Target: "iscsi.target",
    objects.Extent: "iscsi.extent",
    objects.TargetExtent: "iscsi.targetextent",
    objects.Pool: "pool",
    objects.Zvol: "pool.dataset",
}
# The kinds that an initiator can have in use: their deletion takes a "force".
_FORCED = (objects.Target, objects.Extent, objects.TargetExtent)


class Middleware(Dialect):
    """A session with the middleware, by whatever way its methods are called."""

    # What a portal or CHAP user that is created gets; see objects.Discovery.
    _discovery = objects.Discovery()

    def call(self, method: str, *args: Any) -> Any:
        """Call a method and return its result; of a job its number.

        :param method: as the middleware calls it: ``iscsi.portal.query``. What ends in ``query``, ``config`` or
            ``choices`` only reads, and may be tried again.
        :param args: in the middleware's order; the object's id comes before its body.
        :raises ApiError: with what the server says, in plain text.
        """
        raise NotImplementedError

    def _delete(self, kind: type, name: str, one: Any, force: bool) -> None:
        """Call the method that removes an object; its further arguments depend on the kind."""
        more = {objects.Extent: (False, force)}.get(kind, (force,)) if force and kind in _FORCED else ()
        self.call(f"{name}.delete", one, *more)

    def read(self, *kinds: type) -> dict[type, tuple[Any, ...]]:
        raw: dict[str, Any] = {}

        def ask(kind: type) -> Any:
            method, *args = _READ[kind]
            if method not in raw:
                raw[method] = self.call(method, *args)
            return raw[method]

        found: dict[type, tuple[Any, ...]] = {}
        for kind in kinds:
            if kind is objects.Discovery:
                self._discovery = answers.discovery(self.version, ask(self._keeps_discovery()))
                found[kind] = (self._discovery,)
            else:
                found[kind] = answers.parsed(self.version, kind, ask(kind))
        return found

    def create(self, thing: Any) -> Any:
        name, body = _CALLED[type(thing)], bodies.body(self.version, thing)
        if isinstance(thing, objects.Portal):
            body.update(bodies.discovery(self.version, self._discovery))
        if isinstance(thing, objects.Credential) and self.version.has("discovery_credential"):
            # For mutual CHAP there may be one user only, which there is already.
            ours = self._discovery == objects.Discovery(objects.CHAP, thing.tag)
            body["discovery_auth"] = objects.CHAP if ours else objects.NONE
        made = self.call(f"{name}.create", body)
        if isinstance(thing, objects.Pool):
            made = self.follow(made)
        return replace(thing, id=made["id"]) if hasattr(thing, "id") else thing

    def update(self, thing: Any, names: Collection[str]) -> None:
        if isinstance(thing, objects.Discovery):
            self._update_discovery(thing)
            return
        name, body = _CALLED[type(thing)], bodies.body(self.version, thing, names)
        if not body:
            return
        if isinstance(thing, objects.GlobalConfig):
            self.call(f"{name}.update", body)
        else:
            self.call(f"{name}.update", thing.name if isinstance(thing, objects.Zvol) else thing.id, body)

    def delete(self, thing: Any, force: bool = False) -> None:
        self._delete(type(thing), _CALLED[type(thing)], thing.id, force)

    def enable(self, service: objects.Service, enabled: bool) -> None:
        self.call("service.update", service.id, {"enable": enabled})

    def run(self, service: objects.Service, running: bool) -> None:
        verb = "start" if running else "stop"
        if self.version.has("service_control"):
            self.follow(self.call("service.control", verb.upper(), service.name))
        else:
            self.call(f"service.{verb}", service.name)
        (now,) = self.read(objects.Service)[objects.Service]
        if now.running != running:
            state = "runs" if now.running else "does not run"
            raise ConvergeError(f"{self.hostname} was told to {verb} it, but it {state}; its log says why.")

    def follow(self, job: int, limit: float = JOB_LIMIT) -> Any:
        """Wait for a job to end and return its result.

        :param limit: seconds.
        :raises ConvergeError: when it fails or does not end in time.
        """
        ends = time.monotonic() + limit
        while True:
            state = next(iter(self.call("core.get_jobs", [["id", "=", job]])), None)
            if state is None:
                raise ConvergeError(f"{self.hostname} does not know its job {job} any more.")
            if state["state"] == "SUCCESS":
                return state.get("result")
            if state["state"] in ("FAILED", "ABORTED"):
                raise ConvergeError(f"{self.hostname} could not finish {state.get('method', 'the job')}: "
                                    f"{state.get('error') or state['state'].lower()}")
            if time.monotonic() > ends:
                raise ConvergeError(f"{self.hostname} has not finished {state.get('method', 'the job')} within "
                                    f"{limit:g} s; it may still go on.")
            time.sleep(_JOB_WAIT)

    # -- discovery ----------------------------------------------------------------------------------------------------

    def _keeps_discovery(self) -> type:
        return objects.Credential if self.version.has("discovery_credential") else objects.Portal

    def _update_discovery(self, wanted: objects.Discovery) -> None:
        self._discovery = wanted
        if self.version.has("discovery_credential"):
            self._update_users(wanted)
            return
        body = bodies.discovery(self.version, wanted)
        for row in self.call("iscsi.portal.query"):
            if {name: row.get(name) for name in body} != body:
                self.call("iscsi.portal.update", row["id"], body)

    def _update_users(self, wanted: objects.Discovery) -> None:
        rows = self.call("iscsi.auth.query")
        users = [row["id"] for row in rows if row["tag"] == wanted.tag and wanted.method != objects.NONE]
        if wanted.method == objects.MUTUAL:
            # There may be one only, and it must have what the target proves itself with.
            users = [row["id"] for row in rows if row["id"] in users and row.get("peeruser")][:1]
        changes = [
            (row["id"], method)
            for row in rows
            for method in [wanted.method if row["id"] in users else objects.NONE]
            if row.get("discovery_auth", objects.NONE) != method
        ]
        # First those that lose it: only one may have mutual CHAP.
        for user, method in sorted(changes, key=lambda change: change[1] != objects.NONE):
            self.call("iscsi.auth.update", user, {"discovery_auth": method})
