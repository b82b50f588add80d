# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with the REST API of a FreeNAS or TrueNAS (version 2.0)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core import connection, tls
from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import url_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError, explain_any

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter

    REQUESTS_ERROR = None
except ImportError as missing:
    requests = urllib3 = None
    HTTPAdapter = object
    REQUESTS_ERROR = str(missing)

_BUSY = (502, 503, 504)
# Seconds that a job, such as making a pool, may take; and between two looks at it.
_JOB_LIMIT = 600
_JOB_WAIT = 0.5

CONNECT_OPTIONS = connection.options(
    "FREENAS",
    username={"type": "str", "default": "root", "env": "FREENAS_USER"},
    password={"type": "str", "no_log": True, "env": "FREENAS_PASSWORD"},
    api_key={"type": "str", "no_log": True, "env": "FREENAS_API_KEY"},
    api_version={"type": "str", "choices": ["auto", "v1.0", "v2.0"], "default": "auto", "env": "FREENAS_API_VERSION"},
)


def argument_spec(**options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The module's argument spec: its own ``options`` and those that connect (fragment ``freenas``)."""
    return connection.argument_spec(CONNECT_OPTIONS, **options)


class ApiError(ConvergeError):
    """The NAS refused a request, or did not answer it. ``status`` is the HTTP status, 0 when there is none."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Adapter(HTTPAdapter):
    """Carries HTTPS with a TLS context of ours, so that pinning and CAs work as they do for vSphere."""

    def __init__(self, context: Any) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # The library would set the context to what ``verify`` says; the context says it itself.
        conn.cert_reqs = self._context.verify_mode
        conn.ca_certs = None


class Client:
    """A session. It keeps its connection; :meth:`close` ends that.

    :ivar hostname: the server as the user named it, for messages.
    :ivar calls: the requests made so far.
    """

    def __init__(self, params: Mapping[str, Any]) -> None:
        """Prepare a session with the options of :data:`CONNECT_OPTIONS`. Nothing is sent yet.

        :raises ConvergeError: when the options do not suffice.
        """
        if REQUESTS_ERROR:
            raise ConvergeError(f"the Python library requests is needed where this module runs: {REQUESTS_ERROR}. "
                                "Install it with: pip install requests")
        if params["api_version"] == "v1.0":
            raise ConvergeError("api_version: v1.0, the API of FreeNAS before 11.1, is not supported; it must be v2.0 "
                                "or auto.")
        if not (params.get("password") or params.get("api_key")):
            raise ConvergeError("one of 'password' and 'api_key' is needed to log in to the NAS.")
        connection.check(params, secrets=("password", "api_key"))
        self.hostname, self.port, self.timeout = params["hostname"], params["port"], params["timeout"]
        self.calls = 0
        self._user = params["username"]
        self._session = requests.Session()
        # No proxies and no .netrc from the environment: one would send the password elsewhere, the other another one.
        self._session.trust_env = False
        # A pinned certificate is checked by other means, and an unchecked one was asked for.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._session.mount("https://", _Adapter(connection.tls_context(params)))
        self._with_key = bool(params.get("api_key"))
        if self._with_key:
            self._session.headers["Authorization"] = f"Bearer {params['api_key']}"
        else:
            # As bytes: the library would send text in Latin-1, which has not every letter, and the NAS reads UTF-8.
            self._session.auth = (self._user.encode(), params["password"].encode())

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def get(self, path: str, **query: Any) -> Any:
        """Read; again after a broken connection or when the NAS is busy, three times in all."""
        return connection.retrying(
            lambda: self._request("GET", path, params=query),
            lambda error: isinstance(error, ApiError) and error.status in _BUSY,
        )

    def post(self, path: str, body: Any) -> Any:
        """Make something."""
        return self._request("POST", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        """Change something."""
        return self._request("PUT", path, json=body)

    def delete(self, path: str, body: Any = None) -> Any:
        """Remove something."""
        return self._request("DELETE", path, json=body)

    def wait(self, job: int, limit: float = _JOB_LIMIT) -> Any:
        """Wait for a job to end and return its result.

        :param limit: seconds.
        :raises ConvergeError: when it fails or does not end in time.
        """
        ends = time.monotonic() + limit
        while True:
            state = next(iter(self.get("core/get_jobs", id=job)), None)
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

    def _request(self, method: str, path: str, **content: Any) -> Any:
        url = f"https://{url_host(self.hostname)}:{self.port}/api/v2.0/{path}"
        self.calls += 1
        try:
            answer = self._session.request(method, url, timeout=self.timeout, allow_redirects=False, **content)
        except requests.RequestException as error:
            text = tls.explain(error, self.hostname, self.port, self.timeout)
            status = _BUSY[0] if tls.is_broken(error) else 0
            raise ApiError(f"cannot connect to the NAS: {text or explain_any(error)}", status) from error
        if answer.status_code in (200, 201):
            return self._decoded(answer)
        raise ApiError(self._refusal(answer, path), answer.status_code)

    def _decoded(self, answer: Any) -> Any:
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError as error:
            raise ConvergeError(f"{self.hostname}:{self.port} answers, but not as a FreeNAS or TrueNAS does: its "
                                "answer is not JSON.") from error

    def _refusal(self, answer: Any, path: str) -> str:
        if answer.status_code == 401 and self._with_key:
            return f"{self.hostname} refuses the login: wrong API key."
        if answer.status_code == 401:
            return f"{self.hostname} refuses the login: wrong user name '{self._user}' or wrong password."
        if answer.status_code == 403:
            return f"{self.hostname} does not allow user '{self._user}' to do this ({path})."
        if answer.status_code == 404 and not _is_json(answer):
            return (f"{self.hostname}:{self.port} has no API v2.0: it is no FreeNAS or TrueNAS, or one older than "
                    "11.1, whose API v1.0 is not supported.")
        return f"{self.hostname} refuses it: {refusal_text(answer)}"


def refusal_text(answer: Any) -> str:
    """What an error answer says: of the forms that the API has for it, whichever this one is in."""
    if not _is_json(answer):
        return f"HTTP status {answer.status_code} {answer.reason}"
    body = answer.json()
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
    return "; ".join(said) or f"HTTP status {answer.status_code}"


def _is_json(answer: Any) -> bool:
    return "json" in answer.headers.get("Content-Type", "")
