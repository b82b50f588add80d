"""What the role apache leaves on a Debian machine."""

import re

import pytest


def get(host, url, method="GET", name="thesis.example.org"):
    """The answer of the server in the machine: (status, header fields in small letters, body)."""
    script = (
        "import sys, ssl, urllib.request, urllib.error\n"
        "class Plain(urllib.request.HTTPRedirectHandler):\n"
        "    def redirect_request(self, *a): return None\n"
        "context = ssl._create_unverified_context()\n"
        "opener = urllib.request.build_opener(Plain, urllib.request.HTTPSHandler(context=context))\n"
        "request = urllib.request.Request(sys.argv[1], method=sys.argv[2], headers={'Host': sys.argv[3]})\n"
        "try: answer = opener.open(request)\n"
        "except urllib.error.HTTPError as error: answer = error\n"
        "print(answer.status); print(answer.headers); print(answer.read().decode())\n"
    )
    out = host.check_output("python3 -c %s %s %s %s", script, url, method, name)
    status, _, rest = out.partition("\n")
    head, _, body = rest.partition("\n\n")
    return int(status), dict(line.lower().split(": ", 1) for line in head.splitlines() if ": " in line), body


def test_runs_and_starts_with_the_machine(host):
    assert host.service("apache2").is_running
    assert host.service("apache2").is_enabled


@pytest.mark.parametrize("port", [80, 8081])
def test_listens_where_it_was_told_to(host, port):
    assert host.socket(f"tcp://127.0.0.1:{port}").is_listening
    assert not host.socket(f"tcp://0.0.0.0:{port}").is_listening


@pytest.mark.parametrize("port", [443, 8443])
def test_listens_where_its_sites_are(host, port):
    assert host.socket(f"tcp://:::{port}").is_listening


def test_listens_once_for_one_address_in_two_spellings(host):
    assert host.socket("tcp://::1:8081").is_listening
    assert not any("9999" in socket for socket in host.socket.get_listening_sockets())


def test_a_path_may_have_spaces_brackets_and_quotes(host):
    assert get(host, "https://127.0.0.1:8443/")[2].strip() == "mine"


def test_a_header_has_its_value_to_the_letter(host):
    _, header, _ = get(host, "http://127.0.0.1/")
    assert header["x-percent"] == '100% "sure" \\o/'
    assert header["x-yes"] == "true"


def test_a_port_that_is_taken_leaves_the_server_as_it_was(host, run_role):
    host.check_output("systemd-run --quiet --unit taken python3 -m http.server --bind 127.0.0.1 8090")
    try:
        before = host.file("/etc/apache2/ports.conf").content_string
        done = run_role(apache_listen=["127.0.0.1:80", "127.0.0.1:8090"])
        assert done.returncode == 2
        assert "could not bind to address 127.0.0.1:8090" in done.said, done.said
        assert "What was there before is in place again and in use" in done.said
        assert host.file("/etc/apache2/ports.conf").content_string == before
        assert get(host, "http://127.0.0.1/")[0] == 200
    finally:
        host.check_output("systemctl stop taken")


def test_site_is_served_with_its_own_header(host):
    status, header, body = get(host, "http://127.0.0.1/")
    assert (status, body.strip(), header["x-site"]) == (200, "vMotion", "thesis")


def test_site_with_a_certificate_speaks_tls(host):
    status, _, body = get(host, "https://thesis.example.org/")
    assert (status, body.strip()) == (200, "vMotion")


def test_tells_nothing_of_version_and_system(host):
    _, header, _ = get(host, "http://127.0.0.1/")
    assert header["server"] == "apache"
    assert header["x-content-type-options"] == "nosniff"
    _, _, page = get(host, "http://127.0.0.1/not-there")
    assert not re.search(r"Apache/2|Debian", page)


def test_trace_is_refused(host):
    assert get(host, "http://127.0.0.1/", "TRACE")[0] == 405


def test_leftovers_of_editors_are_not_served(host):
    assert get(host, "http://127.0.0.1/index.html~")[0] == 403


def test_default_site_is_off(host):
    assert not host.file("/etc/apache2/sites-enabled/000-default.conf").exists


def test_configuration_is_sound(host):
    assert "Syntax OK" in host.run("apache2ctl configtest").stderr


# Over TLS ----------------------------------------------------------------------------------------------------------------


def certificate(host, name, what):
    """A line of what OpenSSL says of the certificate that is served under a name."""
    return host.check_output(
        "openssl s_client -connect 127.0.0.1:443 -servername %s </dev/null 2>/dev/null | openssl x509 -noout %s", name, what
    )


def test_a_certificate_of_its_own_is_for_the_names(host):
    names = host.check_output(
        "openssl s_client -connect 127.0.0.1:443 -servername own.example.org </dev/null 2>/dev/null"
        " | openssl x509 -noout -ext subjectAltName"
    )
    assert "DNS:own.example.org, DNS:www.own.example.org" in names
    key = host.file("/etc/apache2/tls/own name.key")
    assert (key.user, key.mode) == ("root", 0o600)


def test_a_certificate_of_its_own_follows_the_names(host, run_role):
    sites = [{"name": "own name", "document_root": "/srv/thesis", "server_name": "new.example.org", "tls": "self-signed"}]
    assert run_role(apache_sites=sites).returncode == 0
    assert certificate(host, "new.example.org", "-subject").endswith("new.example.org")
    assert run_role().returncode == 0
    assert certificate(host, "own.example.org", "-subject").endswith("own.example.org")


def test_the_authority_gave_a_certificate(host):
    assert "Pebble Intermediate" in certificate(host, "acme.example.org", "-issuer")
    assert get(host, "https://acme.example.org/", name="acme.example.org")[2].strip() == "vMotion"


@pytest.mark.parametrize("name", ["own.example.org", "acme.example.org"])
def test_plain_http_leads_to_tls(host, name):
    status, header, _ = get(host, "http://127.0.0.1/a/b?c=d", name=f"www.{name}")
    assert (status, header["location"]) == (301, f"https://{name}/a/b?c=d")


@pytest.mark.parametrize(("version", "taken"), [("tls1_1", False), ("tls1_2", True), ("tls1_3", True)])
def test_old_tls_is_not_spoken(host, version, taken):
    done = host.run(f"openssl s_client -connect 127.0.0.1:443 -{version} -cipher ALL:@SECLEVEL=0 </dev/null")
    assert ("Cipher is (NONE)" not in done.stdout) == taken


# What it serves ----------------------------------------------------------------------------------------------------------


def test_a_part_of_a_file(host):
    answer = host.check_output(
        "printf 'GET / HTTP/1.1\\r\\nHost: thesis.example.org\\r\\nRange: bytes=1-3\\r\\n"
        "Connection: close\\r\\n\\r\\n' | python3 -c %s",
        PLAIN,
    )
    assert answer.startswith("HTTP/1.1 206")
    assert "Content-Range: bytes 1-3/8" in answer
    assert answer.endswith("Mot")


# What comes on standard input goes to port 80, and its answer to standard output.
PLAIN = """
import socket, sys
s = socket.create_connection(("127.0.0.1", 80))
s.sendall(sys.stdin.buffer.read())
sys.stdout.write(b"".join(iter(lambda: s.recv(65536), b"")).decode())
"""


def test_php_runs_apart_and_a_header_comes_once(host):
    answer = host.check_output(
        "printf 'GET /sapi.php HTTP/1.1\\r\\nHost: thesis.example.org\\r\\nConnection: close\\r\\n\\r\\n' | python3 -c %s", PLAIN
    )
    head, _, body = answer.partition("\r\n\r\n")
    assert "fpm-fcgi" in body
    assert head.lower().count("x-content-type-options:") == 1
    assert "mpm_event" in host.check_output("apache2ctl -M")
    assert "pm.max_children = 7" in host.check_output("/usr/sbin/php-fpm* -tt 2>&1")


def test_logs_are_rotated(host):
    host.check_output("logrotate --force /etc/logrotate.d/apache2")
    assert get(host, "http://127.0.0.1/")[0] == 200
    assert host.file("/var/log/apache2/thesis-access.log.1").size > 0
    assert host.file("/var/log/apache2/thesis-access.log").contains("GET / ")


def test_all_is_there_after_a_reboot(host, reboot):
    reboot()
    assert get(host, "http://127.0.0.1/")[2].strip() == "vMotion"
    assert get(host, "https://acme.example.org/", name="acme.example.org")[0] == 200
    assert get(host, "http://127.0.0.1/sapi.php")[2].strip() == "fpm-fcgi"
