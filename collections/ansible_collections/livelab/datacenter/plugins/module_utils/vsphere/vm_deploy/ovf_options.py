# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be chosen of an OVF package: its deployment options, and the values of its properties. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import listing
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.ovf_xml import (
    attribute,
    children,
    every,
)


@dataclass(frozen=True)
class Property:
    """A property. ``value`` is the one given, or its default for the option chosen; ``None`` when it has none."""

    key: str
    value: str | None
    secret: bool
    given: bool = False


def deployment_options(root: Any) -> tuple[list[str], str]:
    """The deployment options of a package, and its default one, ``""`` when it has none."""
    options = [one for section in every(root, "DeploymentOptionSection") for one in children(section, "Configuration")]
    names = [attribute(one, "id") or "" for one in options]
    marked = [name for name, one in zip(names, options, strict=True) if attribute(one, "default") in ("true", "1")]
    return names, next(iter(marked or names), "")


def choose_option(root: Any, wanted: str | None) -> tuple[list[str], str]:
    """The deployment options of a package, and the one wanted or else its default.

    :raises ConvergeError: when there is none of that name.
    """
    names, default = deployment_options(root)
    if wanted and wanted not in names:
        raise ConvergeError(f"deployment_option: the package has no deployment option '{wanted}'; it has: {listing(names)}.")
    return names, wanted or default


def belongs(element: Any, option: str) -> bool:
    """Whether an element is of the option chosen: it names it, or none."""
    names = attribute(element, "configuration")
    return names is None or option in re.split(r"[\s,]+", names.strip())


def properties(root: Any, option: str, given: Mapping[str, Any] | None) -> dict[str, Property]:
    """The properties of a package by their full keys, ``class.key.instance``, with what is given.

    :raises ConvergeError: for one given that the package has not, or that could be several.
    """
    found: dict[str, Property] = {}
    for section in every(root, "ProductSection"):
        for element in children(section, "Property"):
            parts = (attribute(section, "class"), attribute(element, "key"), attribute(section, "instance"))
            key = ".".join(part for part in parts if part)
            found[key] = Property(key, _default(element, option), attribute(element, "password") in ("true", "1"))
    for name, value in (given or {}).items():
        key = _key(name, found)
        found[key] = Property(key, _as_text(value), found[key].secret, given=True)
    return found


def resolve(text: str | None, known: Mapping[str, Property]) -> str | None:
    """A value of the descriptor that may refer to a property, as ``${key}`` does.

    :raises ConvergeError: when there is no such property, or it has no value.
    """
    reference = re.fullmatch(r"\s*\$\{\s*([^}]+?)\s*\}\s*", text or "")
    if not reference:
        return text
    name = reference[1]
    fitting = [one for key, one in known.items() if name in (key, _plain(key, name))]
    if not fitting:
        raise ConvergeError(f"the OVF descriptor refers to a property '{name}' that it does not have; it has: "
                            f"{listing(known)}.")
    if fitting[0].value in (None, ""):
        raise ConvergeError(f"properties must give '{fitting[0].key}': the package needs it and has no default for it.")
    return fitting[0].value


def _default(element: Any, option: str) -> str | None:
    """The value for the option, or the one that is for all."""
    values = [one for one in children(element, "Value") if belongs(one, option)]
    special = [one for one in values if attribute(one, "configuration") is not None]
    if special:
        return attribute(special[0], "value")
    value = attribute(element, "value")
    return attribute(values[0], "value") if value is None and values else value


def _key(name: str, found: Mapping[str, Property]) -> str:
    if name in found:
        return name
    alike = [key for key in found if _plain(key, name) == name]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise ConvergeError(f"properties: '{name}' can be each of {', '.join(sorted(alike))}; give it in full.")
    raise ConvergeError(f"properties: the package has no property '{name}'; it has: {listing(found)}.")


def _plain(key: str, name: str) -> str:
    """The name, when it is the middle of a full key; else the key."""
    return name if f".{name}." in f".{key}." else key


def _as_text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
