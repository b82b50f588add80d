# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host names, IP addresses and ports: what they must be, and when two are the same. No I/O."""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

# Underscores are no part of a host name, but many a DNS has them.
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


def check_host(option: str, host: str) -> None:
    """Refuse what is neither a host name nor an IP address.

    :raises ConvergeError: naming the option.
    """
    # Brackets are for IPv6 addresses, as in a URL, and for nothing else.
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") and is_address(host[1:-1], 6) else host
    labels = bare.rstrip(".").split(".")
    # A name whose last label is a number is an address that went wrong: 10.0.0.300.
    is_name = len(bare) <= 253 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
    if not (is_address(bare) or is_name):
        hint = " Leave out the scheme, the port and the path." if re.search(r"[/:]", host) else ""
        raise ConvergeError(f"{option}: '{host}' is not a host name or an IP address.{hint}")


def check_port(option: str, port: int) -> None:
    """Refuse what is no TCP port.

    :raises ConvergeError: naming the option.
    """
    if port not in range(1, 65536):
        raise ConvergeError(f"{option}: {port} is not a TCP port; it must be from 1 to 65535.")


def is_address(text: str, version: int | None = None) -> bool:
    """Whether this is an IP address (of that version)."""
    try:
        return version in (None, ipaddress.ip_address(text).version)
    except ValueError:
        return False


def same_host(one: str, other: str) -> bool:
    """Whether two names or addresses are the same host's, as DNS and IP compare them: case, final dot, IPv6 form."""
    return canonical_host(one) == canonical_host(other)


def canonical_host(host: str) -> str:
    """A host's name or address in the one spelling that equal ones share."""
    bare = host.strip().strip("[]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare.rstrip(".").lower()


def url_host(host: str) -> str:
    """A host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
