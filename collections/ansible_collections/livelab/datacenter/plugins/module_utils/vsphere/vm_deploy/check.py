# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of vm_deploy that no server could take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.limits import refuse_empty
from ansible_collections.livelab.datacenter.plugins.module_utils.core.thumbprints import normalise
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.names import check_networks, escape

# Letters of a name, as a vCenter keeps it.
_LONGEST = 80


def check(params: Mapping[str, Any]) -> None:
    """Refuse them.

    :raises ConvergeError: naming the option and what it must be.
    """
    check_name(params["name"])
    check_networks(params["networks"] or {})
    refuse_empty(params, "datastore", "esxi_hostname", "cluster", "datacenter", "deployment_option", "ovf")
    for key, value in (params["properties"] or {}).items():
        if value is None or isinstance(value, (dict, list)):
            raise ConvergeError(f"properties: '{key}' must be a text, a number, true or false.")
    if params["upload_thumbprint"]:
        normalise(params["upload_thumbprint"], "upload_thumbprint")


def check_name(name: str) -> None:
    """Refuse what can be no machine's name.

    :raises ConvergeError: naming it.
    """
    if not name.strip():
        raise ConvergeError(f"name: '{name}' must have 1 to {_LONGEST} characters.")
    if re.search(r"[\x00-\x1f\x7f]", name):
        raise ConvergeError(f"name: {name!r} has a line end or another control character in it.")
    # A whole path is no name, and may be longer.
    length = len(escape(name))
    if length > _LONGEST and not name.startswith("/"):
        counted = " (a vCenter keeps '/', '\\' and '%' as three)" if length != len(name) else ""
        raise ConvergeError(f"name: '{name}' has {length} characters{counted}; a machine's name has 1 to {_LONGEST}.")
