# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names, IP addresses and ports."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import (
    canonical_host,
    check_host,
    check_port,
    is_address,
    same_host,
    url_host,
)
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

LABEL = "a" * 63
LONGEST = f"{LABEL}.{LABEL}.{LABEL}.{'a' * 61}"


@pytest.mark.parametrize("host", ["[::1]", "[1:2:3:4:5:6:7:8]", "X", "NAS.example.org.", "X.example", "a", "10.0.0.1", LONGEST])
def test_a_host(host):
    check_host("hostname", host)


@pytest.mark.parametrize(("host", "hint"), [
    (LONGEST + "a", ""),
    (f"{LABEL}a.example", ""),
    ("-a.example", ""),
    ("a-.example", ""),
    ("a..example", ""),
    ("nas.lab.X X", ""),
    # Brackets are for IPv6 alone.
    ("[nas.lab]", ""),
    ("[10.0.0.1]", ""),
    ("[nas", ""),
    ("nas]", ""),
    ("nas/api", " Leave out the scheme, the port and the path."),
    ("nas:443", " Leave out the scheme, the port and the path."),
    ("[::1]:443", " Leave out the scheme, the port and the path."),
])
def test_no_host(host, hint):
    with pytest.raises(ConvergeError) as caught:
        check_host("address", host)
    assert str(caught.value) == f"address: '{host}' is not a host name or an IP address.{hint}"


def test_ports_begin_and_end():
    check_port("port", 1)
    check_port("port", 65535)
    for port in (0, 65536):
        with pytest.raises(ConvergeError) as caught:
            check_port("port", port)
        assert str(caught.value) == f"port: {port} is not a TCP port; it must be from 1 to 65535."


def test_an_address_has_a_version():
    assert (is_address("10.0.0.1"), is_address("10.0.0.1", 4), is_address("10.0.0.1", 6)) == (True, True, False)
    assert (is_address("::1", 6), is_address("::1", 4), is_address("nas", 4), is_address("nas")) == (True, False, False, False)


def test_hosts_are_compared_as_their_owners_do():
    assert canonical_host(" [2001:DB8:0::1] ") == "2001:db8::1"
    assert canonical_host("ESXi1.Lab.") == "esxi1.lab"
    assert same_host("ESXI1", "esxi1.")
    assert not same_host("ESX", "ES")


def test_only_ipv6_addresses_need_brackets_in_a_url():
    assert [url_host(host) for host in ("nas.lab", "10.0.0.1", "::1", "[::1]")] == ["nas.lab", "10.0.0.1", "[::1]", "[::1]"]
