# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease under which an import runs: wait for it, keep it alive, complete or abort it."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim, vmodl
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.errors import explain, fault_text

# Seconds between two reports of progress; a lease lives for minutes.
_BEAT = 5.0
# Seconds the server may take to make ready.
_READY = 300.0


class Lease:
    """A context manager: on the way out without an error the import is completed, with one it is aborted."""

    def __init__(self, client: Client, lease: Any, total: int) -> None:
        """total: bytes that will be sent."""
        self._client = client
        self._lease = lease
        self._total = max(1, total)
        self._sent = 0
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)
        self.info: Any = None

    def __enter__(self) -> Lease:
        """Wait until it is ready; `info` is its HttpNfcLeaseInfo then."""
        try:
            self.info = self._wait()
        except BaseException as error:
            self._abort(error)
            raise
        self._keeper.start()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, _trace: Any) -> None:
        self._over.set()
        self._keeper.join(timeout=2 * _BEAT)
        if error is not None:
            self._abort(error)
            return
        try:
            self._lease.HttpNfcLeaseProgress(100)
            self._lease.HttpNfcLeaseComplete()
        except Exception as failure:
            self._abort(failure)
            raise ConvergeError(f"the server did not accept the upload: {explain(failure)}") from failure

    def sent(self, count: int) -> None:
        """`count` bytes more have gone out."""
        self._sent += count

    def _wait(self) -> Any:
        ends = time.monotonic() + _READY
        state = vim.HttpNfcLease.State
        while time.monotonic() < ends:
            values = self._client.read(self._lease, "state", "error")
            if values.get("state") == state.ready:
                return self._client.read(self._lease, "info")["info"]
            if values.get("state") == state.error:
                raise ConvergeError(fault_text(values["error"]) if values.get("error") else "the import failed")
            time.sleep(0.2)
        raise ConvergeError(f"the server was not ready to receive the disks within {_READY:g} s.")

    def _keep(self) -> None:
        """Tell the server how far it is, so that it does not give up. The next beat makes up for one that fails."""
        while not self._over.wait(_BEAT):
            with contextlib.suppress(Exception):
                self._lease.HttpNfcLeaseProgress(min(99, 100 * self._sent // self._total))

    def _abort(self, error: BaseException) -> None:
        """Have the server remove what it has of the machine. If it is out of reach, the lease runs out by itself."""
        with contextlib.suppress(Exception):
            reason = vmodl.fault.SystemError(reason="the upload ended early", msg=str(error)[:200])
            self._lease.HttpNfcLeaseAbort(reason)
