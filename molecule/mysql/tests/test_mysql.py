"""What the role mysql leaves on a Debian machine, and that its dumps bring the data back."""

import re

import pytest

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


def test_settings_mean_what_they_say(host):
    answer = query(host, "select @@global.sql_mode, @@innodb_print_all_deadlocks, @@init_connect")
    assert answer.stdout.rstrip("\n").split("\t") == ["STRICT_TRANS_TABLES,NO_ZERO_DATE", "1", "set @who = 'nobody # at all'"]


def test_what_the_server_does_not_start_with_is_taken_back(host, run_role):
    done = run_role(mysql_settings={"no_such_setting": 1})
    assert done.returncode == 2
    assert "no_such_setting" in done.said, done.said
    assert "What was there before is in place again and in use" in done.said
    assert query(host, "select 1").stdout.strip() == "1"
    assert not host.file("/etc/mysql/mariadb.conf.d/90-server.cnf").contains("no_such_setting")


def test_pages_have_a_part_of_the_memory_and_connections_are_as_asked_for(host):
    pool, connections = map(int, query(host, "select @@innodb_buffer_pool_size, @@max_connections").stdout.split())
    total = int(re.search(r"MemTotal: +(\d+)", host.file("/proc/meminfo").content_string)[1]) * 1024
    assert total / 9 < pool < total / 3.5
    assert connections == 61


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


# Text ------------------------------------------------------------------------------------------------------------------


def test_text_is_utf8_wherever_it_goes(host):
    for of in ("client", "connection", "database", "results", "server", "system"):
        expected = "utf8mb3" if of == "system" else "utf8mb4"
        assert query(host, f"use owncloud; select @@character_set_{of}").stdout.strip() == expected, of
    assert query(host, "select @@long_query_time").stdout.strip() == "3.000000"


def test_what_was_there_and_is_not_to_be_is_mended(host, run_role):
    query(host, "create user ''@'localhost'; create database test; alter database owncloud character set latin1")
    done = run_role("--tags", "mysql:access,mysql:databases")
    assert done.returncode == 0, done.said
    known = query(host, "select default_character_set_name from information_schema.schemata where schema_name = 'owncloud'")
    assert known.stdout.strip() == "utf8mb4"
    assert query(host, "select count(*) from mysql.global_priv where User = ''").stdout.strip() == "0"
    assert "test" not in query(host, "show databases").stdout.split()


# Backup ----------------------------------------------------------------------------------------------------------------

TEXT = 'a 🎬 film\'s "name" \\ of Málaga'


@pytest.fixture
def films(host):
    """A database with all that a database has, and a name that wants quoting."""
    name = "my `film` data"
    quoted = "`my ``film`` data`"
    query(host, f"drop database if exists {quoted}; create database {quoted} character set latin1")
    made = query(
        host,
        f"use {quoted}; create table film (n int primary key, name text character set utf8mb4, data blob);"
        "create table log (n int); create trigger seen after insert on film for each row insert into log values (new.n);"
        "create view names as select name from film; create procedure count_films() select count(*) from film;"
        "create event nothing on schedule every 1 year do select 1;"
        f"insert into film values (1, '{TEXT.replace(chr(92), chr(92) * 2).replace(chr(39), chr(39) * 2)}', x'00ff27')",
    )
    assert made.rc == 0, made.stderr
    yield name, quoted
    query(host, f"drop database if exists {quoted}")
    host.run("rm -rf %s", f"/var/backups/mysql/{name}")


def newest(host, name):
    return host.check_output("ls /var/backups/mysql/%s | tail -n 1", name)


def test_a_dump_brings_all_back(host, films):
    name, quoted = films
    host.check_output("systemctl start mysql-backup.service")
    query(host, f"use {quoted}; drop table film; drop procedure count_films; drop view names; create table later (n int)")
    said = host.check_output("mysql-restore %s", name)
    assert "as it was before it is in /var/backups/mysql/" in said
    row = query(host, f"use {quoted}; select n, name, hex(data) from film").stdout.rstrip("\n")
    assert row.split("\t") == ["1", TEXT.replace("\\", "\\\\"), "00FF27"]
    assert query(host, f"use {quoted}; call count_films()").stdout.strip() == "1"
    assert query(host, f"use {quoted}; insert into film values (2, 'x', ''); select count(*) from log").stdout.strip() == "2"
    assert query(host, f"use {quoted}; show tables").stdout.split() == ["film", "log", "names"]
    assert "nothing" in query(host, f"use {quoted}; show events").stdout
    assert query(host, f"use {quoted}; select @@character_set_database").stdout.strip() == "latin1"


def test_a_database_that_is_gone_and_its_user_come_back(host):
    query(host, "create table owncloud.t (n int); insert into owncloud.t values (7)")
    host.check_output("systemctl start mysql-backup.service")
    query(host, "drop database owncloud; drop user owncloud@localhost")
    host.check_output("mysql-restore owncloud")
    users = f"/var/backups/mysql/mysql/{newest(host, 'mysql')}"
    # The others are there already.
    host.run("gzip --decompress --stdout %s | mariadb --force", users)
    assert query(host, "select n from owncloud.t", "owncloud", OWNCLOUD).stdout.strip() == "7"
    query(host, "drop table owncloud.t")


def test_what_is_no_whole_dump_changes_nothing(host, films):
    name, quoted = films
    host.check_output("mysql-backup %s", name)
    dump = f"/var/backups/mysql/{name}/{newest(host, name)}"
    host.check_output("head -c -9 %s > /root/cut.sql.gz; echo hello > /root/text.sql.gz", dump)
    for bad, said in (("/root/cut.sql.gz", "no whole dump"), ("/root/text.sql.gz", "no whole dump"), ("/root/none", "no file")):
        refused = host.run("mysql-restore %s %s", name, bad)
        assert refused.rc == 1
        assert said in refused.stderr
    assert query(host, f"use {quoted}; select count(*) from film").stdout.strip() == "1"


def test_what_the_server_does_not_take_is_taken_back(host, films):
    name, quoted = films
    host.check_output("printf 'create table a (n int);\\nnonsense;\\n-- Dump completed\\n' | gzip > /root/bad.sql.gz")
    refused = host.run("mysql-restore %s /root/bad.sql.gz", name)
    assert refused.rc == 1
    assert f"{name} is as it was" in refused.stderr
    assert query(host, f"use {quoted}; select count(*) from film").stdout.strip() == "1"


def test_what_cannot_be_dumped_keeps_no_other_from_it_and_leaves_no_half(host, films):
    name, quoted = films
    host.check_output("systemctl start mysql-backup.service")
    before = newest(host, name), newest(host, "owncloud")
    query(host, f"use {quoted}; create table gone (n int); create view broken as select n from gone; drop table gone")
    failed = host.run("systemctl start mysql-backup.service")
    assert failed.rc != 0
    assert f"not dumped, its older dumps stay: {name}" in host.check_output("journalctl -u mysql-backup.service -n 5")
    assert newest(host, name) == before[0]
    assert newest(host, "owncloud") > before[1]


def test_as_many_dumps_as_asked_for_stay_and_root_alone_reads_them(host):
    for _ in range(4):
        host.check_output("mysql-backup")
    assert len(host.file("/var/backups/mysql/owncloud").listdir()) == 3
    assert host.check_output("find /var/backups/mysql -perm /077") == ""
    assert host.check_output("find /var/backups/mysql -name '.partial'") == ""


def test_the_role_brings_it_back_too(host, tmp_path, run_role):
    query(host, "create table owncloud.t (n int)")
    host.check_output("mysql-backup owncloud")
    query(host, "drop table owncloud.t")
    done = run_role("--tags", "mysql:backup,restore", mysql_backup_keep=3)
    assert done.returncode == 0, done.said
    assert query(host, "show tables from owncloud").stdout.split() == ["t"]
    query(host, "drop table owncloud.t")


def test_the_timer_is_set_and_goes_when_there_is_to_be_none(host, run_role):
    assert host.service("mysql-backup.timer").is_running
    assert host.service("mysql-backup.timer").is_enabled
    bad = run_role("--tags", "mysql:backup", mysql_backup_calendar="every so often")
    assert bad.returncode == 2
    assert "mysql-backup.timer" in bad.said
    assert host.service("mysql-backup.timer").is_running
    assert run_role("--tags", "mysql:backup", mysql_backup_calendar="").returncode == 0
    assert not host.service("mysql-backup.timer").is_running
    assert not host.file("/etc/systemd/system/mysql-backup.timer").exists
    assert run_role("--tags", "mysql:backup").returncode == 0
    assert host.service("mysql-backup.timer").is_running


def test_all_is_there_after_a_reboot(host, reboot):
    query(host, f"create table owncloud.t (name text); insert into owncloud.t values ('{OWNCLOUD}')")
    reboot()
    assert query(host, "select name from owncloud.t", "owncloud", OWNCLOUD).stdout.strip() == OWNCLOUD
    query(host, "drop table owncloud.t")
    assert host.service("mysql-backup.timer").is_running


def test_no_secret_is_readable_by_others(host):
    assert host.run("grep -rlF -e %s -e %s /etc /var/log /usr/local", ROOT, OWNCLOUD).stdout == ""
