# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role apache makes of its variables."""

import pytest

from tests.support.source import load

TLS = {"name": "tls", "document_root": "/srv", "tls_certificate": "/c", "tls_key": "/k"}
PLAIN = {"name": "plain", "document_root": "/srv"}


@pytest.fixture(scope="module")
def apache():
    return load("roles/apache/filter_plugins/apache.py")


@pytest.mark.parametrize(
    ("entries", "sites", "places"),
    [
        (["80"], [], ["80"]),
        ([80], [PLAIN], ["80"]),
        (["80", "443"], [TLS], ["80", "443"]),
        (["80"], [TLS], ["80", "443"]),
        (["80", "*:443", "[::]:443"], [TLS], ["80", "443"]),
        (["80", "127.0.0.1:80", "[::1]:80"], [], ["80"]),
        (["0.0.0.0:80", "127.0.0.1:80", "[::1]:80"], [], ["0.0.0.0:80", "[::1]:80"]),
        (["0.0.0.0:80", "[::]:80"], [], ["80"]),
        (["[2001:DB8:0::1]:80", "[2001:db8::1]:80"], [], ["[2001:db8::1]:80"]),
        (["127.0.0.1:443"], [TLS], ["127.0.0.1:443"]),
        (["80", "443 https"], [TLS], ["80", "443 https"]),
        (["8443 https", "80"], [TLS | {"listen": "*:8443"}], ["8443 https", "80"]),
        (["80"], [TLS | {"listen": "192.0.2.1:8443"}], ["80", "192.0.2.1:8443 https"]),
        (["80"], [PLAIN | {"listen": "*:8080 [::1]:8081"}], ["80", "8080", "[::1]:8081"]),
        (["80"], [TLS | {"state": "absent"}], ["80"]),
        (["8080"], [PLAIN], ["8080"]),
        (["443"], [TLS | {"redirect": True}], ["443", "80"]),
        (["80"], [{"name": "a", "document_root": "/srv", "tls": "acme"}], ["80", "443"]),
        (["localhost:80", "LOCALHOST:80"], [], ["localhost:80"]),
    ],
)
def test_where_it_listens(apache, entries, sites, places):
    assert apache.listen(entries, sites) == places


def test_a_plain_site_is_where_plain_ports_are(apache):
    assert apache.site_addresses(PLAIN, ["8080", "127.0.0.1:81", "443", "8443 https"]) == "*:81 *:8080"
    assert apache.site_addresses(PLAIN, []) == "*:80"
    assert apache.site_addresses(TLS, ["8080"]) == "*:443"


@pytest.mark.parametrize(
    ("value", "words"),
    [("a b", '"a b"'), ('a"b', '"a\\"b"'), ("a\\b", '"a\\\\b"'), ("ünï%#$", '"ünï%#$"'), (5, '"5"')],
)
def test_a_word(apache, value, words):
    assert apache.word(value) == words


def test_a_path_is_no_pattern(apache):
    assert apache.folder("/srv/[a]*?") == '"/srv/[[]a][*][?]"'


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("100%", ['Header always set X "100%%"']),
        (True, ['Header always set X "true"']),
        (0, ['Header always set X "0"']),
        (["a", "b"], ['Header always set X "a"', 'Header always add X "b"']),
        (None, ["Header always unset X"]),
    ],
)
def test_a_header(apache, value, lines):
    assert apache.header("X", value) == ["Header onsuccess unset X", *lines]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"listen": ["0"]}, '"0" is no place to listen on'),
        ({"listen": ["65536"]}, '"65536" is no place'),
        ({"listen": ["80\n81"]}, "is no place to listen on"),
        ({"listen": ["::1:80"]}, '"::1:80" is no place'),
        ({"listen": []}, "apache_listen is empty"),
        ({"sites": [PLAIN | {"listen": "*:http"}]}, 'The site "plain" has listen "*:http"'),
        ({"sites": [PLAIN | {"tls_key": "/k"}]}, 'The site "plain" has one of tls_certificate and tls_key'),
        ({"sites": [PLAIN, PLAIN]}, 'apache_sites has "plain" twice'),
        ({"sites": [PLAIN | {"name": "../x"}]}, 'A site is called "../x"'),
        ({"sites": [PLAIN | {"document_root": "/srv\nRequire"}]}, "with a line end or another control character"),
        ({"sites": [PLAIN | {"server_name": "a b"}]}, 'the host name "a b", with a space'),
        (
            {"sites": [TLS | {"tls": "acme", "server_name": "a"}], "acme_contact": "a@b"},
            'The site "tls" has tls and tls_certificate',
        ),
        ({"sites": [PLAIN | {"tls": "self-signed"}]}, 'The site "plain" has no server_name, which tls needs'),
        ({"sites": [PLAIN | {"redirect": True, "server_name": "a"}]}, 'The site "plain" has redirect and no certificate'),
        ({"sites": [TLS | {"redirect": True}]}, 'The site "tls" has no server_name, which redirect needs'),
        ({"sites": [PLAIN | {"tls": "acme", "server_name": "a"}]}, 'apache_acme_contact is ""'),
        ({"acme_directory": "http://ca.example.org"}, 'apache_acme_directory is "http://ca.example.org"'),
        ({"workers": "0"}, 'apache_max_request_workers is "0"'),
        ({"server_name": ""}, "apache_server_name"),
        ({"headers": {"X Y": "1"}}, 'apache_headers has the name "X Y"'),
        ({"headers": {"X": "a\r\nb"}}, 'apache_headers gives "X" the value'),
        ({"headers": {"X": {"a": 1}}}, 'apache_headers gives "X" the value'),
        ({"headers": {"X": "expr=1"}}, 'apache_headers gives "X" the value'),
    ],
)
def test_what_no_apache_could_take_is_named(apache, variables, said):
    good = {"listen": ["80"], "sites": [], "server_name": "localhost", "headers": {"X": "1"}}
    good |= {"acme_contact": "", "acme_directory": "https://ca.example.org/dir", "workers": "auto"}
    assert apache.faults(good) == []
    found = apache.faults(good | variables)
    assert len(found) == 1
    assert said in found[0]


def test_the_way_to_a_site_over_tls(apache):
    site = TLS | {"server_name": "a.example.org"}
    assert apache.https(site) == "https://a.example.org"
    assert apache.https(site | {"listen": "*:8443"}) == "https://a.example.org:8443"


def test_a_certificate_of_its_own_has_a_place(apache):
    site = PLAIN | {"tls": "self-signed", "server_name": "a", "server_aliases": ["b"]}
    assert apache.sites([site, PLAIN | {"state": "absent"}]) == [
        site | {"tls_certificate": "/etc/apache2/tls/plain.pem", "tls_key": "/etc/apache2/tls/plain.key"}
    ]
    assert apache.names(site) == ["a", "b"]


@pytest.mark.parametrize(("kibibytes", "count"), [(484_000, 29), (100_000, 24), (2_000_000, 122), (65_800_000, 256)])
def test_no_more_processes_than_memory(apache, kibibytes, count):
    assert apache.workers(f"MemTotal: {kibibytes} kB") == count
