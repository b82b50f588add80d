"""What the role mysql leaves on a Debian 13 machine."""

import json
import os
import subprocess
from pathlib import Path

import yaml

CONVERGE = Path(__file__).parents[1] / "converge.yml"

ROOT, OWNCLOUD = "only-in-this-scenario-1", "only-in-this-scenario-2"


def query(host, sql, user=None, password=None):
    """Runs one statement; without a user as the machine's root, through the socket."""
    if user is None:
        return host.run("mariadb --batch --skip-column-names --execute %s", sql)
    return host.run(
        "MYSQL_PWD=%s runuser -u nobody -- mariadb --batch --skip-column-names --user=%s --execute %s", password, user, sql
    )


def test_runs_and_starts_with_the_machine(host):
    assert host.service("mariadb").is_running
    assert host.service("mariadb").is_enabled


def test_nothing_listens_on_the_network(host):
    assert not any("3306" in socket for socket in host.socket.get_listening_sockets())


def test_settings_are_in_force(host):
    answer = query(host, "select @@innodb_buffer_pool_size, @@max_connections, @@long_query_time, @@character_set_server")
    assert answer.stdout.split() == [str(64 * 2**20), "60", "3.000000", "utf8mb4"]


def test_settings_mean_what_they_say(host):
    answer = query(host, "select @@global.sql_mode, @@innodb_print_all_deadlocks, @@init_connect")
    assert answer.stdout.rstrip("\n").split("\t") == ["STRICT_TRANS_TABLES,NO_ZERO_DATE", "1", "set @who = 'nobody # at all'"]


def test_what_the_server_does_not_start_with_is_taken_back(host, tmp_path):
    plays = yaml.safe_load(CONVERGE.read_text())
    plays[0]["roles"][0]["vars"]["mysql_settings"] = {"no_such_setting": 1}
    (tmp_path / "play.yml").write_text(json.dumps(plays))
    command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"], str(tmp_path / "play.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2
    assert "no_such_setting" in said, said
    assert "What was there before is in place again and in use" in said
    assert query(host, "select 1").stdout.strip() == "1"
    assert not host.file("/etc/mysql/mariadb.conf.d/90-server.cnf").contains("no_such_setting")


def test_owncloud_has_all_rights_on_its_database_and_none_elsewhere(host):
    made = query(host, "create table owncloud.t (n int); drop table owncloud.t", "owncloud", OWNCLOUD)
    assert made.rc == 0, made.stderr
    denied = query(host, "create database other", "owncloud", OWNCLOUD)
    assert "Access denied" in denied.stderr


def test_wrong_passwords_are_refused(host):
    for user in ("owncloud", "root"):
        assert "Access denied" in query(host, "select 1", user, "wrong").stderr


def test_root_gets_in_by_password_and_by_socket(host):
    assert query(host, "select 1", "root", ROOT).stdout.strip() == "1"
    assert query(host, "select 1").stdout.strip() == "1"


def test_nobody_without_a_name_gets_in(host):
    assert query(host, "select count(*) from mysql.global_priv where User = ''").stdout.strip() == "0"
