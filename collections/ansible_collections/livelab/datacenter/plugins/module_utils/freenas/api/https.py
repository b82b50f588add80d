# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS to a NAS: one kept connection, TLS as the options say, the login in every request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core import connection, tls
from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import url_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import ApiError

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


class Http:
    """Requests to a server. It keeps its connection; :meth:`close` ends that.

    :ivar calls: the requests made so far.
    """

    def __init__(self, params: Mapping[str, Any], login: bool = True) -> None:
        """Prepare requests with the options of ``connect.CONNECT_OPTIONS``. Nothing is sent yet.

        :param login: whether to send the password or key.
        :raises ConvergeError: when the library is not there.
        """
        if REQUESTS_ERROR:
            raise ConvergeError(f"the Python library requests is needed where this module runs: {REQUESTS_ERROR}. "
                                "Install it with: pip install requests")
        self.hostname, self.port, self.timeout = params["hostname"], params["port"], params["timeout"]
        self.calls = 0
        self._session = requests.Session()
        # No proxies and no .netrc from the environment: one would send the password elsewhere, the other another one.
        self._session.trust_env = False
        # A pinned certificate is checked by other means, and an unchecked one was asked for.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._session.mount("https://", _Adapter(connection.tls_context(params)))
        # As bytes: the library would send text in Latin-1, which has not every letter, and the NAS reads UTF-8.
        if login and params.get("api_key"):
            self._session.headers["Authorization"] = f"Bearer {params['api_key']}".encode()
        elif login:
            self._session.auth = (params["username"].encode(), params["password"].encode())

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def read(self, path: str, **query: Any) -> Any:
        """GET; again after a broken connection or when the NAS is busy, three times in all.

        :returns: the answer, whatever its status.
        :raises ApiError: when there is none.
        """

        def once() -> Any:
            answer = self.send("GET", path, params=query)
            if answer.status_code in _BUSY:
                raise ApiError(f"{self.hostname} is busy: HTTP status {answer.status_code} {answer.reason}",
                               answer.status_code)
            return answer

        return connection.retrying(once, lambda error: isinstance(error, ApiError) and error.status in _BUSY)

    def send(self, method: str, path: str, **content: Any) -> Any:
        """Make a request, and return the answer, whatever its status.

        :param path: from the server's root: ``/api/v2.0/pool``.
        :param content: ``json``, ``params``, as the library takes them.
        :raises ApiError: when there is none.
        """
        url = f"https://{url_host(self.hostname)}:{self.port}{path}"
        self.calls += 1
        try:
            return self._session.request(method, url, timeout=self.timeout, allow_redirects=False, **content)
        except requests.RequestException as error:
            # Its own text is never shown: it may quote what was sent.
            text = tls.explain(error, self.hostname, self.port, self.timeout, named="hostname")
            status = _BUSY[0] if tls.is_broken(error) else 0
            unknown = f"{self.hostname}:{self.port} gave no answer that is HTTP ({type(error).__name__})."
            raise ApiError(f"cannot connect to the NAS: {text or unknown}", status) from error


def is_json(answer: Any) -> bool:
    """Whether an answer says that it is JSON."""
    return "json" in answer.headers.get("Content-Type", "")


def refusal_of(answer: Any) -> tuple[str, Any]:
    """An answer that is an error: its status in words, and what it holds, nothing where that is no JSON."""
    plain = f"HTTP status {answer.status_code} {answer.reason}"
    try:
        return plain, answer.json() if is_json(answer) else None
    except ValueError:
        return plain, None


def content_of(answer: Any, where: str) -> Any:
    """What an answer holds; nothing when it is empty.

    :param where: the server, for the error.
    :raises ConvergeError: when it is not JSON.
    """
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as error:
        raise ConvergeError(f"{where} answers, but not as a FreeNAS or TrueNAS does: its answer is not JSON.") from error
