# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a datastore that is fit to hold something, as the modules that put machines onto one name it."""

from __future__ import annotations

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.find import Found, Inventory


def usable_datastore(inventory: Inventory, name: str, centre: Found | None) -> Found:
    """The datastore of this name or path, fit to hold something.

    :param centre: the data centre it is in; any when not given.
    :raises ConvergeError: when it is not there, or not accessible, or in maintenance mode.
    """
    found = inventory.datastore(name, datacenter=centre)
    if not found.values.get("summary.accessible", True):
        raise ConvergeError(f"the datastore '{found.name}' is not accessible: no host reaches its storage.")
    if found.values.get("summary.maintenanceMode", "normal") != "normal":
        raise ConvergeError(f"the datastore '{found.name}' is in maintenance mode.")
    return found
