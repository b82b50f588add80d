# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host that is to be added is the one that the user means.

A vCenter that does not trust a host's certificate refuses it with ``SSLVerifyFault`` and tells the thumbprint it sees;
the user says yes by sending that back. Old vCenters want SHA-1 there, newer ones SHA-256. The user gives either, so
what is compared is the certificate itself, fetched from the host; then the vCenter gets what it wants.
"""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.livelab.datacenter.plugins.module_utils.core import tls
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import normalise, thumbprint

_BOTH = ("SHA-256", "SHA-1")


class HostTrust:
    """The trust in one host.

    :param pinned: the thumbprint that the user gave, SHA-256 or SHA-1, or ``None``.
    :param fetch: gets the DER certificate of an address; raises ``OSError`` when this machine cannot reach it.
    :raises ConvergeError: when ``pinned`` is no thumbprint.
    """

    def __init__(
        self,
        host: str,
        port: int,
        pinned: str | None,
        fetch: Callable[[str, int], bytes] = tls.peer_certificate,
    ) -> None:
        self._host, self._port, self._fetch = host, port, fetch
        self._digest, self._pinned = normalise(pinned, "esxi_thumbprint", _BOTH) if pinned else (None, None)
        self._seen: dict[str, str] | None = None

    def check(self) -> None:
        """Compare the pinned thumbprint with the host's certificate, if this machine can reach the host.

        :raises ConvergeError: when they differ; nothing has been sent to the host then.
        """
        seen = self._thumbprints()
        if self._pinned and seen and seen[self._digest] != self._pinned:
            raise ConvergeError(f"esxi_thumbprint: the {self._digest} thumbprint of {self._host}:{self._port} is "
                                f"{seen[self._digest]}, not {self._pinned}. The host was not added.")

    def offer(self, digest: str) -> str | None:
        """The thumbprint to send, by this digest where it can be told; ``None`` when the user pinned no certificate.

        :param digest: ``SHA-1``, which every vCenter knew up to 8, or ``SHA-256``, which later ones want.
        """
        if not self._pinned:
            return None
        return (self._thumbprints() or {}).get(digest, self._pinned)

    def answer(self, wanted: str | None) -> str:
        """The thumbprint to send to a vCenter that refused the host and told the thumbprint ``wanted``.

        :raises ConvergeError: when the user did not vouch for that certificate.
        """
        seen = self._thumbprints()
        if not self._pinned:
            shown = seen["SHA-256"] if seen else wanted
            raise ConvergeError(f"the vCenter does not trust the certificate of host '{self._host}'. Its thumbprint is "
                                f"{shown}. If that is what the host's console shows, give it as 'esxi_thumbprint'.")
        if not wanted:
            raise ConvergeError(f"the vCenter does not trust the certificate of host '{self._host}', and does not say "
                                "which it sees.")
        digest, wanted_plain = normalise(wanted, "the vCenter's answer", _BOTH)
        vouched = seen[digest] if seen else (self._pinned if digest == self._digest else None)
        if vouched is None:
            raise ConvergeError(f"the vCenter asks for the {digest} thumbprint of host '{self._host}', and this "
                                f"machine cannot reach the host to work it out from the {self._digest} one. The "
                                f"vCenter sees {wanted}: compare that, and give it as 'esxi_thumbprint'.")
        if vouched != wanted_plain:
            raise ConvergeError(f"the vCenter sees another certificate at '{self._host}' than was pinned: its {digest} "
                                f"thumbprint is {wanted}, not {vouched}. The host was not added.")
        return wanted

    def _thumbprints(self) -> dict[str, str] | None:
        """The host's thumbprints, or ``None`` when this machine cannot reach it."""
        if self._seen is None:
            try:
                certificate = self._fetch(self._host, self._port)
                self._seen = {digest: thumbprint(certificate, digest) for digest in _BOTH}
            except OSError:
                self._seen = {}
        return self._seen or None
