# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role's variables are in MariaDB's option file, and which of them it could not take."""

from __future__ import annotations

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


def faults(variables: dict) -> list[str]:
    """What of the role's variables no server could take, in words and without secrets; empty when all is well."""
    return _fault_of_settings(variables) + _fault_of_users(variables) + _fault_of_databases(variables)


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
    if not _SIZE.fullmatch(str(variables["buffer"])):
        found.append(f'mysql_innodb_buffer_pool_size is "{variables["buffer"]}": it must be a size such as 64M or 2G')
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
    return found


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict:
        """The filters by name."""
        return {"mysql_faults": faults, "mysql_setting": setting}
