# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What options may be: numbers in their ranges, and texts that say something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

# Seconds: a day is more than any call takes, and less than what the socket library can count.
_LONGEST_TIMEOUT = 86400


def check_timeout(option: str, seconds: float) -> None:
    """Refuse a time limit that is none.

    :raises ConvergeError: naming the option.
    """
    if not 1 <= seconds <= _LONGEST_TIMEOUT:
        raise ConvergeError(f"{option}: {seconds} must be from 1 to {_LONGEST_TIMEOUT} seconds.")


def refuse_empty(params: Mapping[str, Any], *options: str) -> None:
    """Refuse options that are given and say nothing.

    :raises ConvergeError: naming the first.
    """
    for option in options:
        if params[option] is not None and not params[option].strip():
            raise ConvergeError(f"{option} is empty: give a value, or leave it out.")
