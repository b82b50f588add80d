# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thumbprints of certificates, in the notations that users and servers write them in. No I/O."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

_PEM = re.compile("-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
# Hex digits in a digest, by the digest's name.
_DIGITS = {"SHA-256": 64, "SHA-1": 40}


def thumbprint(certificate: bytes, digest: str = "SHA-256") -> str:
    """The thumbprint of a DER certificate, as vSphere writes it: ``AB:CD:…``. ``digest`` is SHA-256 or SHA-1."""
    hexed = hashlib.new(digest.replace("-", "").lower(), certificate).hexdigest().upper()
    return ":".join(re.findall("..", hexed))


def normalise(text: str, option: str = "thumbprint", digests: tuple[str, ...] = ("SHA-256",)) -> tuple[str, str]:
    """Return ``(digest name, thumbprint as AB:CD:…)`` of a thumbprint in any usual notation.

    :param text: hex digits, any case, with or without colons, spaces or a ``SHA256:`` prefix.
    :param option: the module's option, for the error.
    :param digests: the digests accepted there.
    :raises ConvergeError: when it is none of them.
    """
    plain = re.sub(r"^sha-?(256|1)[:=\s]", "", text.strip(), flags=re.IGNORECASE)
    plain = re.sub(r"[:\s-]", "", plain).upper()
    for digest in digests:
        if re.fullmatch(rf"[0-9A-F]{{{_DIGITS[digest]}}}", plain):
            return digest, ":".join(re.findall("..", plain))
    wanted = " or ".join(f"the {_DIGITS[digest]} hex digits of a {digest} thumbprint" for digest in digests)
    raise ConvergeError(f"{option}: '{text}' is not a thumbprint; it must be {wanted}, with or without colons.")


def from_pem(text: str) -> bytes | None:
    """The DER form of the first certificate in a PEM text, ``None`` when there is none."""
    match = _PEM.search(text)
    try:
        return base64.b64decode(match[1]) if match else None
    except binascii.Error:
        return None
