# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom to trust: certificates checked against a CA, or pinned by their thumbprint.

A pinned certificate may be self-signed or expired; it is the very one that was pinned or the connection ends before
anything, a password least of all, is sent on it.
"""

from __future__ import annotations

import socket
import ssl

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import thumbprint


class ThumbprintMismatch(OSError):
    """The server's certificate is not the pinned one. ``actual`` is its SHA-256 thumbprint."""

    def __init__(self, actual: str) -> None:
        super().__init__(f"the certificate's SHA-256 thumbprint is {actual}")
        self.actual = actual


class PinnedContext(ssl.SSLContext):
    """A TLS context that accepts one certificate: the one with this SHA-256 thumbprint."""

    pinned: str = ""

    def wrap_socket(self, *args, **kwargs) -> ssl.SSLSocket:
        wrapped = super().wrap_socket(*args, **kwargs)
        actual = thumbprint(wrapped.getpeercert(binary_form=True) or b"")
        if actual != self.pinned:
            wrapped.close()
            raise ThumbprintMismatch(actual)
        return wrapped


def context(validate_certs: bool = True, ca_path: str | None = None, pinned: str | None = None) -> ssl.SSLContext:
    """The TLS context for a server.

    :param validate_certs: check the certificate and the name in it; ignored when ``pinned`` is given.
    :param ca_path: a PEM file with the CA's certificate; the system's CAs when not given.
    :param pinned: the server certificate's SHA-256 thumbprint, normalised.
    :raises ConvergeError: when ``ca_path`` cannot be read.
    """
    if pinned:
        pinning = PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
        pinning.check_hostname = False
        pinning.verify_mode = ssl.CERT_NONE
        pinning.pinned = pinned
        return pinning
    try:
        trusted = ssl.create_default_context(cafile=ca_path)
    except (OSError, ssl.SSLError) as error:
        raise ConvergeError(f"ca_path: cannot read certificates from '{ca_path}': {error}. "
                            "It must be a PEM file with the certificate of the CA to trust.") from error
    if not validate_certs:
        trusted.check_hostname = False
        trusted.verify_mode = ssl.CERT_NONE
    return trusted


def peer_certificate(host: str, port: int, timeout: float = 10) -> bytes:
    """The DER certificate a server shows, whoever signed it. Nothing is sent. ``timeout`` is in seconds.

    :raises OSError: when there is no TLS server there.
    """
    untrusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    untrusting.check_hostname = False
    untrusting.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=timeout) as plain,
        untrusting.wrap_socket(plain, server_hostname=host) as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True) or b""


def explain(
    error: BaseException, host: str, port: int, timeout: float, option: str = "thumbprint", named: str | None = None
) -> str | None:
    """Plain text for a failure to connect, or ``None`` when the error is none of those.

    :param error: what was raised; the errors it came from are looked at too.
    :param host: the server's name or address as given.
    :param timeout: the limit it ran into, in seconds.
    :param option: the module's option that pins this server's certificate.
    :param named: the module's option that the server's name came from.
    """
    where = f"{host}:{port}"
    cause = _root(error)
    if isinstance(cause, ThumbprintMismatch):
        return (f"the certificate of {where} is not the pinned one: its SHA-256 thumbprint is {cause.actual}. Nothing "
                f"was sent to it. If the certificate was renewed, give that as '{option}'.")
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = cause.verify_message.rstrip(".")
        return (f"the certificate of {where} is not trusted: {reason}. {_offer(host, port, timeout)}Give the CA that "
                f"signed it as 'ca_path', or, once you have compared it, that thumbprint as '{option}'.")
    if isinstance(cause, ssl.SSLError):
        reason = getattr(cause, "reason", None) or cause
        return f"{where} does not speak TLS 1.2 or newer there ({reason}); is the port right?"
    if isinstance(cause, socket.gaierror):
        whose = f" (option '{named}')" if named else ""
        return (f"'{host}'{whose} cannot be resolved to an address: {cause.strerror}. It must be a host name or an IP "
                "address.")
    if isinstance(cause, ConnectionRefusedError):
        return f"{where} refuses connections: nothing listens on that port, or the server is down."
    if isinstance(cause, TimeoutError):
        return f"{where} did not answer within {timeout:g} s."
    if is_broken(error):
        return f"{where} broke the connection off."
    if isinstance(cause, OSError) and cause.strerror:
        return f"{where} cannot be reached: {cause.strerror}."
    return None


def is_broken(error: BaseException) -> bool:
    """Whether a connection that was there broke off, as idle ones do: a read may be tried again then."""
    return isinstance(_root(error), (ConnectionResetError, ConnectionAbortedError, BrokenPipeError))


def _offer(host: str, port: int, timeout: float) -> str:
    try:
        return f"Its SHA-256 thumbprint is {thumbprint(peer_certificate(host, port, timeout))}. "
    except OSError:
        return ""


def _root(error: BaseException) -> BaseException:
    """The socket's or TLS library's own error under the wrappings HTTP libraries put around it."""
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        candidate = pending.pop(0)
        if not isinstance(candidate, BaseException) or id(candidate) in seen:
            continue
        seen.add(id(candidate))
        plain = type(candidate).__module__ in ("builtins", "socket", "ssl", "http.client", __name__)
        if isinstance(candidate, OSError) and plain and (candidate.args or isinstance(candidate, TimeoutError)):
            return candidate
        pending += [*candidate.args, getattr(candidate, "reason", None), candidate.__cause__, candidate.__context__]
    return error
