# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role's variables are in MariaDB's option file, and which of them it could not take."""

from __future__ import annotations

import json
import re

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_SIZE = re.compile(r"[0-9]+[KMGTkmgt]?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "ON" if value else "OFF"
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value)


def setting(name: str, value: object) -> str:
    """A line of the option file. Nothing behind the name: an option that takes no value, as skip-networking."""
    if value is None:
        return name
    text = _text(value)
    if re.fullmatch(r"[A-Za-z0-9_./:,+@%*-]+", text):
        return f"{name} = {text}"
    quote = "'" if '"' in text else '"'
    return f"{name} = {quote}{text.replace(chr(92), chr(92) * 2)}{quote}"


def _whole_mebibytes(size: float, least: int = 16) -> int:
    """A size in MiB to the nearest 16: a few pages more or less, as another kernel has, restart no server."""
    return max(least, round(size / 16) * 16)


def memory(meminfo: str, buffer: str, connections: object) -> dict:
    """Settings by the memory of the machine.

    :param meminfo: the text of /proc/meminfo; not looked at unless one of the others is "auto".
    :param buffer: memory for pages of tables, as MariaDB writes sizes, or "auto".
    :param connections: how many at a time, or "auto".
    """
    found = re.search(r"^MemTotal:\s+([0-9]+) kB", meminfo, re.MULTILINE)
    total = int(found[1]) / 1024 if found else 512
    pool = _whole_mebibytes(total / (8 if total <= 1100 else 4), 32)
    settings = {
        "innodb_buffer_pool_size": f"{pool}M" if buffer == "auto" else buffer,
        "max_connections": (60 if total <= 1100 else 150 if total <= 4400 else 300) if connections == "auto" else connections,
    }
    if buffer == "auto":
        # The log is worth a part of the pages. MyISAM's tables are rare, and Aria's are the temporary ones.
        settings["innodb_log_file_size"] = f"{min(_whole_mebibytes(pool / 4, 32), 1024)}M"
        settings["aria_pagecache_buffer_size"] = f"{min(_whole_mebibytes(pool / 4), 128)}M"
        settings["key_buffer_size"] = "8M"
    return settings


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def alterations(databases: list, known: list) -> list[str]:
    """The statements that make known databases write as they are to; none for those that do, or are not there yet."""
    now = {name: (encoding, collation) for name, encoding, collation in known}
    statements = []
    for one in databases:
        encoding, collation = (re.sub("utf8(?=_|$)", "utf8mb3", one.get(key) or otherwise)
                               for key, otherwise in (("encoding", "utf8mb4"), ("collation", "utf8mb4_general_ci")))
        if one["name"] in now and now[one["name"]] != (encoding, collation):
            statements.append(f"ALTER DATABASE {_quoted(one['name'])} CHARACTER SET {encoding} COLLATE {collation}")
    return statements


def removals(answer: dict, databases: list) -> list[str]:
    """The statements that remove users without a name, and an empty database "test" that nobody asked for."""
    hosts = json.loads(answer.get("nameless") or "[]")
    statements = [f"DROP USER ''@'{host.replace(chr(92), chr(92) * 2).replace(chr(39), chr(39) * 2)}'" for host in hosts]
    there = any(name == "test" for name, _encoding, _collation in json.loads(answer.get("known") or "[]"))
    if there and not answer["tables_of_test"] and all(one["name"] != "test" for one in databases):
        statements.append("DROP DATABASE test")
    return statements


def faults(variables: dict) -> list[str]:
    """What of the role's variables no server could take, in words and without secrets; empty when all is well."""
    steps = (_fault_of_settings, _fault_of_users, _fault_of_databases, _fault_of_backup)
    return [fault for step in steps for fault in step(variables)]


def _fault_of_settings(variables: dict) -> list[str]:
    found = []
    for name, value in variables["settings"].items():
        if not _NAME.fullmatch(str(name)):
            found.append(f'mysql_settings has the name "{name}", which is none of an option: letters, digits, "_", "-" and "."')
        if isinstance(value, dict) or (value is not None and _CONTROL.search(_text(value))):
            found.append(f'mysql_settings gives "{name}" the value {value!r}: it must be text of one line, a number, yes or no, '
                         "a list of them, or null for an option without a value")
        elif value is not None and "'" in _text(value) and '"' in _text(value):
            found.append(f'mysql_settings gives "{name}" a value with both kinds of quotes, which an option file cannot have')
    if variables["buffer"] != "auto" and not _SIZE.fullmatch(str(variables["buffer"])):
        found.append(f'mysql_innodb_buffer_pool_size is "{variables["buffer"]}": it must be a size such as 64M or 2G, or auto')
    if not re.fullmatch("auto|[1-9][0-9]{0,4}", str(variables["connections"])):
        found.append(f'mysql_max_connections is "{variables["connections"]}": it must be a number from 1 to 99999, or auto')
    if not re.fullmatch(r"[0-9A-Za-z.:*-]*", str(variables["address"] or "")):
        found.append(f'mysql_bind_address is "{variables["address"]}": it must be an address, a name, or empty')
    if _CONTROL.search(str(variables["root_password"] or "")):
        found.append("mysql_root_password has a line end or another control character in it")
    return found


def _who(user: dict) -> str:
    return f"{user['name']}@{user.get('host') or 'localhost'}"


def _fault_of_users(variables: dict) -> list[str]:
    found = []
    users = variables["users"]
    there = [user for user in users if (user.get("state") or "present") != "absent"]
    without = [_who(user) for user in there if user.get("password") in (None, "")]
    if without:
        found.append(f"Users of mysql_users without a password: {', '.join(without)}; give each one")
    several = [_who(user) for user in there if _CONTROL.search(str(user.get("password") or ""))]
    if several:
        found.append(f"Passwords of mysql_users with a line end or another control character in them: {', '.join(several)}")
    names = [_who(user) for user in users]
    found += [f"mysql_users has {name} twice" for name in sorted({one for one in names if names.count(one) > 1})]
    found += ["mysql_users has a user without a name: anybody would get in" for user in users if not str(user["name"]).strip()]
    found += [f"mysql_users has {_who(user)}: root is this role's, by mysql_root_password" for user in users
              if user["name"] == "root" and (user.get("host") or "localhost") == "localhost"]
    return found


def _fault_of_databases(variables: dict) -> list[str]:
    found = []
    names = [str(database["name"]) for database in variables["databases"]]
    found += [f'mysql_databases has "{name}" twice' for name in sorted({one for one in names if names.count(one) > 1})]
    found += [f'mysql_databases has "{name}": a name has 1 to 64 characters, none of them "/", "\\", "." or a control character'
              for name in names if not 1 <= len(name) <= 64 or re.search(r"[/\\.\x00-\x1f]", name) or name != name.strip()]
    for one in variables["databases"]:
        found += [f'mysql_databases has "{one["name"]}" with the {key} "{one[key]}", which is a word such as {such}'
                  for key, such in (("encoding", "utf8mb4"), ("collation", "utf8mb4_general_ci"))
                  if one.get(key) and not re.fullmatch("[A-Za-z0-9_]+", str(one[key]))]
    return found


def _fault_of_backup(variables: dict) -> list[str]:
    backup, found = variables["backup"], []
    if not re.fullmatch(r"/[^\x00-\x1f]*[^\x00-\x1f/]", str(backup["directory"])):
        found.append(f'mysql_backup_directory is "{backup["directory"]}": it must be the absolute path of a directory')
    if int(backup["keep"]) < 1:
        found.append(f"mysql_backup_keep is {backup['keep']}: it must be at least 1; for no backup, empty mysql_backup_calendar")
    if _CONTROL.search(str(backup["calendar"] or "")):
        found.append("mysql_backup_calendar has a line end or another control character in it")
    return found


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict:
        """The filters by name."""
        return {
            "mysql_alterations": alterations,
            "mysql_faults": faults,
            "mysql_memory": memory,
            "mysql_removals": removals,
            "mysql_setting": setting,
        }
