# SPDX-License-Identifier: GPL-3.0-or-later
"""Which dialect is spoken, what was found where none is, and the options that lead to no NAS."""

from __future__ import annotations

import http.server

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api import connect as module
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import Dialect, NotSpoken

pytest.importorskip("requests")

NEWER, V2, V1 = "/api/versions", "/api/v2.0/system/version", "/api/v1.0/system/version/"
HTML = (404, "text/html", b"<html>")
LOGIN = (401, "text/plain", b"401: Unauthorized")


def refused(params):
    with pytest.raises(ConvergeError) as caught:
        module.connect(params)
    return str(caught.value)


@pytest.fixture
def only_v2(monkeypatch):
    monkeypatch.setattr(module, "DIALECTS", {"v2.0": module.DIALECTS["v2.0"]})


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ({NEWER: (200, "application/json", b'["v25.10.5", "v26.0.0"]')}, "it is a TrueNAS 26.0.0, which speaks JSON-RPC."),
        ({V1: LOGIN}, "it is a FreeNAS or TrueNAS that speaks API v1.0."),
        (
            {"/": (302, "text/html", b"")},
            "it is no FreeNAS or TrueNAS: it answers with HTTP status 302 and calls itself 'stub/1.0'.",
        ),
        (
            {NEWER: (200, "application/json", b"{}")},
            "it is no FreeNAS or TrueNAS: it answers with HTTP status 404 and calls itself 'stub/1.0'.",
        ),
        (
            {NEWER: (200, "text/html", b"<html>")},
            "it is no FreeNAS or TrueNAS: it answers with HTTP status 404 and calls itself 'stub/1.0'.",
        ),
    ],
)
def test_a_server_that_is_something_else_is_called_what_it_is(options, server, only_v2, paths, found):
    server.paths.update({"*": HTML, **paths})
    where = f"127.0.0.1:{options['port']} does not speak API v2.0 (REST): "
    assert refused(options) == where + found
    assert refused({**options, "api_version": "v2.0"}) == f"{where}{found} Set 'api_version' to auto."


def test_nobody_is_asked_who_he_is_with_a_password(options, server, only_v2):
    server.paths["*"] = HTML
    refused(options)
    asked = {path: login for _command, path, login, _body in server.seen[1:]}
    assert set(asked.values()) == {None}


def test_a_wrong_password_is_no_other_dialect(options, server, only_v2):
    server.paths["*"] = LOGIN
    assert "refuses the login" in refused(options)
    assert len(server.seen) == 1


class Spoken(Dialect):
    label = "one"

    @classmethod
    def open(cls, params):
        return cls()


class Foreign(Dialect):
    label = "another"

    @classmethod
    def open(cls, params):
        raise NotSpoken("no")


def test_the_newest_that_is_spoken_is_taken(options, monkeypatch):
    monkeypatch.setattr(module, "DIALECTS", {"newest": Foreign, "newer": Spoken, "old": Foreign})
    assert isinstance(module.connect(options), Spoken)
    assert isinstance(module.connect({**options, "api_version": "newer"}), Spoken)


def test_what_was_asked_is_said(options, server, monkeypatch):
    server.paths["*"] = HTML
    monkeypatch.setattr(module, "DIALECTS", {"newest": Foreign, "newer": Foreign})
    assert "does not speak another or another: " in refused(options)
    assert "does not speak another: " in refused({**options, "api_version": "newer"})


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"password": None}, "one of 'password' and 'api_key' is needed to log in to the NAS."),
        ({"password": ""}, "one of 'password' and 'api_key' is needed to log in to the NAS."),
        (
            {"api_key": "1-s3cret\n"},
            "api_key: the value has a line end or another control character in it; was it read from a file "
            "with the line end at its end?",
        ),
        (
            {"password": "s3cret\n"},
            "password: the value has a line end or another control character in it; was it read from a file "
            "with the line end at its end?",
        ),
        ({"api_key": "1-s3crét"}, "api_key: the value has a space or a letter beyond ASCII in it, which no API key has."),
        ({"api_key": "1-s3c ret"}, "api_key: the value has a space or a letter beyond ASCII in it, which no API key has."),
        ({"username": "a:b"}, "username: 'a:b' has a colon in it, which a login over HTTP cannot have."),
        (
            {"thumbprint": "x"},
            "thumbprint: 'x' is not a thumbprint; it must be the 64 hex digits of a SHA-256 thumbprint, with or without colons.",
        ),
        ({"timeout": 0}, "timeout: 0 must be from 1 to 86400 seconds."),
        ({"port": 70000}, "port: 70000 is not a TCP port; it must be from 1 to 65535."),
    ],
)
def test_options_that_lead_to_no_nas(options, params, said):
    text = refused({**options, **params})
    assert text == said
    assert "s3c" not in text


def test_a_colon_is_no_matter_with_a_key():
    module.check(
        {
            "hostname": "nas",
            "port": 443,
            "username": "a:b",
            "password": None,
            "api_key": "1-abc",
            "timeout": 60,
            "thumbprint": None,
        }
    )


def test_a_server_that_does_not_say_what_it_is(options, server, only_v2, monkeypatch):
    server.paths["*"] = HTML
    monkeypatch.setattr(server.RequestHandlerClass, "send_response", http.server.BaseHTTPRequestHandler.send_response_only)
    assert refused(options).endswith("it is no FreeNAS or TrueNAS: it answers with HTTP status 404.")
