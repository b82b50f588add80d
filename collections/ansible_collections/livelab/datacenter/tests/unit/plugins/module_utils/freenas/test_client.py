# SPDX-License-Identifier: GPL-3.0-or-later
"""The session with a NAS, against a real HTTPS server: logging in, refusals, jobs, retries."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import threading

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core import connection
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import thumbprint
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas import session as module

pytest.importorskip("requests")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers what the test put into ``server.answers``: a list of (status, content type, body)."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.server.drops:
            self.server.drops -= 1
            self.close_connection = True
            return
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization")))
        status, kind, body = self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_args):
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nas")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=nas", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return key, certificate


@pytest.fixture
def server(files):
    key, certificate = files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    # How many requests to leave unanswered; what to answer; what was asked.
    running.drops, running.answers, running.seen = 0, [], []
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def nas(server, files, monkeypatch):
    monkeypatch.setattr(connection, "_FIRST_WAIT", 0)
    monkeypatch.setattr(module, "_JOB_WAIT", 0)

    def connect(*answers, **params):
        for status, body in answers:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            server.answers.append((status, "text/html" if isinstance(body, bytes) else "application/json", raw))
        return module.Client({"hostname": "127.0.0.1", "port": server.server_address[1], "username": "root",
                              "password": "secret", "api_key": None, "api_version": "auto", "validate_certs": True,
                              "ca_path": str(files[1]), "thumbprint": None, "timeout": 5, **params})

    return connect


def refused(call):
    with pytest.raises(ConvergeError) as caught:
        call()
    return str(caught.value)


def test_reads_with_basic_auth_and_with_a_key(nas, server):
    assert nas((200, [1])).get("pool", name="tank") == [1]
    assert server.seen[-1] == ("GET", "/api/v2.0/pool?name=tank", "Basic cm9vdDpzZWNyZXQ=")
    nas((200, [])).get("pool")
    nas((200, []), api_key="1-abc").get("pool")
    assert server.seen[-1][2] == "Bearer 1-abc"


def test_pinned_certificate(nas, files):
    pinned = thumbprint(ssl.PEM_cert_to_DER_cert(files[1].read_text()))
    assert nas((200, []), ca_path=None, thumbprint=pinned).get("pool") == []
    assert nas((200, []), ca_path=None, validate_certs=False).get("pool") == []


def test_another_certificate_gets_no_password(nas, server):
    text = refused(lambda: nas(ca_path=None, thumbprint="00" * 32).get("pool"))
    assert "is not the pinned one" in text
    assert "is not trusted" in refused(lambda: nas(ca_path=None).get("pool"))
    assert server.seen == []


@pytest.mark.parametrize(("status", "body", "said"), [
    (401, {}, "refuses the login: wrong user name 'root' or wrong password"),
    (403, {}, "does not allow user 'root' to do this"),
    (404, b"<html>", "has no API v2.0"),
    (404, {"message": "Portal 9 does not exist"}, "Portal 9 does not exist"),
    (422, {"iscsi_extent_create.serial": [{"message": "taken", "errno": 22}]}, "serial: taken"),
    (422, {"message": "pool is busy", "errno": 16}, "pool is busy"),
    (500, b"oops", "HTTP status 500"),
])
def test_refusals_are_plain(nas, status, body, said):
    assert said in refused(lambda: nas((status, body)).post("iscsi/extent", {}))


def test_what_is_no_nas(nas):
    assert "its answer is not JSON" in refused(lambda: nas((200, b"<html>")).get("pool"))


def test_reads_are_tried_again_when_the_nas_is_busy_but_writes_are_not(nas, server):
    assert nas((503, {}), (502, {}), (200, [])).get("pool") == []
    assert len(server.seen) == 3
    assert "HTTP status 503" in refused(lambda: nas((503, b"busy")).post("pool", {}))
    assert len(server.seen) == 4


def test_a_broken_connection_is_tried_again(nas, server):
    server.drops = 2
    assert nas((200, [])).get("pool") == []
    server.drops = 1
    assert "broke the connection off" in refused(lambda: nas((200, {})).post("pool", {}))


@pytest.mark.parametrize("status", [401, 404, 422])
def test_a_refusal_is_not_tried_again(nas, server, status):
    refused(lambda: nas((status, {}), (200, [])).get("pool"))
    assert len(server.seen) == 1


def test_jobs(nas):
    running, done = {"state": "RUNNING"}, {"state": "SUCCESS", "result": {"id": 1}}
    assert nas((200, [running]), (200, [done])).wait(7) == {"id": 1}
    failed = {"state": "FAILED", "error": "disk da1 is gone", "method": "pool.create"}
    assert "could not finish pool.create: disk da1 is gone" in refused(lambda: nas((200, [failed])).wait(7))
    assert "has not finished" in refused(lambda: nas((200, [running])).wait(7, limit=-1))
    assert "does not know its job 7" in refused(lambda: nas((200, [])).wait(7))


def test_unreachable(nas):
    assert "refuses connections" in refused(lambda: nas(port=1).get("pool"))


@pytest.mark.parametrize(("params", "said"), [
    ({"password": None}, "one of 'password' and 'api_key' is needed"),
    ({"api_version": "v1.0"}, "v1.0, the API of FreeNAS before 11.1, is not supported"),
    ({"thumbprint": "x"}, "thumbprint: 'x' is not a thumbprint"),
])
def test_options_that_do_not_suffice(nas, params, said):
    assert said in refused(lambda: nas(**params))
