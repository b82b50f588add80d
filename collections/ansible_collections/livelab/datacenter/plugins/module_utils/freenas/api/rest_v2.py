# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""REST API v2.0, of FreeNAS 11.2 to TrueNAS 25.10: the middleware's methods as paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import ApiError, NotSpoken
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.https import Http, content_of, is_json, refusal_of
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.middleware import Middleware
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

_PREFIX = "/api/v2.0"
_VERBS = {"create": "POST", "update": "PUT", "delete": "DELETE"}


class RestV2(Middleware):
    """A session with the REST API v2.0."""

    label = "API v2.0 (REST)"

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.hostname = params["hostname"]
        self._http = Http(params)
        self._user = params["username"]
        self._with_key = bool(params.get("api_key"))

    def begin(self, params: Mapping[str, Any]) -> Version:
        return Version.parse(str(self.call("system.version")))

    @property
    def calls(self) -> int:
        return self._http.calls

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, *args: Any) -> Any:
        path, _dot, verb = method.rpartition(".")
        path = path.replace(".", "/")
        if verb in ("create", "update", "delete"):
            *key, body = args if verb != "delete" else (*args, None)
            item = f"/id/{quote(str(key[0]), safe='')}" if key else ""
            return self._send(_VERBS[verb], f"{path}{item}", body)
        if verb in ("query", "config"):
            return self._read(path, dict(_query(args)))
        whole = method.replace(".", "/")
        if method == "service.control":
            return self._send("POST", whole, {"verb": args[0], "service": args[1]})
        if method in ("service.start", "service.stop"):
            return self._send("POST", whole, {"service": args[0]})
        if method == "disk.get_unused":
            return self._send("POST", whole, args[0])
        return self._read(whole, dict(_query(args)))

    def _delete(self, kind: type, name: str, one: Any, force: bool) -> None:
        # What a deletion is told beside the id is its body: by name where a method takes more than one such thing.
        named = kind is objects.Extent or (kind is objects.Target and self.version.number >= (25, 4))
        body: Any = {"force": True} if named else True
        forced = force and kind in (objects.Target, objects.Extent, objects.TargetExtent)
        self._send("DELETE", f"{name.replace('.', '/')}/id/{one}", body if forced else None)

    def _read(self, path: str, query: Mapping[str, Any]) -> Any:
        return self._content(self._http.read(f"{_PREFIX}/{path}", **query), path)

    def _send(self, method: str, path: str, body: Any) -> Any:
        return self._content(self._http.send(method, f"{_PREFIX}/{path}", json=body), path)

    def _content(self, answer: Any, path: str) -> Any:
        if answer.status_code in (200, 201):
            return content_of(answer, f"{self._http.hostname}:{self._http.port}")
        raise self._refusal(answer, path)

    def _refusal(self, answer: Any, path: str) -> Exception:
        status = answer.status_code
        if status == 401 and self._with_key:
            return ApiError(f"{self.hostname} refuses the login: wrong API key.", status)
        if status == 401:
            return ApiError(f"{self.hostname} refuses the login: wrong user name '{self._user}' or wrong password. With "
                            "two-factor authentication a password alone is refused too: use 'api_key'.", status)
        if status == 403:
            return ApiError(f"{self.hostname} does not allow user '{self._user}' to do this ({path}).", status)
        if status in (404, 405) and not is_json(answer):
            return NotSpoken(f"{self.hostname} has no {self.label}: it does not know {path}.")
        return ApiError(f"{self.hostname} refuses it: {refusal_text(answer)}", status)


def _query(args: tuple[Any, ...]) -> list[tuple[str, Any]]:
    """A query's filters as they stand in a URL; the ones that this project uses ask for equality."""
    return [(name, value) for name, _equals, value in (args[0] if args else ())]


def refusal_text(answer: Any) -> str:
    """What an error answer says: of the forms that the API has for it, whichever this one is in."""
    plain, body = refusal_of(answer)
    if body is None:
        return plain
    if not isinstance(body, dict):
        return str(body)
    if isinstance(body.get("message"), str):
        return body["message"]
    said = []
    for name, errors in body.items():
        # "iscsi_extent_create.serial": the schema's name tells a user nothing.
        option = name.split(".", 1)[-1]
        for error in errors if isinstance(errors, list) else [errors]:
            said.append(f"{option}: {error.get('message', error) if isinstance(error, dict) else error}")
    return "; ".join(said) or plain
