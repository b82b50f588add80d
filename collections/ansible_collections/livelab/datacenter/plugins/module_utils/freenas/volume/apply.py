# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the disks, pools and zvols of a NAS, and making what is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import Change, Work
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.connect import connect
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.dialect import Dialect
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.api.objects import Disk, Filesystem, Pool, Zvol
from ansible_collections.livelab.datacenter.plugins.module_utils.freenas.volume.state import Volumes, from_api


def kinds_of(params: Mapping[str, Any]) -> list[type]:
    """What has to be read for these options: as little as can be."""
    kinds: list[type] = []
    if params.get("pool"):
        kinds += [Pool, Disk]
    if params.get("zvols"):
        kinds += [Pool, Filesystem, Zvol]
    return list(dict.fromkeys(kinds))


class VolumeWork(Work):
    """What speaks to the NAS for the module ``freenas_volume``."""

    def __init__(self, params: Mapping[str, Any], connect: Callable[[Mapping[str, Any]], Dialect] = connect) -> None:
        super().__init__(params)
        self._connect = connect

    def read(self) -> Volumes:
        self.client = self._connect(self.params)
        return from_api(self.client.hostname, self.client.read(*kinds_of(self.params)))

    def add(self, change: Change) -> None:
        """Make a pool or zvol."""
        self.client.create(change.args["thing"])

    def update(self, change: Change) -> None:
        """Grow a zvol."""
        self.client.update(change.args["thing"], change.args["names"])
