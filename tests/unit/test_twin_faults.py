# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault that the twin raises is one that pyVmomi knows: it cannot read another."""

from __future__ import annotations

import re
from pathlib import Path

from pyVmomi import vmodl
from pyVmomi.VmomiSupport import GetWsdlType

TWIN = Path(__file__).parents[2] / "twin/vsphere"


def raised() -> set[str]:
    """The names of the faults in the twin's sources, tests left out."""
    sources = [path.read_text(encoding="utf-8") for path in TWIN.rglob("*.go") if not path.name.endswith("_test.go")]
    return {name for source in sources for name in re.findall(r"(?:fault\.New|refuse|Localized)\(&?types\.(\w+)\{", source)}


def in_use() -> set[str]:
    """What the twin calls in use: types of data or of managed objects, which pyVmomi looks up."""
    sources = [path.read_text(encoding="utf-8") for path in TWIN.rglob("*.go")]
    return {name for source in sources for name in re.findall(r"fault\.InUse\((?:types|mo)\.(\w+)\{", source)}


def test_every_fault_is_one_of_pyvmomis():
    names = raised()
    assert len(names) > 40
    unknown = []
    for name in sorted(names):
        try:
            known = issubclass(GetWsdlType("urn:vim25", name), vmodl.MethodFault)
        except KeyError:
            known = False
        if not known:
            unknown.append(name)
    assert unknown == []


def test_every_type_that_is_in_use_is_one_of_pyvmomis():
    names = in_use()
    assert names >= {"HostPortGroup", "HostVirtualNic", "HostVirtualSwitch", "Datastore"}
    for name in sorted(names):
        assert GetWsdlType("urn:vim25", name)
