# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection options of the modules that talk to a FreeNAS or TrueNAS."""

from __future__ import annotations


class ModuleDocFragment:
    """Used as ``extends_documentation_fragment: livelab.datacenter.freenas``."""

    DOCUMENTATION = r"""
options:
  hostname:
    description:
      - Name or address of the NAS's web interface.
      - If not set, E(FREENAS_HOST) is used.
    type: str
    required: true
  port:
    description:
      - TCP port of its HTTPS interface.
      - If not set, E(FREENAS_PORT) is used.
    type: int
    default: 443
  username:
    description:
      - User to log in as.
      - If not set, E(FREENAS_USER) is used.
    type: str
    default: root
  password:
    description:
      - Password of O(username). One of O(password) and O(api_key) is needed.
      - If not set, E(FREENAS_PASSWORD) is used.
    type: str
  api_key:
    description:
      - API key of a TrueNAS, used instead of a password.
      - If not set, E(FREENAS_API_KEY) is used.
    type: str
  api_version:
    description:
      - API to speak. V(auto) asks, the newest first.
      - V(jsonrpc) is that of TrueNAS from 25.04 on, V(v2.0) the REST API of FreeNAS 11.2 to TrueNAS 25.10,
        V(v1.0) that of FreeNAS 9.3 to 11.3.
      - If not set, E(FREENAS_API_VERSION) is used.
    type: str
    choices:
      - auto
      - jsonrpc
      - v2.0
      - v1.0
    default: auto
  validate_certs:
    description:
      - Whether to check that the server's certificate is signed by a trusted CA and made out to O(hostname).
      - Has no effect when O(thumbprint) is given, which is a stricter check.
      - If not set, E(FREENAS_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - PEM file with the certificate of the CA to trust, on the machine the module runs on.
      - The system's trusted CAs are used when neither this nor E(FREENAS_CA_PATH) is set.
    type: path
  thumbprint:
    description:
      - SHA-256 thumbprint of the server's certificate, in hexadecimal, with or without colons.
      - The server must show this very certificate, self-signed or not. Otherwise the module ends before the password is
        sent.
      - If not set, E(FREENAS_THUMBPRINT) is used.
    type: str
  timeout:
    description:
      - Seconds to wait for the connection and for each answer. Jobs of the NAS, such as making a pool, get longer.
    type: int
    default: 60
requirements:
  - requests 2.20 or newer
  - websocket-client 1.6 or newer (for JSON-RPC)
notes:
  - The options that connect can be given once for all modules with C(module_defaults) and the group
    C(group/livelab.datacenter.freenas).
"""
