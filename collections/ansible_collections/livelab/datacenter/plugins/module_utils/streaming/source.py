# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file on a web server, read a little at a time, from any byte on."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
from urllib.parse import urlsplit

from ansible_collections.livelab.datacenter.plugins.module_utils.core import tls
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError, explain_any

# Limits of what the kernel is told to hold for us unseen, in bytes. With its own, large default (megabytes) a server
# could be away for seconds before the player noticed.
RECEIVE_BUFFER = (16 * 1024, 256 * 1024)

# Packets as on Ethernet, also on a loopback device: its packets of 64 KiB would not fit a small receive buffer.
SEGMENT = 1448


class StreamError(ConvergeError):
    """The stream cannot be read; the text says what was asked and what came back."""


class Source:
    """One file over HTTP or HTTPS. Not for two threads at once, except `close`, which any may call."""

    def __init__(self, url, username=None, password=None, validate_certs=True, ca_path=None, timeout=10.0, rate=0):
        """Nothing is sent yet. Raises ConvergeError on a bad URL or CA file.

        timeout: seconds without an answer after which the connection counts as broken.
        rate: bytes per second it will be read at; a tenth of a second of that may wait in the kernel.
        """
        self._options = {
            "url": url, "username": username, "password": password, "validate_certs": validate_certs,
            "ca_path": ca_path, "timeout": timeout, "rate": rate,
        }
        self._parts = split_url(url)
        self._timeout = timeout
        self._receive_buffer = int(min(max(rate / 10, RECEIVE_BUFFER[0]), RECEIVE_BUFFER[1]))
        self._headers = {"Accept-Encoding": "identity", "User-Agent": "livelab-stream-probe"}
        if username:
            token = base64.b64encode(f"{username}:{password or ''}".encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"
        self._context = tls.context(validate_certs, ca_path) if self._parts.scheme == "https" else None
        self._connection = None
        self._response = None
        self.position = 0
        self.ranges = False

    def open(self, offset: int) -> None:
        """Ask for the file from byte `offset` on.

        A server without Range starts again at 0: see `position` and `ranges`.
        """
        self.close()
        self._connection = self._connect()
        target = self._parts.path or "/"
        if self._parts.query:
            target += f"?{self._parts.query}"
        try:
            self._connection.request("GET", target, headers=dict(self._headers, Range=f"bytes={offset}-"))
            response = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise StreamError(f"{self.place()} did not answer: {self._explain(error)}") from error
        if response.status == 416 and offset > 0:
            self.open(0)
            return
        if response.status == 416 or response.length == 0:
            raise StreamError(f"{self.place()}{self._parts.path} is empty: there is nothing to play")
        if response.status not in (200, 206):
            raise StreamError(self._refusal(response))
        self.ranges = response.status == 206
        self.position = offset if self.ranges else 0
        self._response = response

    def read(self, count: int) -> bytes:
        """At most `count` bytes, as soon as there are any; b"" at the end of the file.

        Raises StreamError when the connection breaks.
        """
        response = self._response
        if response is None:
            raise StreamError("the connection was closed")
        try:
            data = response.read1(count)
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # ValueError and AttributeError are what http.client makes of a socket closed under it.
            raise StreamError(f"{self.place()} broke off at byte {self.position}: {self._explain(error)}") from error
        if not data and response.length:
            early = f"{response.length} bytes early, at byte {self.position}"
            raise StreamError(f"{self.place()} ended the connection {early}")
        self.position += len(data)
        return data

    def another(self) -> Source:
        """A second source of the same file, not opened yet."""
        return Source(**self._options)

    def remaining(self) -> int | None:
        """Bytes to the end of the file; None when the server did not say."""
        return None if self._response is None else self._response.length

    def close(self) -> None:
        """End the connection, also from under a read that waits."""
        connection, self._connection, self._response = self._connection, None, None
        if connection is None:
            return
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()

    def place(self) -> str:
        """Scheme, host and port, for messages."""
        return f"{self._parts.scheme}://{self._parts.netloc}"

    def _connect(self):
        try:
            sock = open_socket(self._parts.hostname, port_of(self._parts), self._timeout, self._receive_buffer)
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_hostname=self._parts.hostname)
        except OSError as error:
            raise StreamError(self._explain(error)) from error
        connection = http.client.HTTPConnection(self._parts.hostname, port_of(self._parts), timeout=self._timeout)
        connection.sock = sock
        return connection

    def _explain(self, error: Exception) -> str:
        known = tls.explain(error, self._parts.hostname, port_of(self._parts), self._timeout)
        return known or explain_any(error)

    def _refusal(self, response) -> str:
        text = f"GET {self.place()}{self._parts.path} was answered {response.status} {response.reason}"
        if response.status in (401, 403):
            return text + "; check username and password"
        if 300 <= response.status < 400:
            return text + f"; it moved to {response.getheader('Location', 'an unnamed place')}: give that as url"
        return text


def split_url(url: str):
    """The parts of an http or https URL, or StreamError saying what is wrong with it."""
    try:
        parts = urlsplit(url)
        port_of(parts)
    except ValueError as error:
        raise StreamError(f"url '{url}' is not a URL: {error}") from error
    if parts.username is not None or parts.password is not None:
        raise StreamError("url must not hold a user or a password; give them as username and password")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise StreamError(f"url '{url}' is not of the form http://host[:port]/path or https://…")
    return parts


def port_of(parts) -> int:
    """The port of split URL parts, the scheme's own when none is given."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def open_socket(host: str, port: int, timeout: float, receive_buffer: int) -> socket.socket:
    """A TCP connection with this receive buffer (bytes); set after connecting it would not count for the window."""
    failure = OSError(f"no address for {host}")
    for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(timeout)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        try:
            sock.connect(address)
            return sock
        except OSError as error:
            failure = error
            sock.close()
    raise failure
