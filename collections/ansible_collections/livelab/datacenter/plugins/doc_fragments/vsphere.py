# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection options of the modules that talk to an ESXi host or a vCenter."""

from __future__ import annotations


class ModuleDocFragment:
    """Used as ``extends_documentation_fragment: livelab.datacenter.vsphere``."""

    DOCUMENTATION = r"""
options:
  hostname:
    description:
      - Name or address of the ESXi host or the vCenter.
      - If not set, E(VMWARE_HOST) is used.
    type: str
    required: true
  port:
    description:
      - TCP port of its SDK endpoint.
      - If not set, E(VMWARE_PORT) is used.
    type: int
    default: 443
  username:
    description:
      - User to log in as, for example V(root) on ESXi or V(administrator@vsphere.local) on vCenter.
      - If not set, E(VMWARE_USER) is used.
    type: str
    required: true
  password:
    description:
      - Password of O(username).
      - If not set, E(VMWARE_PASSWORD) is used.
    type: str
    required: true
  validate_certs:
    description:
      - Whether to check that the server's certificate is signed by a trusted CA and made out to O(hostname).
      - Has no effect when O(thumbprint) is given, which is a stricter check.
      - If not set, E(VMWARE_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - PEM file with the certificate of the CA to trust, on the machine the module runs on.
      - The system's trusted CAs are used when neither this nor E(VMWARE_CA_PATH) is set.
    type: path
  thumbprint:
    description:
      - SHA-256 thumbprint of the server's certificate, in hexadecimal, with or without colons.
      - The server must show this very certificate, self-signed or not. Otherwise the module ends before the password is
        sent.
      - If not set, E(VMWARE_THUMBPRINT) is used.
    type: str
  timeout:
    description:
      - Seconds to wait for the connection and for each answer. Operations that are known to be slow, such as a rescan,
        get longer.
    type: int
    default: 60
requirements:
  - pyVmomi 8.0 or newer
notes:
  - The options that connect can be given once for all modules with C(module_defaults) and the group
    C(group/livelab.datacenter.vsphere).
  - Works with the vSphere API of ESXi 5.5 to 8.0.
"""
