# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a machine that is there is compared, and when its import has not ended."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.vm_deploy.apply import differences, under_way

WANTED = {"cpus": 2, "memory_mb": 512, "nics": 1, "disks_bytes": [4 * 2**30]}


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({}, []),
        ({"cpus": 4}, ["CPUs 4 instead of 2"]),
        ({"memory_mb": 256, "nics": 2}, ["memory in MiB 256 instead of 512", "network adapters 2 instead of 1"]),
        ({"disks_bytes": []}, ["disks 0 instead of 1"]),
        ({"disks_bytes": [2**30]}, ["disks of [1073741824] bytes instead of [4294967296]"]),
        # A disk that has grown is still the package's.
        ({"disks_bytes": [8 * 2**30]}, []),
    ],
)
def test_differences(there, words):
    assert differences({**WANTED, **there}, WANTED) == words


@pytest.mark.parametrize(
    ("disabled", "expected"),
    [(["PowerOnVM_Task", "Destroy_Task"], True), (["PowerOnVM_Task"], False), (["Destroy_Task"], False), (None, False)],
)
def test_under_way(disabled, expected):
    assert under_way({"disabledMethod": disabled}) is expected
