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
    language = "es_ES.UTF-8" if host.backend.get_hostname() == "debian" else "C.UTF-8"
    assert host.file("/etc/locale.conf").content_string == f"LANG={language}\n"
    assert host.check_output("su -l vmware -c 'locale charmap' 2>&1") == "UTF-8"
    assert host.file("/etc/default/keyboard").contains("^XKBLAYOUT=us,es$")


def test_user_logs_in_by_key(host):
    user = host.user("vmware")
    assert user.shell == "/bin/bash"
    assert "adm" in user.groups
    assert user.password.startswith("$6$")
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


def test_services_have_the_proxy_and_lose_it(host, proxied, run_role):
    # One with a password is not for them: everybody may ask systemd for it.
    def environment():
        return host.check_output("systemd-run --quiet --wait --pipe env; runuser -u nobody -- systemctl show-environment")

    assert "proxy" not in environment()
    if proxied:
        return
    assert run_role("--tags", "debian:install", debian_http_proxy="http://192.0.2.1:3128/").returncode == 0
    assert environment().count("http_proxy=http://192.0.2.1:3128/\n") == 2
    assert "no_proxy=localhost,127.0.0.1" in environment()
    assert run_role("--tags", "debian:install").returncode == 0
    assert "proxy" not in environment()


# SSH ---------------------------------------------------------------------------------------------------------------------


def test_a_password_does_not_let_in_over_ssh(host):
    offered = host.run(
        "ssh -o StrictHostKeyChecking=no -o PreferredAuthentications=none -v vmware@127.0.0.1 true 2>&1 || true"
    ).stdout
    assert "Authentications that can continue: publickey\n" in offered.replace("\r", "")
    settings = host.check_output("sshd -T").lower().split("\n")
    assert {"passwordauthentication no", "permitemptypasswords no", "x11forwarding no", "logingracetime 60"} <= set(settings)
    assert "permitrootlogin without-password" in settings


def test_a_password_lets_in_where_that_is_asked_for(host, run_role):
    assert run_role("--tags", "debian:ssh", debian_ssh_passwords=True).returncode == 0
    asked = "ssh -o StrictHostKeyChecking=no -o PreferredAuthentications=none -v {}@127.0.0.1 true 2>&1 || true"
    assert "password" in host.run(asked.format("vmware")).stdout.partition("can continue: ")[2]
    assert run_role("--tags", "debian:ssh").returncode == 0


def test_nobody_is_locked_out(run_role, host):
    refused = run_role("-e", "ansible_password=only-in-this-scenario-2", "--tags", "debian:preflight")
    assert refused.returncode == 2
    assert "nobody would get in any more" in refused.said
    assert "only-in-this-scenario-2" not in refused.said


# Packages ----------------------------------------------------------------------------------------------------------------


def test_security_updates_come_by_themselves(host, run_role):
    for name in ("Update-Package-Lists", "Unattended-Upgrade"):
        assert host.check_output(f"apt-config dump APT::Periodic::{name}").endswith('"1";')
    assert "Debian-Security" in host.check_output("unattended-upgrade --dry-run --debug 2>&1")
    assert host.service("apt-daily-upgrade.timer").is_enabled


def test_vmwares_tools_are_there_where_asked_for(host):
    assert host.package("open-vm-tools").is_installed == (host.backend.get_hostname() == "debian-bookworm")


def test_all_is_there_after_a_reboot(host, reboot):
    reboot()
    assert host.check_output("hostname --fqdn") == "webserver.example.org"
    assert host.check_output("date --date=2026-07-01T12:00:00Z +%H:%M%Z") == "14:00CEST"
    assert host.file("/etc/default/locale").linked_to == "/etc/locale.conf"
