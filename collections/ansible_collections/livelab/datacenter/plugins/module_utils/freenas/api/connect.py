# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connecting to a NAS: the options, and the dialect that both sides speak."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core import connection
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import Dialect, NotSpoken
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.identify import identify
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.jsonrpc import JsonRpc
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.rest_v1 import RestV1
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.rest_v2 import RestV2

# The newest first: what "auto" asks in this order.
DIALECTS: dict[str, type[Dialect]] = {"jsonrpc": JsonRpc, "v2.0": RestV2, "v1.0": RestV1}

CONNECT_OPTIONS = connection.options(
    "FREENAS",
    username={"type": "str", "default": "root", "env": "FREENAS_USER"},
    password={"type": "str", "no_log": True, "env": "FREENAS_PASSWORD"},
    api_key={"type": "str", "no_log": True, "env": "FREENAS_API_KEY"},
    api_version={"type": "str", "choices": ["auto", *DIALECTS], "default": "auto", "env": "FREENAS_API_VERSION"},
)


def argument_spec(**options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The module's argument spec: its own ``options`` and those that connect (fragment ``freenas``)."""
    return connection.argument_spec(CONNECT_OPTIONS, **options)


def check(params: Mapping[str, Any]) -> None:
    """Refuse connection options that lead to no NAS.

    :raises ConvergeError: naming the option, and what it must be.
    """
    if not (params.get("password") or params.get("api_key")):
        raise ConvergeError("one of 'password' and 'api_key' is needed to log in to the NAS.")
    connection.check(params, secrets=("password", "api_key"))
    if params.get("api_key") and not re.fullmatch(r"[\x21-\x7e]+", params["api_key"]):
        raise ConvergeError("api_key: the value has a space or a letter beyond ASCII in it, which no API key has.")
    if not params.get("api_key") and ":" in params["username"]:
        raise ConvergeError(f"username: '{params['username']}' has a colon in it, which a login over HTTP cannot have.")


def connect(params: Mapping[str, Any]) -> Dialect:
    """Log in to a NAS. The caller closes the session.

    :param params: the options of :data:`CONNECT_OPTIONS`.
    :raises ConvergeError: when the options do not suffice, the server cannot be reached or refuses the login, or speaks
        none of the dialects that may be spoken; it then says what was found.
    """
    check(params)
    wanted = params["api_version"]
    names = list(DIALECTS) if wanted == "auto" else [wanted]
    for name in names:
        try:
            return DIALECTS[name].open(params)
        except NotSpoken:
            continue
    asked = " or ".join(DIALECTS[name].label for name in names)
    raise ConvergeError(f"{params['hostname']}:{params['port']} does not speak {asked}: {identify(params)}"
                        + " Set 'api_version' to auto." * (wanted != "auto"))
