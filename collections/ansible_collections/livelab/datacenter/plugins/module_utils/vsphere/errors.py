# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one translation of what the vSphere API and its library raise: faults and errors as plain text.

A fault says what is wrong in four places, and each server fills in others: its type, its ``msg``, the localized
``faultMessage`` list, and the ``faultCause`` underneath. :func:`fault_text` says all that is there, once, and what helps.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from typing import Any
from xml.parsers.expat import ExpatError

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import explain_any
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.fault_words import WORDS

# Messages that repeat the type and say nothing else, or that are an object of the library written out.
_EMPTY = re.compile(
    r"(|a general system error occurred[:.]? ?|.*runtime fault|\S*\bfault\.\w+|\((vim|vmodl)[.\w]*\) ?\{.*)",
    re.IGNORECASE | re.DOTALL,
)
# In WORDS: {property|else}, or {*name|else} for one without quotation marks.
_FIELD = re.compile(r"{(\*?)(\w+)\|([^}]*)}")


def type_name(fault: Any) -> str:
    """``HostConfigFault`` of ``vim.fault.HostConfigFault``."""
    return type(fault).__name__.rsplit(".", 1)[-1]


def is_fault(error: Any, *names: str) -> bool:
    """Whether ``error`` is a fault of one of these types, or of a type derived from one of them."""
    return any(name in names for name in _types(error))


def fault_text(fault: Any, localized: str = "", **names: str) -> str:
    """What a fault says, and what helps, in one line.

    :param fault: a ``vmodl.MethodFault``, or a ``vmodl.LocalizedMethodFault`` as tasks and events carry it.
    :param localized: the message beside it, when the caller has it.
    :param names: what the caller knows and the fault may not say: ``failedHost``, ``destination``.
    """
    fault, localized = _opened(fault, localized)
    said: list[str] = []
    for part in _parts(fault, localized, names):
        part = " ".join(part.split()).rstrip(".;:")
        known = any(part.lower() in other.lower() for other in said)
        only_type = " " not in part and part.endswith(type_name(fault))
        if not (_EMPTY.fullmatch(part) or only_type or known):
            said.append(part)
    # What helps against the cause helps best, where it is known for what it is.
    line = list(_line(fault))
    helped = next((one for one in reversed(line) if type_name(one) in WORDS), fault)
    return f"{'; '.join(said)}. {_entry(helped)[1]} ({type_name(fault)})"


def _types(error: Any) -> list[str]:
    return [cls.__name__.rsplit(".", 1)[-1] for cls in type(error).__mro__]


def _entry(fault: Any) -> tuple[str, str]:
    """The words of the nearest type that has some."""
    return next((WORDS[name] for name in _types(fault) if name in WORDS), WORDS["MethodFault"])


def _opened(fault: Any, localized: str = "") -> tuple[Any, str]:
    """The fault itself and the message beside it, of one that a task or an event carries."""
    if hasattr(fault, "fault") and hasattr(fault, "localizedMessage"):
        return fault.fault, fault.localizedMessage or localized
    return fault, localized


def _line(fault: Any) -> Iterator[Any]:
    """A fault and the causes under it."""
    while fault is not None:
        fault = _opened(fault)[0]
        yield fault
        fault = getattr(fault, "faultCause", None)


def _parts(fault: Any, localized: str, names: dict[str, str]) -> list[str]:
    """All that a fault and its causes say."""
    meaning = _FIELD.sub(lambda match: _field(fault, match, names), _entry(fault)[0])
    told = [localized, getattr(fault, "msg", None) or ""]
    told += [item.message or "" for item in getattr(fault, "faultMessage", None) or ()]
    told += [value for name in ("reason", "text", "detail", "details") if isinstance(value := getattr(fault, name, None), str)]
    parts = [meaning, *told]
    # A type that has no words of its own, and a server that has none: the type's name, as words.
    if type_name(fault) not in WORDS and all(_EMPTY.fullmatch(text.strip()) or " " not in text.strip() for text in told):
        parts.append(_as_words(type_name(fault)))
    cause = getattr(fault, "faultCause", None)
    return parts if cause is None else parts + _parts(*_opened(cause), names)


def _field(fault: Any, match: re.Match[str], names: dict[str, str]) -> str:
    bare, name, otherwise = match.groups()
    value = getattr(fault, name, None) or names.get(name)
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return otherwise
    return str(value) if bare else f"'{value}'"


def _as_words(name: str) -> str:
    """``CPU feature not there`` of ``CPUFeatureNotThere``."""
    words = re.findall(r"[A-Z]{2,}(?=[A-Z][a-z]|\b|\d)|[A-Z][a-z]+|[a-z]+|[A-Z]|\d+", name.removesuffix("Fault"))
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)


def explain(error: Exception) -> str:
    """Plain text for anything that a call to the server raises."""
    if is_fault(error, "MethodFault"):
        return fault_text(error)
    if isinstance(error, TimeoutError):
        return "the server did not answer within the time limit (option 'timeout')"
    if isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead, ConnectionError)):
        return "the server broke the connection off before it had answered. Run it again once the server is up"
    if isinstance(error, http.client.HTTPException):
        return "what answered is no vSphere server: it does not speak HTTP as one does. See that hostname and port are right"
    if isinstance(error, ExpatError):
        return "what answered is no vSphere server: its answer is no XML. See that hostname and port are right"
    if isinstance(error, OSError) and error.strerror:
        return f"the connection to the server failed: {error.strerror}"
    if _in_the_answer(error):
        return (f"the server answers with something that the library pyVmomi here does not know: {error}. A newer one may: "
                "pip install --upgrade pyvmomi")
    return f"a fault of this module: {explain_any(error)}. Please report it, with the task"


def _in_the_answer(error: BaseException) -> bool:
    """Whether the library failed at reading what the server answered."""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals.get("__name__") == "pyVmomi.SoapAdapter" and frame.f_code.co_name == "Deserialize":
            return True
        trace = trace.tb_next
    return False
