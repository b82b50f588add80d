"""What the role apache leaves on a Debian machine."""

import re

import pytest


def get(host, url, *options):
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
    method, name = (*options, "GET", "thesis.example.org")[:2] if options else ("GET", "thesis.example.org")
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
    status, _, body = get(host, "https://127.0.0.1/")
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
