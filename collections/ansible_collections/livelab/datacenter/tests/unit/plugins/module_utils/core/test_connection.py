# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that connect, and how hosts are compared."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core import connection
from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import same_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

GOOD = {
    "hostname": "nas.example.org",
    "port": 443,
    "username": "root",
    "password": "secret-1",
    "validate_certs": True,
    "timeout": 60,
}


@pytest.mark.parametrize("host", ["nas", "NAS.example.org.", "192.168.1.1", "::1", "[fe80::1]", "a_b.example"])
def test_hosts(host):
    connection.check({**GOOD, "hostname": host})


@pytest.mark.parametrize(("option", "value", "said"), [
    ("hostname", "", "hostname: ''"),
    ("hostname", "https://nas", "Leave out the scheme"),
    ("hostname", "nas:8443", "Leave out the scheme, the port"),
    ("hostname", "my nas", "my nas"),
    ("hostname", "a" * 64, "host name"),
    ("hostname", "nas\n", "hostname"),
    ("port", 0, "port: 0"),
    ("port", 70000, "70000"),
    ("port", -1, "1 to 65535"),
    ("timeout", 0, "timeout: 0"),
    ("timeout", -5, "timeout: -5"),
    ("timeout", 10**12, "86400"),
    ("username", "root\n", "username: 'root"),
    ("thumbprint", "AB:CD", "thumbprint: 'AB:CD'"),
])
def test_refused_by_name_and_range(option, value, said):
    with pytest.raises(ConvergeError) as error:
        connection.check({**GOOD, option: value})
    assert said in str(error.value)


@pytest.mark.parametrize("password", ["secret-1\n", "se\rcret", "se\x00cret"])
def test_a_secret_that_is_no_header_is_refused_by_name_and_not_shown(password):
    with pytest.raises(ConvergeError, match="password: the value has a line end") as error:
        connection.check({**GOOD, "password": password})
    assert "cret" not in str(error.value)


@pytest.mark.parametrize(("one", "other"), [
    ("ESXi1.lab.local", "esxi1.LAB.local"),
    ("nas.lab.", "nas.lab"),
    ("2001:DB8:0:0::1", "2001:db8::1"),
    ("[::1]", "::1"),
])
def test_the_same_host(one, other):
    assert same_host(one, other)


@pytest.mark.parametrize(("one", "other"), [("esxi1", "esxi1.lab"), ("10.0.0.1", "10.0.0.10"), ("::1", "::2")])
def test_other_hosts(one, other):
    assert not same_host(one, other)


def test_retrying_is_for_what_may_pass(monkeypatch):
    monkeypatch.setattr(connection, "_FIRST_WAIT", 0)
    tried = []

    def call():
        tried.append(1)
        raise ConnectionResetError

    for passing, times in ((True, 3), (False, 1)):
        tried.clear()
        with pytest.raises(ConnectionResetError):
            connection.retrying(call, lambda _error, it=passing: it)
        assert len(tried) == times


def test_options_have_their_environment_and_a_client_says_what_differs():
    spec = connection.argument_spec(
        connection.options("NAS", username={"type": "str", "default": "root"}), state={"type": "str"}
    )
    assert spec["hostname"]["fallback"][1] == ["NAS_HOST"]
    assert spec["username"] == {"type": "str", "default": "root"}
    assert spec["password"]["no_log"] is True
    assert "env" not in spec["port"]
    assert spec["state"] == {"type": "str"}
