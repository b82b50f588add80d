# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declared data centre must be by itself, whatever the vCenter has. Needs no server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import check_name, refuse_twice


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no vCenter could take.

    :param desired: the module's options.
    :raises ConvergeError: naming the option, the value and what it must be.
    """
    check_name("name", desired["name"])
    clusters = desired.get("clusters") or ()
    for cluster in clusters:
        check_name("clusters: name", cluster["name"])
    refuse_twice("clusters: name", clusters)
    kept = [cluster["name"] for cluster in clusters if cluster["state"] == "present"]
    if desired["state"] == "absent" and kept:
        raise ConvergeError(f"clusters: '{kept[0]}' is to be present in the datacenter '{desired['name']}', which is to be "
                            "absent; one of the two must change.")
