# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a server is reached: the options that connect, where they come from, what they must be, and patience.

Every client of the collection takes these options, by these names; what differs is the prefix of the environment
variables and what a client adds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ansible_collections.livelab.datacenter.plugins.module_utils.core import tls
from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import check_host, check_port
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.limits import check_timeout
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import normalise

# How often a read is tried, and the seconds waited after the first failure; the wait doubles each time.
_TRIES = 3
_FIRST_WAIT = 1.0

Options = Mapping[str, Mapping[str, Any]]
Answer = TypeVar("Answer")


def options(env: str, **own: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The options that connect to a server, each with its environment variable under ``env``.

    :param env: the prefix of the variables, ``VMWARE``: ``hostname`` then comes from ``VMWARE_HOST`` too.
    :param own: what a client adds to these, or says otherwise of one of them.
    """
    shared: dict[str, dict[str, Any]] = {
        "hostname": {"type": "str", "required": True, "env": f"{env}_HOST"},
        "port": {"type": "int", "default": 443, "env": f"{env}_PORT"},
        "username": {"type": "str", "required": True, "env": f"{env}_USER"},
        "password": {"type": "str", "required": True, "no_log": True, "env": f"{env}_PASSWORD"},
        "validate_certs": {"type": "bool", "default": True, "env": f"{env}_VALIDATE_CERTS"},
        "ca_path": {"type": "path", "env": f"{env}_CA_PATH"},
        "thumbprint": {"type": "str", "env": f"{env}_THUMBPRINT"},
        "timeout": {"type": "int", "default": 60},
    }
    return {**shared, **{name: dict(option) for name, option in own.items()}}


def argument_spec(connect: Options, **own: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A module's argument spec: the options that connect, and the module's ``own``."""
    from ansible.module_utils.basic import env_fallback

    spec = {}
    for name, option in connect.items():
        spec[name] = {key: value for key, value in option.items() if key != "env"}
        if "env" in option:
            spec[name]["fallback"] = (env_fallback, [option["env"]])
    return {**spec, **{name: dict(option) for name, option in own.items()}}


def check(params: Mapping[str, Any], secrets: tuple[str, ...] = ("password",)) -> None:
    """Refuse options that lead to no server.

    :param secrets: the options that are sent in a header, or in a message that has no place for control characters.
    :raises ConvergeError: naming the option, the value (unless it is secret) and what it must be.
    """
    check_host("hostname", params["hostname"])
    check_port("port", params["port"])
    check_timeout("timeout", params["timeout"])
    for name in ("username", *secrets):
        _check_text(name, params.get(name), secret=name in secrets)
    if params.get("thumbprint"):
        normalise(params["thumbprint"])


def _check_text(option: str, value: str | None, secret: bool) -> None:
    if value and re.search(r"[\x00-\x1f\x7f]", value):
        shown = "the value" if secret else repr(value)
        raise ConvergeError(f"{option}: {shown} has a line end or another control character in it; was it read from a "
                            "file with the line end at its end?")


def tls_context(params: Mapping[str, Any]) -> Any:
    """The TLS context that ``thumbprint``, ``ca_path`` and ``validate_certs`` ask for.

    :raises ConvergeError: when one of them is wrong.
    """
    pinned = normalise(params["thumbprint"])[1] if params.get("thumbprint") else None
    return tls.context(params["validate_certs"], params.get("ca_path"), pinned)


def retrying(call: Callable[[], Answer], passing: Callable[[Exception], bool]) -> Answer:
    """Make a call that only reads, again after a failure that may pass: three times in all.

    :param passing: whether another try may go better.
    """
    wait = _FIRST_WAIT
    for _try in range(_TRIES - 1):
        try:
            return call()
        except Exception as error:
            if not passing(error):
                raise
        time.sleep(wait)
        wait *= 2
    return call()
