# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as users write them."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.core.sizes import size_in_bytes


@pytest.mark.parametrize(("text", "size"), [
    ("12G", 12 * 2**30),
    ("12GiB", 12 * 2**30),
    ("12 gb", 12 * 2**30),
    (4096, 4096),
    ("1.5K", 1536),
    # One byte less than a power of two: a float would round it up.
    (str(2**60 - 1), 2**60 - 1),
])
def test_size(text, size):
    assert size_in_bytes("size", text) == size


@pytest.mark.parametrize("text", ["", "0", "0G", "big", "-1G", "1.5", "0.3", "12X", "1e9", "\u0661G"])
def test_no_size(text):
    with pytest.raises(ConvergeError, match="zvols: size"):
        size_in_bytes("zvols: size", text)


def test_what_is_said_of_it():
    with pytest.raises(ConvergeError) as caught:
        size_in_bytes("size", "12X")
    assert str(caught.value) == (
        "size: '12X' is not a size; it must be a whole number of bytes, or a number and K, M, G, T or P, as in 12G.")
