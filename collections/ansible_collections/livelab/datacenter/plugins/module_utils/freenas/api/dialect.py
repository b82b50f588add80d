# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every dialect of the API of a NAS offers, in the words of :mod:`objects`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import Service
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.versions import Version

Thing = TypeVar("Thing")


class ApiError(ConvergeError):
    """The NAS refused a request, or did not answer it. ``status`` is the HTTP status, 0 when there is none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class NotSpoken(ConvergeError):
    """What answers there does not speak this dialect. ``connect`` then asks in the next."""


class Dialect:
    """A session with a NAS in one dialect of its API. Its user closes it.

    A dialect knows paths, names of fields and their spelling, by version; nobody else does. It decides nothing: what
    to change, and whether that is wise, is the plans' business. Every error that a user can meet is a
    :class:`ConvergeError` with plain text that has no secret in it.

    :cvar label: how messages call it: ``API v2.0 (REST)``.
    :ivar hostname: the server as the user named it, for messages.
    :ivar version: the NAS's version, known once the session is open.
    :ivar calls: the requests made so far, for benchmarks.
    """

    label = ""
    hostname: str
    version: Version
    calls: int = 0

    @classmethod
    def open(cls, params: Mapping[str, Any]) -> Dialect:
        """Log in and find out the version; nothing stays open when that fails.

        :param params: the options of :data:`connect.CONNECT_OPTIONS`, checked already.
        :raises NotSpoken: when the server answers, but has no such API. It must be told from a wrong password.
        :raises ConvergeError: when it cannot be reached, or refuses the login.
        """
        session = cls(params)
        try:
            session.version = session.begin(params)
        except BaseException:
            session.close()
            raise
        return session

    def begin(self, params: Mapping[str, Any]) -> Version:
        """Log in and ask for the version, with as few requests as can be."""
        raise NotImplementedError

    def read(self, *kinds: type) -> dict[type, tuple[Any, ...]]:
        """Everything of these kinds, as ``{kind: objects}``, in as few requests as can be, one a kind at most.

        :param kinds: classes of :mod:`objects`. Of :class:`GlobalConfig`, :class:`Discovery` there is one each. Of
            :class:`Service` only that of iSCSI. Of :class:`Disk` those that nothing uses.
        """
        raise NotImplementedError

    def create(self, thing: Thing) -> Thing:
        """Make an object, and return it with its ``id``. A job, as making a pool is, is followed to its end.

        Attributes that are ``None`` or that the version does not have are not sent.
        """
        raise NotImplementedError

    def update(self, thing: Any, names: Collection[str]) -> None:
        """Change an object.

        :param thing: as it is to be, with its ``id`` (a zvol: its name). :class:`GlobalConfig`, :class:`Discovery` too.
        :param names: the attributes that differ from what is there; the others need not be sent.
        """
        raise NotImplementedError

    def delete(self, thing: Any, force: bool = False) -> None:
        """Remove an object, and nothing else: an extent's zvol or file stays.

        :param force: although an initiator is logged in.
        """
        raise NotImplementedError

    def enable(self, service: Service, enabled: bool) -> None:
        """Say whether a service starts with the NAS."""
        raise NotImplementedError

    def run(self, service: Service, running: bool) -> None:
        """Start or stop a service, and wait until it has.

        :raises ConvergeError: when it then is not as it was told to be: many versions say nothing of a failure.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Log out, and end the connection. May be called twice."""
        raise NotImplementedError
