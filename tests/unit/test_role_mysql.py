# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role mysql makes of its variables."""

import pytest

from tests.support.source import load

GOOD = {"settings": {}, "users": [], "databases": [], "buffer": "64M", "connections": 60, "address": "", "root_password": ""}
BACKUP = {"directory": "/var/backups/mysql", "keep": 7, "calendar": "daily"}
GOOD |= {"backup": BACKUP}


@pytest.fixture(scope="module")
def mysql():
    return load("roles/mysql/filter_plugins/mysql.py")


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (1, "x = 1"),
        (1.5, "x = 1.5"),
        (True, "x = ON"),
        (False, "x = OFF"),
        (None, "x"),
        ("/var/log/a.log", "x = /var/log/a.log"),
        ("a b", 'x = "a b"'),
        ("a # b", 'x = "a # b"'),
        ('say "a"', "x = 'say \"a\"'"),
        ("it's", 'x = "it\'s"'),
        ("a\\b", 'x = "a\\\\b"'),
        ("", 'x = ""'),
        ("größer", 'x = "größer"'),
        (["A", "B", 3], "x = A,B,3"),
    ],
)
def test_a_setting(mysql, value, line):
    assert mysql.setting("x", value) == line


def user(**more):
    return {"users": [{"name": "x", "password": "s3cret"} | more]}


@pytest.mark.parametrize(
    "variables",
    [
        {},
        user(),
        user(state="present"),
        {"users": [{"name": "x", "state": "absent"}]},
        {"users": [{"name": "x", "password": "a"}, {"name": "x", "host": "%", "password": "a"}]},
        {"buffer": "auto", "connections": "auto"},
        {"backup": BACKUP | {"calendar": ""}},
        {"databases": [{"name": "my data"}], "settings": {"skip-networking": None}, "address": "::"},
    ],
)
def test_what_can_be_done(mysql, variables):
    assert mysql.faults(GOOD | variables) == []


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"users": [{"name": "x"}]}, "Users of mysql_users without a password: x@localhost; give each one"),
        ({"users": [{"name": "x", "state": "present"}]}, "Users of mysql_users without a password: x@localhost"),
        ({"users": [{"name": "x", "state": None}]}, "without a password: x@localhost"),
        (user(password=""), "without a password: x@localhost"),
        (user(password=None, state="present"), "without a password: x@localhost"),
        (user(password="s3cret\n"), "Passwords of mysql_users with a line end"),
        ({"users": [{"name": "x", "password": "a"}, {"name": "x", "host": "localhost", "password": "b"}]}, "x@localhost twice"),
        (user(name=""), "a user without a name"),
        (user(name="root"), "root is this role's"),
        ({"databases": [{"name": "a"}, {"name": "a"}]}, 'mysql_databases has "a" twice'),
        ({"databases": [{"name": "a/b"}]}, 'mysql_databases has "a/b"'),
        ({"databases": [{"name": ""}]}, 'mysql_databases has ""'),
        ({"settings": {"a b": 1}}, 'mysql_settings has the name "a b"'),
        ({"settings": {"a": "x\ny = 1"}}, 'mysql_settings gives "a" the value'),
        ({"settings": {"a": {"b": 1}}}, 'mysql_settings gives "a" the value'),
        ({"settings": {"a": "\"'"}}, 'mysql_settings gives "a" a value with both kinds of quotes'),
        ({"buffer": "64 M"}, 'mysql_innodb_buffer_pool_size is "64 M"'),
        ({"address": "0.0.0.0\n"}, "mysql_bind_address"),
        ({"connections": "0"}, 'mysql_max_connections is "0"'),
        ({"connections": "many"}, 'mysql_max_connections is "many"'),
        ({"databases": [{"name": "a", "encoding": "utf8mb4; DROP"}]}, 'with the encoding "utf8mb4; DROP"'),
        ({"databases": [{"name": "a", "collation": "a b"}]}, 'with the collation "a b"'),
        ({"backup": BACKUP | {"directory": "backups"}}, 'mysql_backup_directory is "backups"'),
        ({"backup": BACKUP | {"directory": "/"}}, 'mysql_backup_directory is "/"'),
        ({"backup": BACKUP | {"keep": 0}}, "mysql_backup_keep is 0"),
        ({"backup": BACKUP | {"calendar": "daily\nUser=x"}}, "mysql_backup_calendar has a line end"),
        ({"root_password": "s3cret\nx"}, "mysql_root_password has a line end"),
    ],
)
def test_what_cannot_is_named_without_secrets(mysql, variables, said):
    found = mysql.faults(GOOD | variables)
    assert len(found) == 1
    assert said in found[0]
    assert "s3cret" not in found[0]


@pytest.mark.parametrize(
    ("kibibytes", "pool", "connections"),
    [
        (484_000, "64M", 60),
        (500_000, "64M", 60),
        (130_000, "32M", 60),
        (1_000_000, "128M", 60),
        (2_000_000, "496M", 150),
        (4_000_000, "976M", 150),
        (65_800_000, "16064M", 300),
    ],
)
def test_memory_by_what_the_machine_has(mysql, kibibytes, pool, connections):
    settings = mysql.memory(f"MemTotal:  {kibibytes} kB\nMemFree:  1 kB\n", "auto", "auto")
    assert (settings["innodb_buffer_pool_size"], settings["max_connections"]) == (pool, connections)
    parts = [settings[name] for name in ("innodb_buffer_pool_size", "aria_pagecache_buffer_size", "key_buffer_size")]
    assert sum(int(part[:-1]) for part in parts) * 1024 < kibibytes / 2


def test_memory_that_was_asked_for_is_what_it_gets(mysql):
    assert mysql.memory("", "2G", "7") == {"innodb_buffer_pool_size": "2G", "max_connections": "7"}


KNOWN = [["a", "utf8mb4", "utf8mb4_general_ci"], ["b`c", "latin1", "latin1_swedish_ci"], ["d", "utf8mb3", "utf8mb3_bin"]]


@pytest.mark.parametrize(
    ("database", "statements"),
    [
        ({"name": "a"}, []),
        ({"name": "not there"}, []),
        ({"name": "b`c"}, ["ALTER DATABASE `b``c` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"]),
        ({"name": "b`c", "encoding": "latin1", "collation": "latin1_swedish_ci"}, []),
        ({"name": "d", "encoding": "utf8", "collation": "utf8_bin"}, []),
        ({"name": "a", "collation": "utf8mb4_bin"}, ["ALTER DATABASE `a` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"]),
    ],
)
def test_a_database_that_writes_another_way(mysql, database, statements):
    assert mysql.alterations([database], KNOWN) == statements


@pytest.mark.parametrize(
    ("answer", "statements"),
    [
        ({}, []),
        ({"nameless": None, "known": '[["a", "x", "y"]]', "tables_of_test": 0}, []),
        ({"nameless": '["localhost", "o\'x"]'}, ["DROP USER ''@'localhost'", "DROP USER ''@'o''x'"]),
        ({"known": '[["test", "x", "y"]]', "tables_of_test": 0}, ["DROP DATABASE test"]),
        ({"known": '[["test", "x", "y"]]', "tables_of_test": 1}, []),
    ],
)
def test_what_is_not_to_be_there(mysql, answer, statements):
    assert mysql.removals(answer, []) == statements


def test_a_database_of_the_name_test_that_was_asked_for_stays(mysql):
    assert mysql.removals({"known": '[["test", "x", "y"]]', "tables_of_test": 0}, [{"name": "test"}]) == []
