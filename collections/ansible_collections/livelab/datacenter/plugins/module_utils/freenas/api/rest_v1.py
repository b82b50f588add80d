# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""REST API v1.0, of FreeNAS 9.3 to 11.3: resources of the web interface, with names of their own."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import objects, words_v1
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import ApiError, Dialect, NotSpoken
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.https import Http, content_of, refusal_of
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

_PREFIX = "/api/v1.0/"
_ISCSI = "services/iscsi/"
# The resource of each kind, and what makes an object of a row.
_KINDS: dict[type, tuple[str, Any]] = {
    objects.GlobalConfig: (f"{_ISCSI}globalconfiguration", words_v1.global_config),
    objects.Portal: (f"{_ISCSI}portal", words_v1.portal),
    objects.Initiator: (f"{_ISCSI}authorizedinitiator", words_v1.initiator),
    objects.Credential: (f"{_ISCSI}authcredential", words_v1.credential),
    objects.Target: (f"{_ISCSI}target", None),
    objects.Extent: (f"{_ISCSI}extent", words_v1.extent),
    objects.TargetExtent: (f"{_ISCSI}targettoextent", words_v1.link),
    objects.Pool: ("storage/volume", None),
}
_GROUPS = f"{_ISCSI}targetgroup"
_PORTAL = "iscsi_target_portal_"


class RestV1(Dialect):
    """A session with the REST API v1.0."""

    label = "API v1.0 (REST)"

    def __init__(self, params: Mapping[str, Any]) -> None:
        if params.get("api_key"):
            raise NotSpoken(f"{params['hostname']}: {self.label} knows no API keys; give 'username' and 'password'.")
        self.hostname = params["hostname"]
        self._http = Http(params)
        self._user = params["username"]
        self._discovery = objects.Discovery()
        self._rows: dict[str, Any] = {}
        # Portals that had to be made again: what they are now, by what they were.
        self._again: dict[Any, Any] = {}

    def begin(self, params: Mapping[str, Any]) -> Version:
        told = self._get("system/version")
        version = Version.parse(str(told.get("fullversion") or told["version"]))
        if version.number[:2] == (9, 3):
            # Both schemas of 9.3 call themselves that; the second has groups of targets.
            version = replace(version, number=(9, 3, int(self._there(_GROUPS))))
        return version

    @property
    def calls(self) -> int:
        return self._http.calls

    def close(self) -> None:
        self._http.close()

    # -- reading ------------------------------------------------------------------------------------------------------

    def read(self, *kinds: type) -> dict[type, tuple[Any, ...]]:
        self._rows = {}
        return {kind: self._read(kind) for kind in kinds}

    def _read(self, kind: type) -> tuple[Any, ...]:
        special = {
            objects.Discovery: self._read_discovery,
            objects.Target: self._read_targets,
            # Nobody tells who is logged in.
            objects.Session: tuple,
            objects.Address: lambda: words_v1.addresses(self._all("network/interface")),
            objects.Service: self._read_service,
            objects.Pool: self._read_pools,
            objects.Disk: self._read_disks,
            objects.Filesystem: self._read_filesystems,
            objects.Zvol: self._read_zvols,
        }
        if kind in special:
            return special[kind]()
        resource, parse = _KINDS[kind]
        rows = [self._one(resource)] if kind is objects.GlobalConfig else self._all(resource)
        return tuple(parse(self.version, row) for row in rows)

    def _all(self, resource: str) -> list[Any]:
        """Every row of a resource, not only the first page; once in a read."""
        if resource not in self._rows:
            self._rows[resource] = self._get(resource, limit=0)
        return self._rows[resource]

    def _one(self, resource: str) -> Mapping[str, Any]:
        if resource not in self._rows:
            self._rows[resource] = self._get(resource)
        return self._rows[resource]

    def _read_targets(self) -> tuple[objects.Target, ...]:
        groups = self._all(_GROUPS) if self.version.has("target_group") else []
        return tuple(words_v1.target(self.version, row, groups) for row in self._all(_KINDS[objects.Target][0]))

    def _read_discovery(self) -> tuple[objects.Discovery, ...]:
        if self.version.has("discovery_global"):
            said = {words_v1.discovery(self._one(_KINDS[objects.GlobalConfig][0]), "iscsi_")}
        else:
            said = {words_v1.discovery(row, _PORTAL) for row in self._all(_KINDS[objects.Portal][0])} or {objects.Discovery()}
        self._discovery = said.pop() if len(said) == 1 else objects.Discovery(objects.MIXED)
        return (self._discovery,)

    def _read_service(self) -> tuple[objects.Service, ...]:
        rows = self._all("services/services")
        return tuple(words_v1.service(self.version, row) for row in rows if row["srv_service"] == objects.ISCSI_SERVICE)

    def _read_pools(self) -> tuple[objects.Pool, ...]:
        found = []
        for row in self._all("storage/volume"):
            status = self._all(f"storage/volume/{row['id']}/status")
            found.append(objects.Pool(row["id"], row["vol_name"], words_v1.vdevs(status)))
        return tuple(found)

    def _read_disks(self) -> tuple[objects.Disk, ...]:
        """The disks that are in no pool. That on which the NAS itself is installed is among them: nobody tells which it is."""
        used = {disk for pool in self._read_pools() for vdev in pool.vdevs for disk in vdev.disks}
        return tuple(
            objects.Disk(row["disk_name"], int(row["disk_size"]) if str(row.get("disk_size") or "").isdigit() else None,
                         row.get("disk_serial") or "")
            for row in self._all("storage/disk")
            if row["disk_name"] not in used
        )

    def _read_filesystems(self) -> tuple[objects.Filesystem, ...]:
        found = []
        for row in self._all("storage/volume"):
            available = row.get("avail")
            found.append(objects.Filesystem(row["vol_name"], available if isinstance(available, int) else None))
            below = self._all(f"storage/volume/{row['id']}/datasets")
            found += [objects.Filesystem(f"{row['vol_name']}/{one['name']}") for one in below]
        return tuple(found)

    def _read_zvols(self) -> tuple[objects.Zvol, ...]:
        return tuple(
            objects.Zvol(f"{row['vol_name']}/{one['name']}", int(one["volsize"]))
            for row in self._all("storage/volume")
            for one in self._all(f"storage/volume/{row['id']}/zvols")
        )

    # -- changing -----------------------------------------------------------------------------------------------------

    def create(self, thing: Any) -> Any:
        if isinstance(thing, objects.Zvol):
            self._create_zvol(thing)
            return thing
        if isinstance(thing, objects.Pool):
            self._check_new(thing)
        if isinstance(thing, objects.Extent) and not thing.serial:
            # The server gives every extent the same one, and ESXi takes two LUNs of one serial for one.
            thing = replace(thing, serial=secrets.token_hex(7))
        fields = {**words_v1.body(self.version, self._now(thing)), **self._extra(thing)}
        made = replace(thing, id=self._send("POST", _KINDS[type(thing)][0], fields)["id"])
        if isinstance(thing, objects.Target) and self.version.has("target_group"):
            self._add_groups(made)
        return made

    def _extra(self, thing: Any) -> words_v1.Fields:
        if not isinstance(thing, objects.Portal):
            return {}
        # Without a tag each gets the same one.
        fields: words_v1.Fields = {f"{_PORTAL}tag": len(self._get(_KINDS[objects.Portal][0], limit=0)) + 1}
        if self.version.has("discovery_portal"):
            fields |= words_v1.discovery_fields(self._discovery, _PORTAL)
        return fields

    def _check_new(self, pool: objects.Pool) -> None:
        """A pool that is there would be extended by the disks, which nobody can take back."""
        if any(row["vol_name"] == pool.name for row in self._get("storage/volume", limit=0)):
            raise ConvergeError(f"pool '{pool.name}' is there by now; making it again would extend it. Nothing was changed.")

    def _create_zvol(self, zvol: objects.Zvol) -> None:
        if zvol.blocksize is not None:
            raise ConvergeError(f"zvol '{zvol.name}': {self.label} has no block size of zvols; leave it out.")
        pool = zvol.name.partition("/")[0]
        self._send("POST", f"storage/volume/{quote(pool, safe='')}/zvols", words_v1.body(self.version, zvol))

    def update(self, thing: Any, names: Collection[str]) -> None:
        if isinstance(thing, objects.Discovery):
            self._update_discovery(thing)
        elif isinstance(thing, objects.Zvol):
            pool, _slash, name = thing.name.partition("/")
            path = f"storage/volume/{quote(pool, safe='')}/zvols/{quote(name)}"
            self._send("PUT", path, words_v1.body(self.version, thing, names))
        elif isinstance(thing, objects.TargetExtent):
            # The form refuses every change of one that is there.
            self.delete(thing)
            self.create(thing)
        elif isinstance(thing, objects.Portal) and "listen" in names:
            self._update_portal(thing, names)
        else:
            self._put(thing, names)

    def _put(self, thing: Any, names: Collection[str]) -> None:
        thing = self._now(thing)
        resource = _KINDS[type(thing)][0]
        fields = words_v1.body(self.version, thing, names)
        if fields:
            self._send("PUT", resource if isinstance(thing, objects.GlobalConfig) else f"{resource}/{thing.id}", fields)
        if isinstance(thing, objects.Target) and "groups" in names and self.version.has("target_group"):
            for row in self._get(_GROUPS, limit=0):
                if row["iscsi_target"] == thing.id:
                    self._send("DELETE", f"{_GROUPS}/{row['id']}")
            self._add_groups(thing)

    def _add_groups(self, target: objects.Target) -> None:
        for fields in words_v1.groups(self._now(target)):
            self._send("POST", _GROUPS, {"iscsi_target": target.id, **fields})

    def _update_portal(self, portal: objects.Portal, names: Collection[str]) -> None:
        """Change where a portal listens. The server adds addresses to those that are there, and takes none away."""
        portal = self._now(portal)
        resource = _KINDS[objects.Portal][0]
        there = words_v1.portal(self.version, self._get(f"{resource}/{portal.id}")).listen
        new = tuple(one for one in portal.listen if one not in there)
        if set(there) <= set(portal.listen):
            self._put(replace(portal, listen=new), names if new else [name for name in names if name != "listen"])
            return
        if set(there).isdisjoint(portal.listen):
            self._replace_portal(portal)
        elif self.version.has("target_group"):
            self._remake_portal(portal)
        else:
            raise ConvergeError(f"portal '{portal.comment}': {self.version.name} takes no address from a portal; give it others "
                                f"than {', '.join(words_v1.where(there))} altogether, or remove it and its targets first.")

    def _replace_portal(self, portal: objects.Portal) -> None:
        """Make another portal, have the targets use that, and remove the old one."""
        made = self.create(replace(portal, id=None))
        resource = _GROUPS if self.version.has("target_group") else _KINDS[objects.Target][0]
        for row in self._get(resource, limit=0):
            if row["iscsi_target_portalgroup"] == portal.id:
                self._send("PUT", f"{resource}/{row['id']}", {"iscsi_target_portalgroup": made.id})
        self.delete(portal)
        self._again[portal.id] = made.id

    def _remake_portal(self, portal: objects.Portal) -> None:
        """Remove a portal of which an address stays, which nobody else may have meanwhile, and make it again with its groups."""
        groups = [row for row in self._get(_GROUPS, limit=0) if row["iscsi_target_portalgroup"] == portal.id]
        self.delete(portal)
        made = self.create(replace(portal, id=None))
        self._again[portal.id] = made.id
        for row in groups:
            fields = {name: value for name, value in row.items() if name.startswith("iscsi_target")}
            self._send("POST", _GROUPS, {**fields, "iscsi_target_portalgroup": made.id})

    def _now(self, thing: Any) -> Any:
        """An object with the portals as they are called now."""
        if isinstance(thing, objects.Portal):
            return replace(thing, id=self._again.get(thing.id, thing.id))
        if isinstance(thing, objects.Target):
            groups = (replace(one, portal=self._again.get(one.portal, one.portal)) for one in thing.groups)
            return replace(thing, groups=tuple(groups))
        return thing

    def _update_discovery(self, wanted: objects.Discovery) -> None:
        self._discovery = wanted
        if self.version.has("discovery_global"):
            self._send("PUT", _KINDS[objects.GlobalConfig][0], words_v1.discovery_fields(wanted, "iscsi_"))
            return
        resource = _KINDS[objects.Portal][0]
        for row in self._get(resource, limit=0):
            if words_v1.discovery(row, _PORTAL) != wanted:
                self._send("PUT", f"{resource}/{row['id']}", words_v1.discovery_fields(wanted, _PORTAL))

    def delete(self, thing: Any, force: bool = False) -> None:
        thing = self._now(thing)
        self._send("DELETE", f"{_KINDS[type(thing)][0]}/{thing.id}")

    def enable(self, service: objects.Service, enabled: bool) -> None:
        row = self._send("PUT", f"services/services/{service.name}", {"srv_enable": enabled})
        if bool(row["srv_enable"]) != enabled:
            verb, why = ("enable", "it does not start; its log says why") if enabled else ("disable", "initiators are logged in")
            raise ConvergeError(f"{self.hostname} was told to {verb} {service.name}, and did not: {why}.")

    def run(self, service: objects.Service, running: bool) -> None:
        # One word says both: what is enabled runs.
        if self._read_now(service) != running:
            self.enable(service, running)

    def _read_now(self, service: objects.Service) -> bool:
        (now,) = self.read(objects.Service)[objects.Service]
        return now.running

    # -- HTTP ---------------------------------------------------------------------------------------------------------

    def _there(self, resource: str) -> bool:
        return self._http.read(f"{_PREFIX}{resource}/").status_code != 404

    def _get(self, resource: str, **query: Any) -> Any:
        return self._content(self._http.read(f"{_PREFIX}{resource}/", **query), resource)

    def _send(self, method: str, resource: str, body: Any = None) -> Any:
        return self._content(self._http.send(method, f"{_PREFIX}{resource}/", json=body), resource)

    def _content(self, answer: Any, resource: str) -> Any:
        if answer.status_code in (200, 201, 202, 204):
            return content_of(answer, f"{self.hostname}:{self._http.port}")
        raise self._refusal(answer, resource)

    def _refusal(self, answer: Any, resource: str) -> Exception:
        status = answer.status_code
        if status == 401:
            return ApiError(f"{self.hostname} refuses the login: wrong user name '{self._user}' or wrong password. Up to "
                            "FreeNAS 11.3 only root may use the API.", status)
        if status in (404, 405) and resource == "system/version":
            return NotSpoken(f"{self.hostname} has no {self.label}.")
        return ApiError(f"{self.hostname} refuses it: {refusal_text(answer)}", status)


def refusal_text(answer: Any) -> str:
    """What an error answer says: of the forms that the API has for it, whichever this one is in."""
    plain, body = refusal_of(answer)
    if not isinstance(body, dict):
        return plain
    if isinstance(body.get("error_message"), str):
        return body["error_message"]
    said = []
    for name, errors in body.items():
        # "iscsi_target_extent_name": what stands before the last part tells a user nothing.
        option = "" if name == "__all__" else f"{name.removeprefix('iscsi_').removeprefix('target_')}: "
        said += [f"{option}{error}" for error in (errors if isinstance(errors, list) else [errors])]
    return "; ".join(said) or plain
