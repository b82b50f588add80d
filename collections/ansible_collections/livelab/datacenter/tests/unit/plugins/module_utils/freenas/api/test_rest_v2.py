# SPDX-License-Identifier: GPL-3.0-or-later
"""REST v2.0 against a real HTTPS server: logging in, paths, refusals, jobs, retries."""

from __future__ import annotations

import ssl

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import thumbprint
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import objects
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import NotSpoken
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.rest_v2 import RestV2
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

pytest.importorskip("requests")


@pytest.fixture
def nas(options, answers):
    """A session, and what its server will answer."""

    def start(*given, version="13.0", **params):
        answers(*given)
        session = RestV2({**options, **params})
        session.version = Version.parse(version)
        return session

    return start


def refused(call, kind=ConvergeError):
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def asked(server):
    """The last request: (method, path, body)."""
    command, path, _login, body = server.seen[-1]
    return command, path.removeprefix("/api/v2.0/"), body


def test_logs_in_and_asks_the_version(options, answers, server):
    answers((200, "TrueNAS-13.0-U6.2"))
    session = RestV2.open(options)
    assert session.version.number == (13, 0)
    assert session.calls == 1
    assert server.seen == [("GET", "/api/v2.0/system/version", "Basic cm9vdDpzZWNyZXQ=", None)]


@pytest.mark.parametrize(
    ("password", "login"),
    [
        ("contraseña", "Basic cm9vdDpjb250cmFzZcOxYQ=="),
        ("€uro", "Basic cm9vdDrigqx1cm8="),
        ("пароль:1", "Basic cm9vdDrQv9Cw0YDQvtC70Yw6MQ=="),
    ],
)
def test_letters_beyond_ascii_are_utf_8(nas, server, password, login):
    nas((200, []), password=password).call("pool.query")
    assert server.seen[-1][2] == login


def test_a_key_instead_of_a_password(nas, server):
    nas((200, []), api_key="1-abc").call("pool.query")
    assert server.seen[-1][2] == "Bearer 1-abc"


def test_pinned_certificate(nas, files):
    pinned = thumbprint(ssl.PEM_cert_to_DER_cert(files[1].read_text()))
    assert nas((200, []), ca_path=None, thumbprint=pinned).call("pool.query") == []
    assert nas((200, []), ca_path=None, validate_certs=False).call("pool.query") == []


def test_another_certificate_gets_no_password(nas, server):
    assert "is not the pinned one" in refused(lambda: nas(ca_path=None, thumbprint="00" * 32).call("pool.query"))
    assert "is not trusted" in refused(lambda: nas(ca_path=None).call("pool.query"))
    assert server.seen == []


@pytest.mark.parametrize(
    ("method", "args", "want"),
    [
        ("iscsi.global.config", (), ("GET", "iscsi/global", None)),
        ("iscsi.portal.query", (), ("GET", "iscsi/portal", None)),
        ("iscsi.portal.listen_ip_choices", (), ("GET", "iscsi/portal/listen_ip_choices", None)),
        ("service.query", ([["service", "=", "iscsitarget"]],), ("GET", "service?service=iscsitarget", None)),
        ("core.get_jobs", ([["id", "=", 7]],), ("GET", "core/get_jobs?id=7", None)),
        ("disk.get_unused", (False,), ("POST", "disk/get_unused", False)),
        ("iscsi.global.update", ({"basename": "x"},), ("PUT", "iscsi/global", {"basename": "x"})),
        ("iscsi.portal.create", ({"listen": []},), ("POST", "iscsi/portal", {"listen": []})),
        ("pool.dataset.update", ("tank/my vol", {"volsize": 1}), ("PUT", "pool/dataset/id/tank%2Fmy%20vol", {"volsize": 1})),
        ("service.update", (4, {"enable": True}), ("PUT", "service/id/4", {"enable": True})),
        ("service.start", ("iscsitarget",), ("POST", "service/start", {"service": "iscsitarget"})),
        ("service.control", ("STOP", "iscsitarget"), ("POST", "service/control", {"verb": "STOP", "service": "iscsitarget"})),
    ],
)
def test_methods_are_paths(nas, server, method, args, want):
    nas((200, 1)).call(method, *args)
    assert asked(server) == want


@pytest.mark.parametrize(
    ("thing", "version", "body"),
    [
        (objects.Extent(5, "e", "zvol", "z"), "13.0", {"force": True}),
        (objects.TargetExtent(5, 1, 1, 0), "13.0", True),
        (objects.Target(5, "t"), "13.0", True),
        (objects.Target(5, "t"), "25.04", {"force": True}),
        (objects.Portal(5, "p", ()), "13.0", None),
    ],
)
def test_removing_by_force(nas, server, thing, version, body):
    nas((200, True), version=version).delete(thing, force=True)
    assert server.seen[-1][0] == "DELETE"
    assert server.seen[-1][1].endswith("/id/5")
    assert server.seen[-1][3] == body
    nas((200, True), version=version).delete(thing)
    assert server.seen[-1][3] is None


def test_kinds_that_share_an_answer_cost_one_request(nas, server):
    found = nas((200, []), (200, [])).read(objects.Zvol, objects.Filesystem, objects.Portal, objects.Discovery)
    assert found == {objects.Zvol: (), objects.Filesystem: (), objects.Portal: (), objects.Discovery: (objects.Discovery(),)}
    assert [path for _command, path, *_rest in server.seen] == ["/api/v2.0/pool/dataset", "/api/v2.0/iscsi/portal"]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            401,
            {},
            "127.0.0.1 refuses the login: wrong user name 'root' or wrong password. With two-factor authentication a password "
            "alone is refused too: use 'api_key'.",
        ),
        (403, {}, "127.0.0.1 does not allow user 'root' to do this (iscsi/extent)."),
        (404, {"message": "Portal 9 does not exist"}, "127.0.0.1 refuses it: Portal 9 does not exist"),
        (422, {"iscsi_extent_create.serial": [{"message": "taken", "errno": 22}]}, "127.0.0.1 refuses it: serial: taken"),
        (422, {"a.x": "one", "b": [{"message": "two"}, "three"]}, "127.0.0.1 refuses it: x: one; b: two; b: three"),
        (422, {"message": "pool is busy", "errno": 16}, "127.0.0.1 refuses it: pool is busy"),
        (422, ["odd"], "127.0.0.1 refuses it: ['odd']"),
        (422, {}, "127.0.0.1 refuses it: HTTP status 422 Unprocessable"),
        (500, b"oops", "127.0.0.1 refuses it: HTTP status 500 Internal Server Error"),
    ],
)
def test_refusals_are_plain(nas, status, body, said):
    assert refused(lambda: nas((status, body)).call("iscsi.extent.create", {})).startswith(said)


def test_a_wrong_key_is_not_called_a_password(nas):
    assert refused(lambda: nas((401, {}), api_key="1-abc").call("pool.query")) == "127.0.0.1 refuses the login: wrong API key."


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_this_api(nas, status):
    said = refused(lambda: nas((status, b"<html>")).call("system.version"), NotSpoken)
    assert said == "127.0.0.1 has no API v2.0 (REST): it does not know system/version."


def test_what_is_no_json(nas, answers, server):
    assert "its answer is not JSON" in refused(lambda: nas((200, b"<html>")).call("pool.query"))
    server.answers.append((422, "application/json", b"<"))
    assert "HTTP status 422" in refused(lambda: nas().call("pool.create", {}))
    assert nas((200, b"")).call("pool.create", {}) is None


def test_reads_are_tried_again_when_the_nas_is_busy_but_writes_are_not(nas, server):
    assert nas((503, {}), (502, {}), (200, [])).call("pool.query") == []
    assert len(server.seen) == 3
    assert "HTTP status 503" in refused(lambda: nas((503, b"busy")).call("pool.create", {}))
    assert len(server.seen) == 4
    assert refused(lambda: nas(*[(504, {})] * 3).call("pool.query")) == "127.0.0.1 is busy: HTTP status 504 Gateway Timeout"


def test_a_broken_connection_is_tried_again(nas, server):
    server.drops = 2
    assert nas((200, [])).call("pool.query") == []
    server.drops = 1
    assert "broke the connection off" in refused(lambda: nas((200, {})).call("pool.create", {}))


@pytest.mark.parametrize("status", [401, 404, 422])
def test_a_refusal_is_not_tried_again(nas, server, status):
    refused(lambda: nas((status, {}), (200, [])).call("pool.query"))
    assert len(server.seen) == 1


def test_jobs(nas):
    running, done = {"state": "RUNNING"}, {"state": "SUCCESS", "result": {"id": 1}}
    assert nas((200, [running]), (200, [done])).follow(7) == {"id": 1}
    failed = {"state": "FAILED", "error": "disk da1 is gone", "method": "pool.create"}
    assert refused(lambda: nas((200, [failed])).follow(7)) == "127.0.0.1 could not finish pool.create: disk da1 is gone"
    assert refused(lambda: nas((200, [{"state": "ABORTED"}])).follow(7)) == "127.0.0.1 could not finish the job: aborted"
    assert "has not finished the job within -1 s" in refused(lambda: nas((200, [running])).follow(7, limit=-1))
    assert "does not know its job 7" in refused(lambda: nas((200, [])).follow(7))


def test_making_a_pool_follows_its_job(nas, server):
    made = nas((200, 7), (200, [{"state": "SUCCESS", "result": {"id": 3}}])).create(
        objects.Pool(None, "tank", (objects.Vdev("stripe", ("da1",)),))
    )
    assert made.id == 3
    assert len(server.seen) == 2


SERVICE = objects.Service(4, objects.ISCSI_SERVICE, True, False)


def row(state):
    return {"id": 4, "service": "iscsitarget", "enable": True, "state": state}


def test_starting_looks_whether_it_runs(nas, server):
    nas((200, True), (200, [row("RUNNING")])).run(SERVICE, True)
    assert server.seen[0][1] == "/api/v2.0/service/start"
    said = refused(lambda: nas((200, False), (200, [row("STOPPED")])).run(SERVICE, True))
    assert said == "127.0.0.1 was told to start it, but it does not run; its log says why."
    said = refused(lambda: nas((200, True), (200, [row("RUNNING")])).run(SERVICE, False))
    assert said == "127.0.0.1 was told to stop it, but it runs; its log says why."


def test_newer_ones_start_services_by_a_job(nas, server):
    done = {"state": "SUCCESS", "result": True}
    nas((200, 7), (200, [done]), (200, [row("RUNNING")]), version="25.10").run(SERVICE, True)
    assert server.seen[0][1] == "/api/v2.0/service/control"


def test_unreachable(nas):
    assert "refuses connections" in refused(lambda: nas(port=1).call("pool.query"))


def test_no_librarys_text_is_shown_unread(nas, server, monkeypatch):
    session = nas()
    error = __import__("requests").RequestException("sent 'Bearer 1-abc'")

    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(session._http._session, "request", fail)
    said = refused(lambda: session.call("pool.query"))
    assert said == f"cannot connect to the NAS: 127.0.0.1:{session._http.port} gave no answer that is HTTP (RequestException)."
