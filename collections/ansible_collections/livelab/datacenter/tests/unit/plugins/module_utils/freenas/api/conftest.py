# SPDX-License-Identifier: GPL-3.0-or-later
"""A real HTTPS server that answers what a test says, and the options that lead to it."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import threading

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core import connection
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import middleware


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers from ``server.answers``: a list of (status, content type, body), or of paths' answers in ``server.paths``."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.server.drops:
            self.server.drops -= 1
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization"), json.loads(body or b"null")))
        paths = self.server.paths
        status, kind, said = paths.get(self.path, paths.get("*")) if paths else self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def version_string(self):
        """What it calls itself."""
        return "stub/1.0"

    def log_message(self, *_args):
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nas")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-keyout",
            key,
            "-out",
            certificate,
            "-days",
            "2",
            "-subj",
            "/CN=nas",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate


@pytest.fixture
def server(files):
    key, certificate = files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    # How many requests to leave unanswered; what to answer, in order or by path; what was asked.
    running.drops, running.answers, running.paths, running.seen = 0, [], {}, []
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def options(server, files, monkeypatch):
    """The options that lead to the server. Nothing is waited for."""
    monkeypatch.setattr(connection, "_FIRST_WAIT", 0)
    monkeypatch.setattr(middleware, "_JOB_WAIT", 0)
    return {
        "hostname": "127.0.0.1",
        "port": server.server_address[1],
        "username": "root",
        "password": "secret",
        "api_key": None,
        "api_version": "auto",
        "validate_certs": True,
        "ca_path": str(files[1]),
        "thumbprint": None,
        "timeout": 5,
    }


@pytest.fixture
def answers(server):
    """Say what the server answers, in order: (status, data or bytes)."""

    def say(*given):
        for status, body in given:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            server.answers.append((status, "text/html" if isinstance(body, bytes) else "application/json; charset=utf-8", raw))

    return say
