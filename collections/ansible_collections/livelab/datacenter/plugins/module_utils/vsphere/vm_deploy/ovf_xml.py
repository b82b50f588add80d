# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OVF descriptor's XML: read safely, looked at by local names, numbers and units in it. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

_OLDER_UNITS = {
    "bytes": 1,
    "kilobytes": 2**10,
    "kb": 2**10,
    "megabytes": 2**20,
    "mb": 2**20,
    "gigabytes": 2**30,
    "gb": 2**30,
    "terabytes": 2**40,
    "tb": 2**40,
}
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*\?>")
_ENCODING = re.compile(rb"""^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def parse_xml(data: bytes, where: str) -> tuple[Any, str]:
    """The root element of a descriptor, and its text.

    :param where: its path, for errors.
    :raises ConvergeError: when it is none. A document type is refused: an OVF has none, and entities can be made to fill
        the memory.
    """
    text = _decoded(data, where)
    scanner = expat.ParserCreate()

    def refuse(name: str, *_ids: object) -> None:
        raise ConvergeError(f"{where} is not an OVF descriptor: it has a document type ('{name}'), which an OVF has not.")

    # Called before what a document type declares is read.
    scanner.StartDoctypeDeclHandler = refuse
    body = text.encode()
    try:
        scanner.Parse(body, True)
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, expat.ExpatError) as error:
        raise ConvergeError(f"{where} is not an OVF descriptor: it is not XML ({error}).") from error
    if local(root) != "Envelope":
        raise ConvergeError(f"{where} is not an OVF descriptor: its root is <{local(root)}>, not <Envelope>.")
    return root, text


def _decoded(data: bytes, where: str) -> str:
    """The text, without a declaration of an encoding that it no longer has."""
    declared = _ENCODING.match(data)
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else declared[1].decode() if declared else "utf-8"
    try:
        text = data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise ConvergeError(f"{where} is not an OVF descriptor: it is not text in {encoding}.") from error
    return '<?xml version="1.0" encoding="UTF-8"?>' + _DECLARATION.sub("", text, count=1)


def local(element: Any) -> str:
    """An element's name without its namespace."""
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def every(element: Any, *names: str) -> Iterator[Any]:
    """The elements of these names at any depth, in document order."""
    return (child for child in element.iter() if local(child) in names)


def children(element: Any, *names: str) -> Iterator[Any]:
    """The elements of these names directly in it."""
    return (child for child in element if local(child) in names)


def attribute(element: Any, name: str) -> str | None:
    """An attribute, with or without a namespace."""
    return next((value for key, value in element.attrib.items() if key.rsplit("}", 1)[-1] == name), None)


def number(text: str | None, what: str) -> int:
    """A whole number of the descriptor.

    :raises ConvergeError: naming what it should have been.
    """
    if text is None or not re.fullmatch(r"\s*[0-9]+\s*", text, re.ASCII):
        raise ConvergeError(f"the OVF descriptor's {what} is '{text}'; it must be a whole number.")
    return int(text)


def units(text: str | None) -> int:
    """Bytes in an allocation unit as OVF writes it: ``byte * 2^20``, or the older ``MegaBytes``. Nothing is 1 byte.

    :raises ConvergeError: when it is none.
    """
    text = (text or "byte").strip()
    if text.lower() in _OLDER_UNITS:
        return _OLDER_UNITS[text.lower()]
    first, *factors = [part.strip() for part in text.split("*")]
    size = 1
    for factor in factors:
        power = re.fullmatch(r"([0-9]+)(?:\s*\^\s*([0-9]+))?", factor, re.ASCII)
        if not power or int(power[2] or 1) > 80:
            first = ""
            break
        size *= int(power[1]) ** int(power[2] or 1)
    if first.lower() != "byte" or size == 0:
        raise ConvergeError(f"the OVF descriptor counts in '{text}'; expected something like 'byte * 2^20'.")
    return size
