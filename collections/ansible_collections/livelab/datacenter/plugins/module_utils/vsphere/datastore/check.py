# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What no server could take of the options of ``esxi_datastore``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.addresses import canonical_host
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.scsi_names import is_disk, is_node

# The longest label of a VMFS volume.
_LONGEST = 42
_LUNS = range(1024)
# ESXi 5.0 came with the one, 6.5 with the other.
_VERSIONS = (5, 6)


def check(desired: Mapping[str, Any]) -> None:
    """Refuse what no server could take.

    :raises ConvergeError: naming the option, the value and what it must be.
    """
    name = desired["name"]
    # A path leads to one that is there, however deep it is.
    longest = len(name) if name.startswith("/") else _LONGEST
    if not name.strip() or name != name.strip() or len(name) > longest or not name.isprintable():
        raise ConvergeError(f"name: {name!r} must be 1 to {_LONGEST} characters in one line, with no blank at either end.")
    if desired.get("lun") is not None and desired["lun"] not in _LUNS:
        raise ConvergeError(f"lun: {desired['lun']} must be from 0 to {_LUNS[-1]}.")
    if desired.get("target") is not None and not is_node(desired["target"]):
        raise ConvergeError(f"target: '{desired['target']}' is not an iSCSI name; it must look like "
                            "iqn.2005-10.org.freenas.ctl:vmware.")
    if desired.get("naa") is not None and not is_disk(desired["naa"]):
        raise ConvergeError(f"naa: '{desired['naa']}' is not the canonical name of a disk; it must look like "
                            "naa.60014050000000010001000000000000 (or begin with eui., t10. or mpx.).")
    version = desired.get("vmfs_version")
    if version is not None and version not in _VERSIONS:
        raise ConvergeError(f"vmfs_version: {version} must be 5, or 6 on hosts from ESXi 6.5 on.")
    hosts = desired.get("hosts") or ()
    if not all(host.strip() for host in hosts):
        raise ConvergeError("hosts: one of them is empty; each must be the name of an ESXi host.")
    for host in twice(map(canonical_host, hosts)):
        spelt = ", ".join(f"'{one}'" for one in hosts if canonical_host(one) == host)
        raise ConvergeError(f"hosts: '{host}' is listed twice ({spelt}); list each host once.")
