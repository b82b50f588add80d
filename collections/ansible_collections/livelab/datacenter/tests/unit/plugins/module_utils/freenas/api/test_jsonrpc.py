# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON-RPC against a real WebSocket server behind TLS: logging in, calls, refusals, jobs, connections that end."""

from __future__ import annotations

import json
import socket
import ssl
import threading

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import thumbprint
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import middleware, objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import NotSpoken
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.jsonrpc import JsonRpc
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

websockets = pytest.importorskip("websockets.sync.server")

CLOSE, SILENCE = object(), object()


class Nas:
    """A server that answers each call with what a test says: a result, ``Error``, ``CLOSE``, ``SILENCE`` or raw text."""

    def __init__(self):
        self.answers, self.seen, self.path = [], [], None

    def serve(self, connection):
        self.path = connection.request.path
        for text in connection:
            asked = json.loads(text)
            self.seen.append((asked["method"], asked["params"]))
            answer = self.answers.pop(0)
            if answer is CLOSE:
                return
            if answer is SILENCE:
                continue
            if isinstance(answer, bytes):
                connection.send(answer.decode())
                continue
            # What the NAS tells by itself is no answer.
            connection.send(json.dumps({"jsonrpc": "2.0", "method": "collection_update", "params": {"msg": "changed"}}))
            said = {"error": answer.body} if isinstance(answer, Error) else {"result": answer}
            connection.send(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **said}))


class Error:
    def __init__(self, code, message="", **data):
        self.body = {"code": code, "message": message, "data": data}


@pytest.fixture
def nas(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    found = Nas()
    server = websockets.serve(found.serve, "127.0.0.1", 0, ssl=context)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    found.port = server.socket.getsockname()[1]
    yield found
    server.shutdown()
    # It would take the next server's connections, whose socket may have the same number.
    serving.join()


@pytest.fixture
def options(nas, files, monkeypatch):
    monkeypatch.setattr(middleware, "_JOB_WAIT", 0)
    return {
        "hostname": "127.0.0.1", "port": nas.port, "username": "root", "password": "s3cret-€", "api_key": None,
        "api_version": "auto", "validate_certs": True, "ca_path": str(files[1]), "thumbprint": None, "timeout": 5,
    }


@pytest.fixture
def session(nas, options):
    """Logged in to a TrueNAS 25.10; what it answers from now on is the test's."""
    nas.answers = [{"response_type": "SUCCESS"}, "25.10.5"]
    opened = JsonRpc.open(options)
    nas.seen.clear()
    yield opened
    opened.close()


def refused(call, kind=ConvergeError):
    with pytest.raises(kind) as caught:
        call()
    assert "s3cret" not in str(caught.value)
    return str(caught.value)


def test_logs_in_and_asks_the_version(nas, options):
    nas.answers = [{"response_type": "SUCCESS"}, "TrueNAS-25.04.2"]
    session = JsonRpc.open(options)
    assert session.version.number == (25, 4, 2)
    assert session.calls == 2
    assert nas.path == "/api/current"
    assert nas.seen == [
        ("auth.login_ex", [{"mechanism": "PASSWORD_PLAIN", "username": "root", "password": "s3cret-€"}]),
        ("system.version", []),
    ]
    session.close()
    session.close()


def test_logs_in_with_a_key(nas, options):
    nas.answers = [True, "26.0.0"]
    JsonRpc.open({**options, "api_key": "1-s3cret"}).close()
    assert nas.seen[0] == ("auth.login_with_api_key", ["1-s3cret"])


@pytest.mark.parametrize(("answer", "says"), [
    ({"response_type": "AUTH_ERR"}, "wrong user name 'root' or wrong password"),
    ({"response_type": "OTP_REQUIRED", "username": "root"}, "two-factor authentication, which a module cannot answer"),
    ({"response_type": "EXPIRED"}, "has expired"),
    ({"response_type": "DENIED"}, "may not log in here"),
    ({"response_type": "REDIRECT", "urls": []}, "log in elsewhere"),
    ({"response_type": "SCRAM_RESPONSE"}, "it answers SCRAM_RESPONSE"),
    (True, "it answers None"),
])
def test_says_why_nobody_is_let_in(nas, options, answer, says):
    nas.answers = [answer]
    message = refused(lambda: JsonRpc.open(options))
    assert message.startswith("127.0.0.1 refuses the login: ")
    assert says in message


@pytest.mark.parametrize("answer", [False, None])
def test_a_wrong_key(nas, options, answer):
    nas.answers = [answer]
    assert "wrong API key" in refused(lambda: JsonRpc.open({**options, "api_key": "1-s3cret"}))


def test_calls_are_the_middleware_s_own(nas, session):
    nas.answers = [[], {"id": 7}, None, True, True]
    assert session.read(objects.Portal) == {objects.Portal: ()}
    made = session.create(objects.Initiator(None, "all", ("iqn.1998-01.com.vmware:esxi1",)))
    assert made.id == 7
    session.update(objects.Extent(3, "web", "zvol", "tank/my vol"), ["comment"])
    session.delete(objects.Extent(3, "web", "zvol", "tank/my vol"), force=True)
    session.delete(objects.TargetExtent(4, 1, 3, 0))
    assert nas.seen == [
        ("iscsi.portal.query", []),
        ("iscsi.initiator.create", [{"comment": "all", "initiators": ["iqn.1998-01.com.vmware:esxi1"]}]),
        ("iscsi.extent.update", [3, {"comment": ""}]),
        ("iscsi.extent.delete", [3, False, True]),
        ("iscsi.targetextent.delete", [4]),
    ]


def test_a_service_is_started_by_a_job_that_is_followed_to_its_end(nas, session):
    row = {"id": 1, "service": "iscsitarget", "enable": True, "state": "RUNNING"}
    nas.answers = [12, [{"state": "RUNNING"}], [{"state": "SUCCESS", "result": True}], [row]]
    session.run(objects.Service(1, "iscsitarget", True, False), True)
    assert [method for method, _params in nas.seen] == ["service.control", "core.get_jobs", "core.get_jobs", "service.query"]
    assert nas.seen[0][1] == ["START", "iscsitarget"]
    assert nas.seen[1][1] == [[["id", "=", 12]]]


def test_a_result_that_comes_at_once_is_no_job(nas, session):
    nas.answers = [True, [{"id": 1, "service": "iscsitarget", "enable": True, "state": "STOPPED"}]]
    session.run(objects.Service(1, "iscsitarget", True, True), False)
    assert [method for method, _params in nas.seen] == ["service.control", "service.query"]


def test_25_04_starts_services_without_a_job(nas, session):
    session.version = Version.parse("25.04.2")
    nas.answers = [True, [{"id": 1, "service": "iscsitarget", "enable": True, "state": "STOPPED"}]]
    message = refused(lambda: session.run(objects.Service(1, "iscsitarget", True, False), True))
    assert "told to start it, but it does not run" in message
    assert nas.seen[0] == ("service.start", ["iscsitarget"])


@pytest.mark.parametrize(("error", "says"), [
    (Error(-32602, "Invalid params", extra=[["iscsi_extent_create.name", "Extent name must be unique", 22]]),
     "refuses it: name: Extent name must be unique"),
    (Error(-32602, "Invalid params", extra=[["", "two", 22], ["a.b.c", "three", 22]]), "refuses it: two; b.c: three"),
    (Error(-32001, "Method call error", reason="[EBUSY] it is in use", extra=None, trace={"formatted": "Traceback"}),
     "refuses it: [EBUSY] it is in use"),
    (Error(-32601, "Method does not exist"), "has no method iscsi.portal.query"),
    (Error(-32000, "Too many concurrent calls"), "is busy"),
    (Error(-32603, "Internal error"), "refuses it: Internal error"),
    (Error(-32603), "it says nothing of why"),
])
def test_refusals_are_plain_text(nas, session, error, says):
    nas.answers = [error]
    message = refused(lambda: session.read(objects.Portal))
    assert says in message
    assert "Traceback" not in message


@pytest.mark.parametrize(("answer", "says"), [
    (CLOSE, "ended in the middle of iscsi.portal.query"),
    (b"no JSON", "its answer is not JSON"),
    (b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "x"}}', "not as a TrueNAS does"),
    (b"[]", "not as a TrueNAS does"),
])
def test_what_ends_in_the_middle(nas, session, answer, says):
    nas.answers = [answer]
    assert says in refused(lambda: session.read(objects.Portal))


def test_an_answer_that_does_not_come(nas, options):
    nas.answers = [SILENCE]
    assert "did not answer auth.login_ex within 1 s" in refused(lambda: JsonRpc.open({**options, "timeout": 1}))


def test_nothing_is_sent_to_a_server_that_is_not_trusted(nas, options, files):
    message = refused(lambda: JsonRpc.open({**options, "ca_path": None}))
    assert "is not trusted" in message
    pinned = thumbprint(ssl.PEM_cert_to_DER_cert(files[1].read_text()))
    assert pinned in message
    assert "is not the pinned one" in refused(lambda: JsonRpc.open({**options, "thumbprint": "00" * 32}))
    assert nas.seen == []
    nas.answers = [{"response_type": "SUCCESS"}, "25.10.5"]
    JsonRpc.open({**options, "ca_path": None, "thumbprint": pinned}).close()


def test_a_server_that_hangs_up_at_once(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])

    def hang_up(listening):
        plain, _address = listening.accept()
        context.wrap_socket(plain, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=hang_up, args=(listening,), daemon=True).start()
        options = {
            "hostname": "127.0.0.1", "port": listening.getsockname()[1], "username": "root", "password": "s3cret",
            "api_key": None, "validate_certs": True, "ca_path": str(files[1]), "thumbprint": None, "timeout": 5,
        }
        message = refused(lambda: JsonRpc.open(options))
    assert "not with a WebSocket" in message or "broke the connection off" in message


def test_no_server(options):
    assert "refuses connections" in refused(lambda: JsonRpc.open({**options, "port": 1}))


@pytest.mark.parametrize(("status", "kind"), [(404, NotSpoken), (200, NotSpoken), (302, NotSpoken), (503, ConvergeError)])
def test_a_web_server_without_a_websocket(request, files, status, kind):
    server = request.getfixturevalue("server")
    server.answers.append((status, "text/html", b"<html>"))
    options = {
        "hostname": "127.0.0.1", "port": server.server_address[1], "username": "root", "password": "s3cret", "api_key": None,
        "validate_certs": True, "ca_path": str(files[1]), "thumbprint": None, "timeout": 5,
    }
    message = refused(lambda: JsonRpc.open(options), kind)
    assert str(status) in message or "not with a WebSocket" in message
    assert issubclass(kind, NotSpoken) or "busy" in message
