# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the vSphere API as plain text.

A fault says what is wrong in four places, and each server fills in others: its type, its ``msg``, the localized
``faultMessage`` list, and the ``faultCause`` underneath. :func:`fault_text` says all that is there, once.
"""

from __future__ import annotations

import re
from typing import Any

# What a fault means where its own message does not tell a user, by the fault's type. {x} is the fault's property x.
_MEANINGS = {
    "InvalidLogin": "wrong user name or password",
    "NoPermission": "the user lacks the privilege '{privilegeId}'",
    "NotAuthenticated": "the session has ended, or the user has no right to do this",
    "RestrictedVersion": "the host's licence does not allow it",
    "AlreadyExists": "'{name}' exists already",
    "DuplicateName": "the name '{name}' is taken already",
    "InvalidName": "'{name}' is not a valid name",
    "InvalidArgument": "the value of '{invalidProperty}' is not accepted",
    "ResourceInUse": "'{name}' is in use",
    "NotFound": "it does not exist (any more)",
    "ManagedObjectNotFound": "it does not exist any more",
    "NotSupported": "the server does not support it",
    "TaskInProgress": "another task is working on it",
    "SSLVerifyFault": "the certificate is not trusted; its thumbprint is {thumbprint}",
    "NoHost": "the host '{name}' cannot be reached",
    "AlreadyConnected": "the host is connected already",
    "AlreadyBeingManaged": "the host is managed by another vCenter, at {ipAddress}",
    "HostCommunication": "the server cannot communicate with the host",
    "HostNotConnected": "the host is not connected",
    "RequestCanceled": "the task was cancelled",
    "InvalidPowerState": "the virtual machine is {existingState} and would have to be {requestedState}",
    "InvalidState": "it is in a state that does not allow this",
}

# Messages that repeat the type and say nothing else.
_EMPTY = re.compile(r"^(|a general system error occurred[:.]? ?|.*runtime fault)$", re.IGNORECASE)


def type_name(fault: Any) -> str:
    """``HostConfigFault`` of ``vim.fault.HostConfigFault``."""
    return type(fault).__name__.rsplit(".", 1)[-1]


def _parts(fault: Any, localized: str = "") -> list[str]:
    meaning = _MEANINGS.get(type_name(fault), "")
    fields = {name: getattr(fault, name, None) for name in re.findall(r"{(\w+)}", meaning)}
    parts = [meaning.format(**fields)] if all(fields.values()) else []
    parts += [localized, getattr(fault, "msg", None) or ""]
    parts += [item.message or "" for item in getattr(fault, "faultMessage", None) or ()]
    for name in ("reason", "text"):
        detail = getattr(fault, name, None)
        parts.append(detail if isinstance(detail, str) else "")
    cause = getattr(fault, "faultCause", None)
    if cause is not None and hasattr(cause, "fault"):
        parts += _parts(cause.fault, cause.localizedMessage or "")
    elif cause is not None:
        parts += _parts(cause)
    return parts


def fault_text(fault: Any, localized: str = "") -> str:
    """What a fault says, in one line.

    :param fault: a ``vmodl.MethodFault``, or a ``vmodl.LocalizedMethodFault`` as tasks and events carry it.
    :param localized: the message beside it, when the caller has it.
    """
    if hasattr(fault, "fault") and hasattr(fault, "localizedMessage"):
        fault, localized = fault.fault, fault.localizedMessage or localized
    said: list[str] = []
    for part in _parts(fault, localized):
        part = " ".join(part.split()).rstrip(".")
        known = any(part.lower() in other.lower() for other in said)
        only_type = " " not in part and part.endswith(type_name(fault))
        if not (_EMPTY.match(part) or only_type or known):
            said.append(part)
    return f"{'; '.join(said)} ({type_name(fault)})" if said else type_name(fault)


def is_fault(error: Any, *names: str) -> bool:
    """Whether ``error`` is a fault of one of these types, or of a type derived from one of them."""
    return any(cls.__name__.rsplit(".", 1)[-1] in names for cls in type(error).__mro__)
