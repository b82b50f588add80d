# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be a configuration."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice

_MODE = re.compile(r"0?[0-7]{3,4}")
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,250}")


def check(params: Mapping[str, Any]) -> None:
    """Refuse options that no machine could take.

    :raises ConvergeError: naming the option, its value and what would be accepted.
    """
    for number, wanted in enumerate(params["files"]):
        _check_file(f"files[{number}]", wanted)
    again = twice(posixpath.normpath(wanted["path"]) for wanted in params["files"])
    if again:
        raise ConvergeError(f"files has '{again[0]}' twice: name each path once")
    for path in params["watch"]:
        _check_path("watch", path)
    if params["service"] is not None and not _UNIT.fullmatch(params["service"]):
        raise ConvergeError(f"service '{params['service']}' is no name of a systemd unit, such as apache2")


def _check_file(where: str, wanted: Mapping[str, Any]) -> None:
    _check_path(f"{where}.path", wanted["path"])
    given = [name for name in ("content", "secret_content", "link") if wanted[name] is not None]
    if wanted["state"] == "absent" and given:
        raise ConvergeError(f"{where} ({wanted['path']}) is to be absent and has '{given[0]}': give one of the two")
    if wanted["state"] == "present" and len(given) != 1:
        raise ConvergeError(f"{where} ({wanted['path']}) has {' and '.join(given) or 'no content'}: "
                            "give one of content, secret_content and link")
    if not _MODE.fullmatch(wanted["mode"]):
        raise ConvergeError(f"{where}.mode is '{wanted['mode']}': it must be octal digits in quotes, such as '0644'")


def _check_path(where: str, path: str) -> None:
    if not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise ConvergeError(f"{where} is '{path}': it must be the absolute path of a file")
