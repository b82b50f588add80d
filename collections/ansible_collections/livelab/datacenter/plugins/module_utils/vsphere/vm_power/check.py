# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of vm_power that no server could take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import check_port
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.limits import check_timeout
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_power.plan import OUTCOME


def check(params: Mapping[str, Any]) -> None:
    """Refuse them.

    :raises ConvergeError: naming the option and what it must be.
    """
    if not params["name"].strip():
        raise ConvergeError("name is empty: it must name a virtual machine.")
    check_timeout("wait_timeout", params["wait_timeout"])
    if params["shutdown_timeout"] is not None:
        check_timeout("shutdown_timeout", params["shutdown_timeout"])
        if params["state"] != "shutdown-guest":
            raise ConvergeError(f"shutdown_timeout: with state: {params['state']} nothing is shut down; use it with "
                                "shutdown-guest.")
    if params["wait_for_port"] is not None:
        check_port("wait_for_port", params["wait_for_port"])
    for option in ("wait_for_ip", "wait_for_tools", "wait_for_port"):
        if params[option] and OUTCOME[params["state"]] != "poweredOn":
            raise ConvergeError(f"{option}: a machine that is {params['state']} has no guest that runs; use it with "
                                "powered-on or restarted.")
