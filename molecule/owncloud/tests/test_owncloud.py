"""What the role owncloud leaves on a Debian machine, and its WebDAV: the stand-in's, or ownCloud's own when that is given."""

import json
import os
import re
import time
import xml.etree.ElementTree as ElementTree
from base64 import b64decode, b64encode
from dataclasses import dataclass

import pytest

# What only the one says of itself, and has inside, is asked of it alone.
STAND_IN = not os.environ.get("OWNCLOUD_ARCHIVE")
DATABASE_PASSWORD, ADMIN, PASSWORD = "only-in-this-scenario-1", "admin", "only-in-this-scenario-2"
FILES = f"/remote.php/dav/files/{ADMIN}"
DAV = "{DAV:}"

# Runs in the machine, whose network is its own. The request comes in on standard input.
CLIENT = """
import base64, http.client, json, sys
one = json.load(sys.stdin)
connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=30)
connection.putrequest(one["method"], one["path"], skip_host=True, skip_accept_encoding=True)
for name, value in one["headers"].items():
    connection.putheader(name, value)
connection.endheaders(base64.b64decode(one["body"]))
answer = connection.getresponse()
body = base64.b64encode(answer.read()).decode()
print(json.dumps([answer.status, {k.lower(): v for k, v in answer.getheaders()}, body]))
"""


@dataclass
class Answer:
    """Status, header fields by small letters, and body."""

    status: int
    headers: dict
    body: bytes


@pytest.fixture
def ask(host):
    """Sends one request as the administrator, or as somebody else."""

    def send(method, path, body=b"", user=ADMIN, password=PASSWORD, name="localhost", **more):
        headers = {"Host": name} | {key.replace("_", "-"): str(value) for key, value in more.items()}
        if user:
            headers["Authorization"] = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
        if body or method == "PUT":
            headers.setdefault("Content-Length", str(len(body)))
        request = json.dumps({"method": method, "path": path, "headers": headers, "body": b64encode(body).decode()})
        out = host.check_output("printf %%s %s | python3 -c %s", request, CLIENT)
        status, fields, content = json.loads(out)
        return Answer(status, fields, b64decode(content))

    return send


@pytest.fixture
def query(host):
    """Runs one statement and returns its rows."""

    def run(sql):
        out = host.check_output("mariadb --batch --skip-column-names owncloud --execute %s", sql)
        return [line.split("\t") for line in out.splitlines()]

    return run


@pytest.fixture
def film(ask):
    """Ten thousand bytes, put on the server as film.mp4."""
    content = bytes(range(250)) * 40
    assert ask("PUT", f"{FILES}/film.mp4", content).status in (201, 204)
    return content


# Who it is -----------------------------------------------------------------------------------------------------------


def test_status_says_what_it_is(ask):
    answer = ask("GET", "/status.php", user="")
    status = json.loads(answer.body)
    assert (answer.status, status["installed"], status["maintenance"]) == (200, True, False)
    assert (status["edition"], status["product"]) == ("Community", "ownCloud")
    assert status["version"].count(".") == 3
    assert status.get("stand_in", False) == STAND_IN
    assert ("stand-in" in status["productname"]) == STAND_IN


def test_the_way_to_the_login_page(ask):
    answer = ask("GET", "/", user="")
    assert (answer.status, answer.headers["location"]) == (302, "/index.php/login")
    page = ask("GET", "/index.php/login", user="")
    assert page.status == 200
    assert (b"This is not ownCloud" in page.body) == STAND_IN


def test_fact_file_says_so_to_programs(host):
    fact = json.loads(host.file("/etc/ansible/facts.d/owncloud.fact").content_string)
    assert (fact["source"], fact["stand_in"]) == ("stand-in" if STAND_IN else "archive", STAND_IN)
    assert re.fullmatch("sha256:[0-9a-f]{64}", fact["sum"])


def test_name_that_is_not_trusted_is_refused(ask):
    assert ask("GET", f"{FILES}/", name="evil.example.org").status == 400
    assert ask("PROPFIND", f"{FILES}/", name="127.0.0.1:8080", Depth=0).status == 207


# Who gets in ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("user", "password"), [("", ""), (ADMIN, "wrong"), (ADMIN, ""), ("nobody", PASSWORD)])
def test_wrong_password_gets_nothing(ask, user, password):
    answer = ask("GET", f"{FILES}/film.mp4", user=user, password=password)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_the_case_of_a_user_name_does_not_matter(ask):
    assert ask("PROPFIND", f"{FILES}/", user=ADMIN.upper(), Depth=0).status == 207


def test_another_users_files_are_closed(host, ask, film):
    host.run("OC_PASS=only-in-this-scenario-3 occ user:add --password-from-env guest")
    assert "guest" in host.check_output("occ user:list")
    assert ask("GET", f"{FILES}/film.mp4").body == film
    assert ask("GET", f"{FILES}/film.mp4", user="guest", password="only-in-this-scenario-3").status == 404
    own = ask("PROPFIND", "/remote.php/dav/files/guest/", user="guest", password="only-in-this-scenario-3", Depth="0")
    assert own.status == 207


@pytest.mark.parametrize(
    "path",
    ["..%2Fguest%2Ffiles", "%2e%2e/%2e%2e/config/config.php", "a/%2E%2E/%2E%2E/x", "..%5Cx", "x%00y", "%ff"],
)
def test_no_path_leaves_the_users_files(host, ask, path):
    for method in ("GET", "PUT", "DELETE", "MKCOL"):
        assert ask(method, f"{FILES}/{path}").status in (400, 404)


def test_a_name_too_long_is_not_kept(host, ask):
    assert ask("PUT", f"{FILES}/{'x' * 251}", b"x").status == 500
    assert host.check_output("find /var/owncloud/admin/files -name 'xxxxx*'") == ""


def test_link_is_not_followed(host, ask):
    host.check_output("ln -sfn /etc /var/owncloud/admin/files/link")
    try:
        assert ask("GET", f"{FILES}/link/passwd").status == 403
        listed = ask("PROPFIND", f"{FILES}/", Depth=1).body
        assert b"/link" not in listed
    finally:
        host.check_output("rm /var/owncloud/admin/files/link")


@pytest.mark.parametrize("path", ["config/config.php", "lib/boot.php" if STAND_IN else "lib/base.php", "occ", "config/"])
def test_program_itself_is_not_served(ask, path):
    assert ask("GET", f"/{path}", user="").status == 403


# Files ---------------------------------------------------------------------------------------------------------------


def test_file_comes_back_as_it_went(ask, film):
    answer = ask("GET", f"{FILES}/film.mp4")
    assert (answer.status, answer.body) == (200, film)
    assert answer.headers["content-type"] == "video/mp4"
    head = ask("HEAD", f"{FILES}/film.mp4")
    assert (head.status, head.headers["content-length"], head.body) == (200, "10000", b"")
    assert ask("GET", "/remote.php/webdav/film.mp4").body == film


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-99", 0, 99), ("bytes=100-", 100, 9999), ("bytes=-10", 9990, 9999), ("bytes=9990-99999", 9990, 9999)],
)
def test_range(ask, film, asked, first, last):
    answer = ask("GET", f"{FILES}/film.mp4", Range=asked)
    assert (answer.status, answer.body) == (206, film[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/10000"


@pytest.mark.parametrize("asked", ["bytes=10000-", "bytes=5-2"])
def test_range_that_is_not_there(ask, film, asked):
    answer = ask("GET", f"{FILES}/film.mp4", Range=asked)
    assert answer.status == 416
    assert "content-range" not in answer.headers


def test_the_last_none_bytes_are_all(ask, film):
    answer = ask("GET", f"{FILES}/film.mp4", Range="bytes=-0")
    assert (answer.status, answer.body) == (206, film)


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=0-1,5-6", "bytes=-"])
def test_range_that_is_not_understood_gets_all(ask, film, asked):
    assert ask("GET", f"{FILES}/film.mp4", Range=asked).status == 200


def test_if_range_and_if_none_match(ask, film):
    etag = ask("HEAD", f"{FILES}/film.mp4").headers["etag"]
    assert ask("GET", f"{FILES}/film.mp4", Range="bytes=0-9", If_Range=etag).status == 206
    assert ask("GET", f"{FILES}/film.mp4", Range="bytes=0-9", If_Range='"other"').status == 200
    assert ask("GET", f"{FILES}/film.mp4", If_None_Match=etag).status == 304


def test_put_tells_new_from_known_and_changes_the_etag(ask):
    ask("DELETE", f"{FILES}/note.txt")
    assert ask("PUT", f"{FILES}/note.txt", b"one").status == 201
    before = ask("HEAD", f"{FILES}/note.txt").headers["etag"]
    assert ask("PUT", f"{FILES}/note.txt", b"two").status == 204
    assert ask("HEAD", f"{FILES}/note.txt").headers["etag"] != before
    assert ask("PUT", f"{FILES}/note.txt", b"x", If_None_Match="*").status == 412
    assert ask("PUT", f"{FILES}/note.txt", b"x", If_Match=before).status == 412
    assert ask("GET", f"{FILES}/note.txt").body == b"two"


def test_put_in_a_part_or_in_no_folder_is_refused(ask):
    assert ask("PUT", f"{FILES}/note.txt", b"x", Content_Range="bytes 0-0/9").status == 400
    assert ask("PUT", f"{FILES}/no/such/folder.txt", b"x").status == 409


def test_interrupted_put_leaves_what_was_there(host, ask, film):
    script = (
        "import base64, socket\n"
        f"token = base64.b64encode(b'{ADMIN}:{PASSWORD}').decode()\n"
        "s = socket.create_connection(('127.0.0.1', 80))\n"
        f"s.sendall(('PUT {FILES}/film.mp4 HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Basic ' + token +\n"
        "    '\\r\\nContent-Length: 5000\\r\\n\\r\\n').encode() + b'x' * 100)\n"
        "s.shutdown(socket.SHUT_WR); s.recv(1000)\n"
    )
    host.check_output("python3 -c %s", script)
    assert ask("GET", f"{FILES}/film.mp4").body == film
    assert host.check_output("find /var/owncloud/admin/uploads -type f") == ""


def test_folders(ask, query):
    for name in ("series", "moved"):
        ask("DELETE", f"{FILES}/{name}")
    assert ask("MKCOL", f"{FILES}/series").status == 201
    assert ask("MKCOL", f"{FILES}/series").status == 405
    assert ask("MKCOL", f"{FILES}/none/there").status == 409
    assert ask("PUT", f"{FILES}/series/a%20%26%20%C3%A9.txt", b"abc").status == 201
    moved = ask("MOVE", f"{FILES}/series", Destination=f"http://localhost{FILES}/moved")
    assert moved.status == 201
    assert ask("GET", f"{FILES}/moved/a%20%26%20%C3%A9.txt").body == b"abc"
    assert query("select count(*) from oc_filecache where path like 'files/series%'") == [["0"]]
    assert ask("MOVE", f"{FILES}/moved", Destination=f"http://localhost{FILES}/moved/in").status == 409
    assert ask("MOVE", f"{FILES}/moved", Destination="http://elsewhere.example.org/x").status == 502
    assert ask("DELETE", f"{FILES}/moved").status == 204
    assert ask("DELETE", f"{FILES}/").status == 403
    assert query("select count(*) from oc_filecache where path like 'files/moved%'") == [["0"]]


def test_list(ask, film):
    ask("PUT", f"{FILES}/a%20%3C%26.txt", b"abc")
    answer = ask("PROPFIND", f"{FILES}/", Depth=1)
    assert answer.status == 207
    found = {one.findtext(f"{DAV}href"): one for one in ElementTree.fromstring(answer.body).iter(f"{DAV}response")}
    assert found.keys() >= {f"{FILES}/", f"{FILES}/a%20%3C%26.txt"}
    assert found[f"{FILES}/"].find(f".//{DAV}collection") is not None
    assert found[f"{FILES}/film.mp4"].findtext(f".//{DAV}getcontentlength") == "10000"
    alone = ElementTree.fromstring(ask("PROPFIND", f"{FILES}/film.mp4", Depth=0).body)
    assert len(alone.findall(f"{DAV}response")) == 1
    assert ask("PROPFIND", f"{FILES}/", Depth="infinity").status == 412
    assert ask("PROPFIND", f"{FILES}/none", Depth=0).status == 404


def test_options_name_the_methods(ask):
    answer = ask("OPTIONS", f"{FILES}/")
    assert answer.headers["dav"].startswith("1, 3, extended-mkcol")
    assert "PROPFIND" in answer.headers["allow"]


# Behind it -----------------------------------------------------------------------------------------------------------


def test_database_has_the_file(query, film):
    rows = query(
        "select f.path, f.size, m.mimetype, s.id, md5(f.path) = f.path_hash from oc_filecache f"
        " join oc_mimetypes m on m.id = f.mimetype"
        " join oc_storages s on s.numeric_id = f.storage where f.name = 'film.mp4'"
    )
    assert rows == [["files/film.mp4", "10000", "video/mp4", "home::admin", "1"]]


def test_scan_finds_what_came_and_what_went(host, query):
    host.check_output("install -o www-data -g www-data -m 0640 /etc/hostname /var/owncloud/admin/files/came.txt")
    table = host.check_output("occ files:scan --all")
    assert re.search(r"Folders +\| Files", table)
    assert re.search(r"\| +\d+ +\| +[1-9]\d* +\|", table)
    assert query("select count(*) from oc_filecache where path = 'files/came.txt'") == [["1"]]
    host.check_output("rm /var/owncloud/admin/files/came.txt")
    host.check_output("occ files:scan admin")
    assert query("select count(*) from oc_filecache where path = 'files/came.txt'") == [["0"]]


def test_occ(host):
    status = json.loads(host.check_output("occ status --output=json"))
    assert (status["installed"], status["edition"]) == (True, "Community")
    assert status["first_install_version"] == status["version"]
    assert host.check_output("occ config:system:get trusted_domains").split() == ["localhost", "127.0.0.1"]
    assert host.check_output("occ config:system:get loglevel") == "1"
    assert DATABASE_PASSWORD not in host.check_output("occ config:list system")
    refused = host.run("occ nonsense")
    assert refused.rc == 1
    assert "maintenance:install" in refused.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loglevel", 1),
        ("trashbin_retention_obligation", 'auto, "30" $x \\ é'),
        ("log.conditions", [{"apps": ["files"], "users": [], "logfile": "/var/log/owncloud.log"}]),
        ("redis", {"host": "localhost", "port": 6379, "timeout": 1.5, "read": True}),
        ("mail_domain", "only-in-this-scenario-5.example"),
        ("empty", []),
    ],
)
def test_settings_mean_what_the_playbook_says(host, name, value):
    assert json.loads(host.check_output("occ config:system:get %s --output=json", name)) == value


def test_a_setting_of_null_is_not_there(host):
    assert host.run("occ config:system:get not_there").rc == 1


def test_occ_keeps_its_compiled_code_and_uploads_go_to_a_disk(host):
    assert host.check_output("find /var/cache/owncloud/occ -name '*.bin' | head -n 1") != ""
    for name in ("occ", "tmp"):
        place = host.file(f"/var/cache/owncloud/{name}")
        assert (place.user, place.mode) == ("www-data", 0o750)
    assert host.check_output("stat --file-system --format=%T /var/cache/owncloud/tmp") != "tmpfs"


def test_maintenance_is_told_and_kept(host, ask):
    def told():
        return json.loads(ask("GET", "/status.php", user="").body)["maintenance"]

    host.check_output("occ maintenance:mode --on")
    try:
        # PHP looks for changes of a file that it has compiled every 2 s (opcache.revalidate_freq), as with ownCloud itself.
        deadline = time.monotonic() + 10
        while not told() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert told() is True
        assert ask("GET", f"{FILES}/film.mp4").status == 503
    finally:
        host.check_output("occ maintenance:mode --off")


def test_timer_runs_and_its_work_succeeds(host, query):
    assert host.service("owncloud-cron.timer").is_running
    assert host.service("owncloud-cron.timer").is_enabled
    host.check_output("systemctl start owncloud-cron.service")
    assert query("select configkey from oc_appconfig where configkey in ('lastcron', 'backgroundjobs_mode')") == [
        ["backgroundjobs_mode"],
        ["lastcron"],
    ]


def test_secrets_are_closed_to_others(host, query):
    config = host.file("/var/www/owncloud/config/config.php")
    assert (config.user, config.mode) == ("www-data", 0o640)
    assert host.file("/var/owncloud").mode == 0o750
    readable = host.check_output(
        # grep ends with 1 when it finds nothing, and with 2 when it could not look.
        "find /var/www/owncloud /var/owncloud /etc /var/log -type f -perm -o=r -exec grep -lF -e %s -e %s -e %s {} + ||"
        " test $? -eq 1",
        DATABASE_PASSWORD,
        PASSWORD,
        "scenario-5",
    )
    assert readable == ""
    # And it would have found one.
    host.check_output("grep -qF %s /var/www/owncloud/config/config.php", DATABASE_PASSWORD)
    assert query("select password like '$2y$%' from oc_users where uid = 'admin'") == [["1"]]


def test_nothing_of_the_program_belongs_to_the_web_server(host):
    owned = host.check_output("find /var/www/owncloud -user www-data -not -path '*/config*'")
    assert owned == ""
