# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the logs that tell a move's phases: those of the two hosts' kernels, and the machine's own in its datastore.

A move is done whatever its logs say, so nothing here fails: what cannot be read is not known.
"""

from __future__ import annotations

import contextlib
import http.client
from dataclasses import asdict
from typing import Any
from urllib.parse import quote, urlencode

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere import hardware
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.client import Client, vim, vmodl
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import unescape
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.tasks import TaskFailed, wait_for_task
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vmotion.phases import Phases, migrations, phases

# DiagnosticManager's key of vmkernel.log, the same on every ESXi.
_KERNEL = "vmkernel"
# How many lines of it are read: a move writes a few dozen on each side.
_TAIL_LINES = 1000
# Behind any log's end. The answer is empty, and says where the end is.
_BEHIND = 999_999_999
# A machine's log begins anew with each move, so what matters is never far from its end.
_MOST_BYTES = 1 << 20
_SEARCH_SECONDS = 30


class MoveLogs:
    """The logs of one move, of which it is noted before what they hold already.

    :param centre: inventory path of the machine's data centre, as the vCenter keeps it: ``lab/Thesis``.
    :param source: the host (managed object) that the machine leaves.
    :param destination: the host that it goes to.
    """

    def __init__(self, client: Client, machine: Any, centre: str, source: Any, destination: Any) -> None:
        self._client, self._machine, self._centre = client, machine, centre
        self._source, self._destination = source, destination
        self._earlier = set(migrations(self._kernel(source)))

    def phases(self) -> dict[str, Any] | None:
        """What the move took, by the names of :class:`Phases`, as far as it is known; None when nothing is."""
        kernels = [self._kernel(self._source), self._kernel(self._destination)]
        new = [number for number in migrations(kernels[0]) if number not in self._earlier]
        own = self._machine_logs()
        # Several machines may have left the host meanwhile; this one's log knows which move was its own.
        known = migrations(*own) if own else new
        mine = [number for number in new if number in known]
        if len(mine) != 1:
            return None
        return told(phases(mine[0], *kernels, *own))

    def _kernel(self, host: Any) -> str:
        """The end of a host's vmkernel.log."""
        with _unknown():
            first = max(1, self._browse(host, _BEHIND).lineEnd - _TAIL_LINES + 1)
            return "\n".join(self._browse(host, first).lineText)
        return ""

    def _browse(self, host: Any, start: int) -> Any:
        browse = self._client.content.diagnosticManager.BrowseDiagnosticLog
        return self._client.retrying(lambda: browse(host=host, key=_KERNEL, start=start, lines=_TAIL_LINES))

    def _machine_logs(self) -> list[str]:
        """The machine's vmware.log, and the one before it, which the process at the source wrote."""
        with _unknown():
            found = self._client.read(self._machine, "config.files.logDirectory", "datastore")
            directory = found["config.files.logDirectory"]
            datastore = unescape(hardware.datastore_of(directory))
            places = self._client.read_all(found["datastore"], ("name", "browser"))
            browsers = {unescape(place["name"]): place["browser"] for place in places.values()}
            return [self._download(directory, name) for name in self._newest(browsers[datastore], directory)]
        return []

    def _newest(self, browser: Any, directory: str) -> list[str]:
        """The name of the machine's log, and of the one before it if there is one."""
        details = vim.host.DatastoreBrowser.FileInfo.Details(fileSize=False, fileType=False, modification=True, fileOwner=False)
        spec = vim.host.DatastoreBrowser.SearchSpec(matchPattern=["vmware*.log"], details=details)
        task = browser.SearchDatastore_Task(datastorePath=directory, searchSpec=spec)
        info = wait_for_task(self._client, task, _SEARCH_SECONDS)
        older = [file for file in info.result.file if file.path != "vmware.log"]
        return ["vmware.log", *(file.path for file in sorted(older, key=lambda file: file.modification)[-1:])]

    def _download(self, directory: str, name: str) -> str:
        """The end of a file in a datastore."""
        query = urlencode({"dcPath": self._centre, "dsName": hardware.datastore_of(directory)}, quote_via=quote)
        file = f"{directory.partition(']')[2].strip()}/{name}".lstrip("/")
        return self._client.download(f"/folder/{quote(file)}?{query}", _MOST_BYTES).decode(errors="replace")


def _unknown() -> contextlib.suppress:
    """What goes wrong inside leaves something unknown, and nothing else."""
    return contextlib.suppress(vmodl.MethodFault, TaskFailed, ConvergeError, OSError, http.client.HTTPException, KeyError)


def told(found: Phases) -> dict[str, Any]:
    """As a module's result has them: only what is known."""
    known = {name: value for name, value in asdict(found).items() if value is not None}
    if "began" in known:
        known["began"] = known["began"].isoformat()
    return known
