# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of vmotion that no server could take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.limits import check_timeout, refuse_empty
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import check_networks


def check(params: Mapping[str, Any]) -> None:
    """Refuse them.

    :raises ConvergeError: naming the option and what it must be.
    """
    refuse_empty(params, "name", "folder", "datacenter", "destination_host", "cluster", "datastore")
    check_networks(params["networks"] or {})
    check_timeout("wait_timeout", params["wait_timeout"])
