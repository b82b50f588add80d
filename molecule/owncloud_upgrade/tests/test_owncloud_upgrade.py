"""From one release to the next: what the role does when it goes well, when it does not, and when it is cut off.

The releases are the stand-in's, packed as ownCloud packs its own.
"""

import json
import threading
import time

import pytest

PASSWORD = "only-in-this-scenario-2"
FILE = "http://localhost/remote.php/dav/files/admin/film.mp4"


def status(host):
    return json.loads(host.check_output("python3 -c %s", READ))


READ = "import urllib.request; print(urllib.request.urlopen('http://localhost/status.php').read().decode())"
FETCH = """
import base64, sys, urllib.request
request = urllib.request.Request(sys.argv[1], method=sys.argv[2], data=sys.argv[3].encode() or None)
request.add_header("Authorization", "Basic " + base64.b64encode(sys.argv[4].encode()).decode())
print(urllib.request.urlopen(request).read().decode())
"""


def file(host, method="GET", content=""):
    return host.check_output("python3 -c %s %s %s %s %s", FETCH, FILE, method, content, f"admin:{PASSWORD}").strip()


def upgraded(host):
    return host.check_output("mariadb -BN owncloud -e %s", "select count(*) from oc_appconfig where configkey = 'upgraded'")


@pytest.fixture
def is_old(host):
    """What has to hold of the old release, whatever was tried."""

    def check():
        now = status(host)
        assert (now["versionstring"], now["maintenance"]) == ("1.0.0", False)
        assert file(host) == "vMotion"
        assert upgraded(host) == "0"
        assert not host.file("/var/www/owncloud.old").exists
        assert host.check_output("occ config:system:get loglevel") == "1"

    return check


def test_what_is_no_release_changes_nothing(host, run_role, is_old):
    file(host, "PUT", "vMotion")
    refused = run_role(owncloud_release="none")
    assert refused.returncode == 2
    assert "there is no occ in it; nothing was changed" in refused.said, refused.said
    is_old()


def test_an_upgrade_that_fails_leaves_the_old_release_with_its_data(host, run_role, is_old):
    refused = run_role(owncloud_release="broken")
    assert refused.returncode == 2
    assert "the old release is in place again, with its database. It said: it cannot" in refused.said, refused.said
    is_old()
    assert "changed=0" in run_role().said


def test_an_upgrade_that_is_cut_off_is_taken_back_by_the_next_run(host, run_role, is_old):
    slow = threading.Thread(target=run_role, kwargs={"owncloud_release": "slow"})
    slow.start()
    # It sleeps in the middle of occ upgrade, which has changed the database by then.
    deadline = time.monotonic() + 240
    while upgraded(host) == "0" and time.monotonic() < deadline:
        time.sleep(1)
    assert upgraded(host) == "1"
    host.run("pkill -KILL -f '[o]wncloud-upgrade'; pkill -KILL -f '[o]cc upgrade'")
    slow.join()
    assert host.file("/var/www/owncloud.old").exists
    done = run_role()
    assert done.returncode == 0, done.said
    is_old()


def test_no_secret_is_shown_or_left(host, run_role):
    done = run_role("-vvv", "--diff", owncloud_release="broken")
    assert done.returncode == 2
    assert "only-in-" not in done.said
    dumps = host.check_output("find /var/backups/owncloud -type f -perm /077")
    assert dumps == ""


def test_the_next_release_takes_its_place(host, run_role):
    done = run_role(owncloud_release="new")
    assert done.returncode == 0, done.said
    assert status(host)["versionstring"] == "2.0.0"
    assert status(host)["maintenance"] is False
    assert file(host) == "vMotion"
    assert upgraded(host) == "1"
    assert host.check_output("occ config:system:get loglevel") == "1"
    assert "changed=0" in run_role(owncloud_release="new").said
    assert host.check_output("ls -d /var/www/owncloud* /var/cache/owncloud-next*; true") == "/var/www/owncloud"
