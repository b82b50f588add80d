# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers where a NAS was looked for, for an error that says what was found. Nothing secret is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import ApiError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.https import Http


def identify(params: Mapping[str, Any]) -> str:
    """What the server is, as far as it tells anybody: "it is a TrueNAS that …"."""
    http = Http(params, login=False)
    try:
        return _identify(http)
    except ApiError as error:
        return f"and then: {error}"
    finally:
        http.close()


def _identify(http: Http) -> str:
    apis = _api_versions(http)
    dialects = ["JSON-RPC"] if apis else []
    # Without a login these answer 401 where they are.
    dialects += [
        f"API {name}"
        for name, path in (("v2.0", "/api/v2.0/system/version"), ("v1.0", "/api/v1.0/system/version/"))
        if http.read(path).status_code not in (404, 405)
    ]
    if apis:
        return f"it is a TrueNAS {apis[-1].lstrip('v')}, which speaks {' and '.join(dialects)}."
    if dialects:
        return f"it is a FreeNAS or TrueNAS that speaks {' and '.join(dialects)}."
    answer = http.read("/")
    server = answer.headers.get("Server") or ""
    return (f"it is no FreeNAS or TrueNAS: it answers with HTTP status {answer.status_code}"
            + f" and calls itself '{server[:60]}'" * bool(server) + ".")


def _api_versions(http: Http) -> list[str]:
    """The versions of JSON-RPC's API that a TrueNAS tells of since 25.04, the newest last."""
    answer = http.read("/api/versions")
    try:
        told = answer.json() if answer.status_code == 200 else []
    except ValueError:
        told = []
    return [str(name) for name in told if str(name).startswith("v")] if isinstance(told, list) else []
