# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role mysql makes of its variables."""

import importlib.util
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[2] / "roles/mysql/filter_plugins/mysql.py"
GOOD = {"settings": {}, "users": [], "databases": [], "buffer": "64M", "address": "", "root_password": ""}


@pytest.fixture(scope="module")
def mysql():
    spec = importlib.util.spec_from_file_location("mysql_filters", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
        ({"root_password": "s3cret\nx"}, "mysql_root_password has a line end"),
    ],
)
def test_what_cannot_is_named_without_secrets(mysql, variables, said):
    found = mysql.faults(GOOD | variables)
    assert len(found) == 1
    assert said in found[0]
    assert "s3cret" not in found[0]
