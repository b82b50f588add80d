# SPDX-License-Identifier: GPL-3.0-or-later
"""Thumbprints, and a pinned connection to a real TLS server with a self-signed certificate."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
import threading

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core import tls
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import normalise, thumbprint

DIGEST = hashlib.sha256(b"x").hexdigest()
COLONS = ":".join(DIGEST[i : i + 2] for i in range(0, 64, 2)).upper()


@pytest.mark.parametrize("text", [DIGEST, DIGEST.upper(), COLONS, COLONS.lower(), f"SHA256:{DIGEST}", f" {COLONS} "])
def test_a_thumbprint_in_any_notation(text):
    assert normalise(text) == ("SHA-256", COLONS)


def test_sha1_only_where_it_is_accepted():
    sha1 = hashlib.sha1(b"x").hexdigest()
    assert normalise(sha1, "t", ("SHA-256", "SHA-1"))[0] == "SHA-1"
    with pytest.raises(ConvergeError, match=r"thumbprint: '.*' is not a thumbprint; it must be the 64 hex digits of"):
        normalise(sha1)


@pytest.mark.parametrize("text", ["", "zz", DIGEST[:-1], DIGEST + "0", "sha256"])
def test_what_is_no_thumbprint(text):
    with pytest.raises(ConvergeError, match="is not a thumbprint"):
        normalise(text)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A TLS server on loopback. Yields (port, DER certificate, CA file, what clients sent)."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    received = []

    def serve():
        while True:
            try:
                plain, _address = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as wrapped:
                    received.append(wrapped.recv(100))
                    wrapped.sendall(b"read")
            except OSError:
                plain.close()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1], ssl.PEM_cert_to_DER_cert(certificate.read_text()), str(certificate), received
    listener.close()


def connect(context, port):
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        wrapped.sendall(b"secret")
        # Only then is it known that the server has it, and counted.
        assert wrapped.recv(100) == b"read"


def test_pinned_certificate_is_accepted_though_self_signed(server):
    port, certificate, _ca, _received = server
    connect(tls.context(pinned=thumbprint(certificate)), port)


def test_another_certificate_ends_the_connection_before_anything_is_sent(server):
    port, certificate, _ca, received = server
    before = list(filter(None, received))
    with pytest.raises(tls.ThumbprintMismatch) as caught:
        connect(tls.context(pinned="00:" * 31 + "00"), port)
    assert caught.value.actual == thumbprint(certificate)
    assert list(filter(None, received)) == before


def test_verified_by_default_and_with_a_ca(server):
    port, certificate, ca, _received = server
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        connect(tls.context(), port)
    text = tls.explain(caught.value, "127.0.0.1", port, 5)
    assert "is not trusted" in text
    assert thumbprint(certificate) in text
    connect(tls.context(ca_path=ca), port)
    connect(tls.context(validate_certs=False), port)


def test_peer_certificate_is_what_the_server_shows(server):
    port, certificate, _ca, _received = server
    assert tls.peer_certificate("127.0.0.1", port) == certificate


def test_missing_ca_file():
    with pytest.raises(ConvergeError, match=r"ca_path: cannot read certificates from '/nowhere/ca.pem'"):
        tls.context(ca_path="/nowhere/ca.pem")


@pytest.mark.parametrize(("error", "said"), [
    (ConnectionRefusedError(111, "Connection refused"), "nas:443 refuses connections"),
    (socket.gaierror(-2, "Name or service not known"), "'nas' cannot be resolved"),
    (TimeoutError("timed out"), "nas:443 did not answer within 5 s"),
    (OSError(113, "No route to host"), "nas:443 cannot be reached: No route to host"),
    (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "does not speak TLS"),
])
def test_plain_text_for_what_the_network_does(error, said):
    assert said in tls.explain(error, "nas", 443, 5)
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = error
    assert said in tls.explain(wrapped, "nas", 443, 5)


def test_other_errors_are_not_its_business():
    assert tls.explain(ValueError("x"), "nas", 443, 5) is None


def test_a_name_that_cannot_be_resolved_is_said_to_be_that_of_an_option():
    said = tls.explain(socket.gaierror(-2, "Name or service not known"), "nas", 443, 5, named="hostname")
    assert said == ("'nas' (option 'hostname') cannot be resolved to an address: Name or service not known. It must be a host "
                    "name or an IP address.")
