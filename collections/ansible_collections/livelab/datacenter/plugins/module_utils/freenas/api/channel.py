# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON-RPC 2.0 over a WebSocket to a NAS: TLS as the options say, one call at a time."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core import connection, tls
from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import url_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import ApiError, NotSpoken

try:
    import websocket

    WEBSOCKET_ERROR = None
except ImportError as missing:
    websocket = None
    WEBSOCKET_ERROR = str(missing)

# JSON-RPC's codes that tell more than the error's text.
_NO_SUCH_METHOD, _BUSY = -32601, -32000


class Channel:
    """An open WebSocket. :meth:`close` ends it.

    :ivar calls: the calls made so far.
    """

    def __init__(self, params: Mapping[str, Any], path: str) -> None:
        """Connect with the options of ``connect.CONNECT_OPTIONS``; nobody is logged in yet.

        :param path: from the server's root: ``/api/current``.
        :raises NotSpoken: when a web server answers that has no WebSocket there.
        :raises ConvergeError: when it cannot be reached or is not trusted, or the library is not there.
        """
        if WEBSOCKET_ERROR:
            raise ConvergeError(f"the Python library websocket-client is needed where this module runs: {WEBSOCKET_ERROR}. "
                                "Install it with: pip install websocket-client")
        self.hostname, self._port, self._timeout = params["hostname"], params["port"], params["timeout"]
        self.calls = 0
        self._socket = self._open(f"wss://{url_host(self.hostname)}:{self._port}{path}", connection.tls_context(params))

    def _open(self, url: str, trust: Any) -> Any:
        try:
            # A connection of our own: the library would take proxies from the environment, and send the password there.
            plain = socket.create_connection((self.hostname, self._port), timeout=self._timeout)
            secure = trust.wrap_socket(plain, server_hostname=self.hostname)
            opened = websocket.create_connection(url, socket=secure, timeout=self._timeout, redirect_limit=0)
            if opened.getstatus() == http.client.SWITCHING_PROTOCOLS:
                return opened
            # The library takes a redirection for an answer; the password is not to follow it.
            status = opened.getstatus()
            opened.shutdown()
        except websocket.WebSocketBadStatusException as error:
            status = error.status_code
            if status >= 500:
                raise ApiError(f"{self.hostname} is busy: HTTP status {status}", status) from error
        except (OSError, websocket.WebSocketException) as error:
            raise self._unreached(error) from error
        raise NotSpoken(f"{self.hostname} has no WebSocket at {url}: HTTP status {status}.")

    def _why(self, error: Exception) -> str | None:
        """Plain text for an error of the connection's; none for one of the library's own."""
        if not isinstance(error, OSError):
            return None
        return tls.explain(error, self.hostname, self._port, self._timeout, named="hostname")

    def _unreached(self, error: Exception) -> ConvergeError:
        if why := self._why(error):
            return ApiError(f"cannot connect to the NAS: {why}")
        return NotSpoken(f"{self.hostname}:{self._port} answers, but not with a WebSocket ({type(error).__name__}).")

    def _cut_off(self, error: Exception, method: str) -> ApiError:
        why = self._why(error)
        return ApiError(f"the connection to {self.hostname} ended in the middle of {method}: what it was told to do may be done "
                        f"or not. Run this again: it goes on from what it finds.{f' ({why})' if why else ''}")

    def call(self, method: str, *args: Any) -> Any:
        """Call a method and return its result.

        :raises ApiError: with what the NAS says against it, in plain text; when the connection ends or nothing comes.
        """
        self.calls += 1
        number = self.calls
        try:
            self._socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": list(args)}))
            answer = self._answer(number)
        except (TimeoutError, websocket.WebSocketTimeoutException) as error:
            raise ApiError(f"{self.hostname} did not answer {method} within {self._timeout:g} s.") from error
        except (OSError, websocket.WebSocketException) as error:
            raise self._cut_off(error, method) from error
        if "error" in answer:
            raise self._refusal(answer["error"], method)
        return answer.get("result")

    def _answer(self, number: int) -> Mapping[str, Any]:
        """The answer to a call; what the NAS tells of itself meanwhile is passed over."""
        while True:
            text = self._socket.recv()
            if not text:
                raise websocket.WebSocketConnectionClosedException("the NAS closed the connection")
            try:
                answer = json.loads(text)
            except ValueError as error:
                raise ApiError(f"{self.hostname} answers, but not as a TrueNAS does: its answer is not JSON.") from error
            if isinstance(answer, dict) and answer.get("id") == number:
                return answer
            if not isinstance(answer, dict) or ("error" in answer and answer.get("id") is None):
                raise ApiError(f"{self.hostname} answers, but not as a TrueNAS does: {text[:100]!r}.")

    def _refusal(self, error: Mapping[str, Any], method: str) -> ApiError:
        code = error.get("code", 0)
        if code == _NO_SUCH_METHOD:
            return ApiError(f"{self.hostname} has no method {method}.")
        if code == _BUSY:
            return ApiError(f"{self.hostname} is busy: it has too many calls to answer at a time. Run this again later.")
        return ApiError(f"{self.hostname} refuses it: {refusal_text(error)}")

    def close(self) -> None:
        """End the connection. May be called twice."""
        with contextlib.suppress(Exception):
            self._socket.send_close()
        with contextlib.suppress(Exception):
            self._socket.shutdown()


def refusal_text(error: Mapping[str, Any]) -> str:
    """What a JSON-RPC error says, without the names of schemas and the trace."""
    data = error.get("data") if isinstance(error.get("data"), dict) else {}
    extra = data.get("extra")
    if isinstance(extra, list) and extra:
        # "iscsi_extent_create.serial": the schema's name tells a user nothing.
        rows = [row if isinstance(row, (list, tuple)) and len(row) > 1 else ["", row] for row in extra]
        return "; ".join(f"{str(row[0]).split('.', 1)[-1]}: {row[1]}" if row[0] else str(row[1]) for row in rows)
    return str(data.get("reason") or error.get("message") or "it says nothing of why")
