# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending a disk to an ESXi host over HTTPS (NFC), as a lease allows."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.livelab.datacenter.plugins.module_utils.core import tls
from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import same_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError, explain_any
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import normalise, thumbprint

_BLOCK = 1024 * 1024


class Target:
    """Where a disk goes. Nothing is sent before the server has proved who it is."""

    def __init__(self, url: str, params: dict, vouched: str | None = None) -> None:
        """Decide whom to trust there.

        :param url: the lease's URL; its host may be ``*``, which stands for the server we are logged in to.
        :param params: the module's connection options.
        :param vouched: the thumbprint (SHA-1 or SHA-256) that the server we are logged in to gives for this one.
        :raises ConvergeError: when the server cannot be reached or is not trusted.
        """
        parts = urlsplit(url)
        here = parts.hostname in ("*", None)
        self.host: str = params["hostname"] if here else parts.hostname or ""
        self.port: int = parts.port or (params["port"] if here else 443)
        self.path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._timeout: int = params["timeout"]
        self._named_by: str = params["hostname"]
        self._same_server = same_host(self.host, params["hostname"]) and self.port == params["port"]
        try:
            self._context = self._trust(params, vouched)
        except OSError as error:
            raise ConvergeError(self._explain(error)) from error

    def send(self, file: Any, size: int, create: bool, sent: Callable[[int], Any]) -> None:
        """Send a file.

        :param file: open for reading.
        :param size: its bytes.
        :param create: the file is stored as it is (PUT); otherwise it is a disk the host takes apart (POST).
        :param sent: called with the bytes of each block that has gone out.
        :raises ConvergeError: when it did not arrive.
        """
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=self._timeout, context=self._context)
        headers = {"Content-Length": str(size), "Content-Type": "application/x-vnd.vmware-streamVmdk"}
        if create:
            headers.update({"Content-Type": "application/octet-stream", "Overwrite": "t"})
        try:
            refusal = self._exchange(connection, "PUT" if create else "POST", headers, _blocks(file, sent))
        except (OSError, http.client.HTTPException) as error:
            raise ConvergeError(self._explain(error)) from error
        finally:
            connection.close()
        if refusal:
            raise ConvergeError(f"{self.host}:{self.port} refused the upload: {refusal}")

    def _exchange(self, connection, method: str, headers: dict, body) -> str:
        """Send the request; returns what the server said against it, "" for nothing."""
        broken = None
        try:
            connection.request(method, self.path, body=body, headers=headers)
            # The host may still be writing what it has received.
            connection.sock.settimeout(max(600, self._timeout))
        except (BrokenPipeError, ConnectionResetError) as error:
            broken = error
        try:
            response = connection.getresponse()
        except (OSError, http.client.HTTPException):
            if broken is not None:
                raise broken from None
            raise
        said = " ".join(response.read(500).decode("utf-8", "replace").split())
        return "" if 200 <= response.status < 300 else f"{response.status} {response.reason}. {said}".strip()

    def _trust(self, params: dict, vouched: str | None) -> ssl.SSLContext:
        """By the CA where that works; else the very certificate that the user, or the server we trust, named."""
        if not params["validate_certs"] and not params["thumbprint"] and not params.get("upload_thumbprint"):
            return tls.context(validate_certs=False)
        if own := params.get("upload_thumbprint"):
            return tls.context(pinned=normalise(own, "upload_thumbprint")[1])
        certificate = tls.peer_certificate(self.host, self.port, self._timeout)
        actual = thumbprint(certificate)
        pinned = normalise(params["thumbprint"])[1] if params["thumbprint"] else None
        if actual == pinned:
            return tls.context(pinned=actual)
        if vouched:
            digest, wanted = normalise(vouched, "the lease's thumbprint", ("SHA-256", "SHA-1"))
            if thumbprint(certificate, digest) == wanted:
                return tls.context(pinned=actual)
        return tls.context(ca_path=params["ca_path"])

    def _explain(self, error: BaseException) -> str:
        option = "thumbprint" if self._same_server else "upload_thumbprint"
        known = tls.explain(error, self.host, self.port, self._timeout, option)
        text = known or f"the connection to {self.host}:{self.port} broke off ({explain_any(error)})"
        if self._same_server:
            return text
        return f"the disks go to the ESXi host {self.host}, as {self._named_by} says, and there: {text}"


def _blocks(file: Any, sent: Callable[[int], Any]):
    while block := file.read(_BLOCK):
        yield block
        sent(len(block))
