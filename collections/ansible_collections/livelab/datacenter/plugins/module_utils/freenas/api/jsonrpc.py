# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON-RPC 2.0 over WebSocket, of TrueNAS 25.04 and later: the middleware's methods as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.channel import Channel
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.middleware import JOB_LIMIT, Middleware
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

_PATH = "/api/current"
# What auth.login_ex answers when it lets nobody in (api/v25_10_0/auth.py; DENIED is of 26.0), for a user.
_REFUSALS = {
    "AUTH_ERR": "wrong user name '{user}' or wrong password.",
    "OTP_REQUIRED": "user '{user}' has two-factor authentication, which a module cannot answer: use 'api_key'.",
    "EXPIRED": "the password of user '{user}' has expired.",
    "DENIED": "user '{user}' may not log in here.",
    "REDIRECT": "it wants '{user}' to log in elsewhere; is this the active one of two controllers?",
}


class JsonRpc(Middleware):
    """A session with the JSON-RPC API."""

    label = "JSON-RPC 2.0 (WebSocket)"

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.hostname = params["hostname"]
        self._channel = Channel(params, _PATH)

    def begin(self, params: Mapping[str, Any]) -> Version:
        self._login(params)
        return Version.parse(str(self.call("system.version")))

    def _login(self, params: Mapping[str, Any]) -> None:
        """Log in; a failure is an answer like any other, and not an error."""
        if params.get("api_key"):
            # A key is of a user's, whom the NAS finds by it.
            if self.call("auth.login_with_api_key", params["api_key"]) is not True:
                raise ConvergeError(f"{self.hostname} refuses the login: wrong API key, or one that was revoked.")
            return
        user = params["username"]
        answer = self.call("auth.login_ex", {"mechanism": "PASSWORD_PLAIN", "username": user, "password": params["password"]})
        said = answer.get("response_type") if isinstance(answer, dict) else None
        if said != "SUCCESS":
            why = _REFUSALS.get(said, "it answers {said}.").format(user=user, said=said)
            raise ConvergeError(f"{self.hostname} refuses the login: {why}")

    @property
    def calls(self) -> int:
        return self._channel.calls

    def close(self) -> None:
        self._channel.close()

    def call(self, method: str, *args: Any) -> Any:
        return self._channel.call(method, *args)

    def follow(self, job: Any, limit: float = JOB_LIMIT) -> Any:
        # A connection may have been told to answer with a job's result: then there is no number to follow.
        return super().follow(job, limit) if isinstance(job, int) and not isinstance(job, bool) else job
