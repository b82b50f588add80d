# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as users write them."""

from __future__ import annotations

import re
from fractions import Fraction

from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([KMGTP]?)(?:i?B)?\s*$", re.IGNORECASE | re.ASCII)


def size_in_bytes(option: str, size: str | int) -> int:
    """The bytes of ``12G``, ``12GiB`` or ``12884901888``; units are powers of 1024.

    :param option: the module's option, for the error.
    :raises ConvergeError: when it is none, is zero, or comes to no whole number of bytes.
    """
    match = _SIZE.match(str(size))
    # A fraction, since a float would round the larger ones.
    count = Fraction(match[1]) * _UNITS[match[2].upper()] if match else Fraction(0)
    if count == 0 or count.denominator != 1:
        raise ConvergeError(f"{option}: '{size}' is not a size; it must be a whole number of bytes, or a number and K, M, "
                            "G, T or P, as in 12G.")
    return int(count)
