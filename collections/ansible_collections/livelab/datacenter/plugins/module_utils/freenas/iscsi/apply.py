# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a NAS, and making the changes of a plan, each with one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, ConvergeError, Work, dispatch
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi import plan as planning
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.iscsi.state import ADDRESSES, KINDS, Nas, from_api
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.session import Client

_SERVICE = "iscsitarget"


class IscsiTargetWork(Work):
    """``read``, ``plan`` and ``apply`` of the module ``freenas_iscsi``."""

    def __init__(self, params: Mapping[str, Any], connect: Callable[[Mapping[str, Any]], Client] = Client) -> None:
        super().__init__(params)
        self._connect = connect
        self.current: Nas | None = None
        self._service_id: int | None = None
        # The API's numbers: {kind: {key: id}}. Objects that are made add theirs.
        self._ids: dict[str, dict[Any, int]] = {}
        self.apply = dispatch({
            "add_pool": self._add_pool,
            "add_zvol": self._add_zvol,
            "grow_zvol": self._grow_zvol,
            "set_basename": lambda change: self.client.put("iscsi/global", change.after),
            "add": self._add,
            "update": self._update,
            "remove": self._remove,
            "enable_service": self._enable_service,
            "run_service": self._run_service,
        })

    def read(self) -> Nas:
        """Read each kind of object whole, with a request: eight, and up to four more for pools, zvols and addresses."""
        self.client = self._connect(self.params)
        paths = ["iscsi/global", *KINDS.values()]
        if self.params.get("pool") or self.params.get("zvols"):
            paths.append("pool")
        zvols = self.params.get("zvols") or any(extent["type"] == "disk" for extent in self.params.get("extents") or ())
        if zvols:
            paths.append("pool/dataset")
        answers = {path: self.client.get(path) for path in paths}
        known = {one["ip"] for portal in answers[KINDS["portals"]] for one in portal["listen"]}
        if any(one["ip"] not in known for portal in self.params.get("portals") or () for one in portal["listen"] or ()):
            answers[ADDRESSES] = self.client.get(ADDRESSES)
        answers["service"] = self.client.get("service", service=_SERVICE)
        wanted = self.params.get("pool")
        if wanted and wanted["name"] not in {pool["name"] for pool in answers["pool"]}:
            answers["disk/get_unused"] = self.client.post("disk/get_unused", False)
        self._service_id = answers["service"][0]["id"] if answers["service"] else None
        self.current = from_api(self.client.hostname, answers)
        self._ids = {
            kind: {key: item["id"] for key, item in items.items()} for kind, items in self.current.objects.items()
        }
        return self.current

    def plan(self, current: Nas) -> list[Change]:
        """The changes; see :func:`plan.plan`."""
        return planning.plan(current, self.params)

    def result(self) -> dict[str, Any]:
        """The full names of the declared targets, as initiators will know them."""
        base = self.params.get("basename") or self.current.basename
        names = [target["name"] for target in self.params.get("targets") or ()]
        return {"targets": [name if name.startswith(("iqn.", "eui.")) else f"{base}:{name}" for name in names]}

    def close(self) -> None:
        """End the connection."""
        if self.client:
            self.client.close()

    # -- storage ----------------------------------------------------------------------------------------------------

    def _add_pool(self, change: Change) -> None:
        body = {"name": change.args["name"], "topology": {"data": change.args["vdevs"]}}
        self.client.wait(self.client.post("pool", body))

    def _add_zvol(self, change: Change) -> None:
        body = {"name": change.args["name"], "type": "VOLUME", "volsize": change.after["size"]}
        body["sparse"] = change.after["sparse"]
        if change.after["volblocksize"]:
            body["volblocksize"] = change.after["volblocksize"]
        self.client.post("pool/dataset", body)

    def _grow_zvol(self, change: Change) -> None:
        self.client.put(f"pool/dataset/id/{quote(change.args['name'], safe='')}", {"volsize": change.after["size"]})

    # -- parts of the service ---------------------------------------------------------------------------------------

    def _add(self, change: Change) -> None:
        kind = change.args["kind"]
        made = self.client.post(KINDS[kind], self._body(kind, change.args["value"]))
        self._ids[kind][change.args["key"]] = made["id"]

    def _update(self, change: Change) -> None:
        kind = change.args["kind"]
        self.client.put(f"{KINDS[kind]}/id/{change.args['id']}", self._body(kind, change.args["value"]))
        self._ids[kind][change.args["key"]] = change.args["id"]

    def _remove(self, change: Change) -> None:
        self.client.delete(f"{KINDS[change.args['kind']]}/id/{change.args['id']}")

    def _body(self, kind: str, item: Mapping[str, Any]) -> dict[str, Any]:
        return getattr(self, f"_{kind}_body")(item)

    def _portals_body(self, item: Mapping[str, Any]) -> dict[str, Any]:
        pairs = [one.rpartition(":") for one in item["listen"]]
        return {"comment": item["comment"], "listen": [{"ip": ip, "port": int(port)} for ip, _colon, port in pairs]}

    def _initiators_body(self, item: Mapping[str, Any]) -> dict[str, Any]:
        body = {"comment": item["comment"], "initiators": item["initiators"]}
        # Newer TrueNAS no longer know this; it is sent only when it says something.
        return {**body, "auth_network": item["auth_network"]} if item["auth_network"] else body

    def _auths_body(self, item: Mapping[str, Any]) -> dict[str, Any]:
        return {name: item[name] for name in ("tag", "user", "secret", "peeruser", "peersecret")}

    def _targets_body(self, item: Mapping[str, Any]) -> dict[str, Any]:
        group = {
            "portal": self._ids["portals"][item["portal"]],
            "initiator": self._ids["initiators"].get(item["initiator"]),
            "authmethod": item["authmethod"],
            "auth": item["auth"] if item["authmethod"] != "NONE" else None,
        }
        # The API takes no empty alias, but null.
        return {"name": item["name"], "alias": item["alias"] or None, "groups": [group, *item["more"]]}

    def _extents_body(self, item: Mapping[str, Any]) -> dict[str, Any]:
        names = ("name", "blocksize", "rpm", "insecure_tpc", "pblocksize")
        body = {**{name: item[name] for name in names}, "type": item["type"].upper()}
        if item["serial"]:
            body["serial"] = item["serial"]
        if item["type"] == "disk":
            return {**body, "disk": item["disk"]}
        return {**body, "path": item["path"], "filesize": item["filesize"] or 0}

    def _associations_body(self, item: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "target": self._ids["targets"][item["target"]],
            "extent": self._ids["extents"][item["extent"]],
            "lunid": item["lun"],
        }

    # -- the service ------------------------------------------------------------------------------------------------

    def _enable_service(self, change: Change) -> None:
        self.client.put(f"service/id/{self._service_id or _SERVICE}", {"enable": change.after["enabled"]})

    def _run_service(self, change: Change) -> None:
        verb = "start" if change.after["running"] else "stop"
        self.client.post(f"service/{verb}", {"service": _SERVICE})
        state = next(iter(self.client.get("service", service=_SERVICE)), {}).get("state")
        if (state == "RUNNING") != change.after["running"]:
            raise ConvergeError(f"{self.client.hostname} was told to {verb} it, but its state is {state}; its log says "
                                "why.")
