"""What the role debian leaves on a Debian 13 machine."""


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
    assert host.file("/etc/default/keyboard").contains("^XKBLAYOUT=es$")


def test_user_logs_in_by_key_only(host):
    user = host.user("vmware")
    assert user.shell == "/bin/bash"
    assert "adm" in user.groups
    assert user.password.startswith("!")
    keys = host.file("/home/vmware/.ssh/authorized_keys")
    assert keys.mode == 0o600
    assert keys.user == "vmware"
    assert keys.content_string.strip().endswith(" teacher")


def test_no_proxy_where_none_was_asked_for(host):
    assert not host.file("/etc/profile.d/proxy.sh").exists
    assert "Proxy" not in host.check_output("apt-config dump Acquire::http")


def test_popularity_contest_is_not_there(host):
    assert not host.package("popularity-contest").is_installed
