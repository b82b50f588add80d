# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declared host must be by itself, whatever the vCenter has. Needs no server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import check_host, check_port
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import normalise

_DIGESTS = ("SHA-256", "SHA-1")


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no vCenter could take.

    :param desired: the module's options.
    :raises ConvergeError: naming the option, the value and what it must be.
    """
    check_host("name", desired["name"])
    check_port("esxi_port", desired["esxi_port"])
    if desired.get("esxi_thumbprint"):
        normalise(desired["esxi_thumbprint"], "esxi_thumbprint", _DIGESTS)
    for option in ("datacenter", "cluster"):
        if desired.get(option) is not None and not desired[option].strip():
            raise ConvergeError(f"{option}: the name is empty.")
    if desired["state"] == "absent" and desired.get("maintenance_mode") is not None:
        raise ConvergeError(f"maintenance_mode: host '{desired['name']}' is to be absent; there is nothing to put into "
                            "maintenance mode.")
