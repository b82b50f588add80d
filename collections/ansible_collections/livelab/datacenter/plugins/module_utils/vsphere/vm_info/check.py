# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of vm_info that select nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.text import twice


def check(params: Mapping[str, Any]) -> None:
    """Refuse them.

    :raises ConvergeError: naming the option and what it must be.
    """
    names = params["names"]
    if names is not None and not names:
        raise ConvergeError("names is empty: there is nothing to look for. Leave it out to read every machine.")
    for name in names or ():
        if not name.strip():
            raise ConvergeError("names: an empty name is the name of no machine.")
    for name in twice(names or ()):
        raise ConvergeError(f"names: '{name}' is there twice.")
