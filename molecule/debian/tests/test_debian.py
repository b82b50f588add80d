"""What the role debian leaves on Debian machines, one of them behind a proxy that wants a password."""

import pytest


def test_name_resolves_without_a_network(host):
    assert host.check_output("hostname") == "webserver"
    assert host.file("/etc/hostname").content_string.strip() == "webserver"
    assert host.check_output("hostname --fqdn") == "webserver.example.org"


def test_clock_is_in_the_time_zone(host):
    assert host.check_output("date --date=2026-07-01T12:00:00Z +%H:%M%Z") == "14:00CEST"
    assert host.file("/etc/timezone").content_string == "Europe/Madrid\n"


def test_language_and_keyboard(host):
    # systemd-tmpfiles makes this link at each boot; a file in its place would be gone after the next one.
    assert host.file("/etc/default/locale").linked_to == "/etc/locale.conf"
    assert host.file("/etc/locale.conf").contains("^LANG=C.UTF-8$")
    assert host.file("/etc/default/keyboard").contains("^XKBLAYOUT=us,es$")


def test_user_logs_in_by_key_only(host):
    user = host.user("vmware")
    assert user.shell == "/bin/bash"
    assert "adm" in user.groups
    assert user.password.startswith("!")
    keys = host.file("/home/vmware/.ssh/authorized_keys")
    assert keys.mode == 0o600
    assert keys.user == "vmware"
    assert keys.content_string.strip().endswith(" teacher")


@pytest.fixture
def proxied(host):
    """Whether this is the machine with a proxy."""
    return host.backend.get_hostname() == "proxied"


def test_the_proxy_is_used_and_only_roots_to_read(host, proxied):
    if not proxied:
        assert not host.file("/etc/profile.d/proxy.sh").exists
        assert "Proxy" not in host.check_output("apt-config dump Acquire::http")
        return
    assert host.file("/var/lib/apt/lists").listdir(), "package lists came through the proxy"
    for path in ("/etc/apt/apt.conf.d/80proxy", "/etc/profile.d/proxy.sh"):
        assert host.file(path).mode == 0o600
    assert "127.0.0.1:3128" in host.check_output("apt-config dump Acquire::http::Proxy")
    asked = "echo $http_proxy $no_proxy"
    assert host.check_output("bash -lc %s", asked) == "http://student:p%40ss%2Fword@127.0.0.1:3128/ localhost,127.0.0.1"
    assert host.check_output("runuser -u vmware -- bash -lc %s", asked) == ""
    assert set(host.check_output("grep -rl %s /etc /var/log || true", "p%40ss").split()) == {
        "/etc/apt/apt.conf.d/80proxy",
        "/etc/profile.d/proxy.sh",
    }


def test_a_proxy_is_changed_and_taken_away_without_its_password_being_shown(host, proxied, run_role):
    if not proxied:
        return
    for proxy in ("http://student:n3w-secret@127.0.0.1:3128/", "", "http://student:p%40ss%2Fword@127.0.0.1:3128/"):
        done = run_role("--diff", "-vvv", debian_http_proxy=proxy, debian_apt_cache_valid_time=86400)
        assert done.returncode == 0, done.said
        assert "/etc/apt/apt.conf.d/80proxy" in done.said
        assert not any(word in done.said for word in ("n3w-secret", "p%40ss"))
        assert host.file("/etc/profile.d/proxy.sh").exists == bool(proxy)


def test_popularity_contest_is_not_there(host):
    assert not host.package("popularity-contest").is_installed
