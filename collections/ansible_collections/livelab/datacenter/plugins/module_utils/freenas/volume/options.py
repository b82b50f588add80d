# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that declare a pool and zvols, of every module that has them."""

from __future__ import annotations

_NAME = {"type": "str", "required": True}
_POOL = {
    "name": _NAME,
    "disks": {"type": "list", "elements": "str"},
    "layout": {
        "type": "str",
        "choices": ["stripe", "mirror", "raid10", "raidz1", "raidz2", "raidz3"],
        "default": "stripe",
    },
}
_ZVOL = {
    "name": _NAME,
    "size": _NAME,
    "sparse": {"type": "bool", "default": False},
    "volblocksize": {"type": "str", "choices": ["512", "1K", "2K", "4K", "8K", "16K", "32K", "64K", "128K"]},
    "force_size": {"type": "bool", "default": False},
}
OPTIONS = {
    "pool": {"type": "dict", "options": _POOL},
    "zvols": {"type": "list", "elements": "dict", "options": _ZVOL},
}
