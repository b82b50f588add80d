# SPDX-License-Identifier: GPL-3.0-or-later
"""What no server could take of a datastore, refused by option and value."""

from __future__ import annotations

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.check import check

IQN = "iqn.2005-10.org.freenas.ctl:vmware"


@pytest.mark.parametrize("desired", [
    {}, {"name": "d" * 42}, {"name": "ü" * 42}, {"name": "100% sure"}, {"name": "back\\slash"}, {"name": "a%2fb"},
    {"name": "/Thesis/datastore/a folder/with a long name/" + "d" * 42},
    {"target": IQN.upper(), "lun": 0}, {"target": IQN, "lun": 1023}, {"naa": "NAA.6001405"}, {"naa": "0x6589cfc000000abc"},
    {"vmfs_version": 5}, {"vmfs_version": 6}, {"hosts": ["esxi1.lab", "esxi2.lab"]}, {"hosts": []},
])
def test_what_a_server_could_take(desired):
    assert check({"name": "DT", **desired}) is None


@pytest.mark.parametrize(("desired", "said"), [
    *(({"name": name}, f"name: {name!r} must be 1 to 42 characters in one line, with no blank at either end.")
      for name in ("", " ", " a", "a ", "a\nb", "a\n", "d" * 43, "/a\n")),
    ({"target": IQN, "lun": -1}, "lun: -1 must be from 0 to 1023."),
    ({"target": IQN, "lun": 1024}, "lun: 1024 must be from 0 to 1023."),
    ({"target": "vmware", "lun": 0},
     "target: 'vmware' is not an iSCSI name; it must look like iqn.2005-10.org.freenas.ctl:vmware."),
    ({"naa": "sda"}, "naa: 'sda' is not the canonical name of a disk; it must look like naa.60014050000000010001000000000000 "
     "(or begin with eui., t10. or mpx.)."),
    ({"naa": ""}, "naa: '' is not the canonical name of a disk; it must look like naa.60014050000000010001000000000000 "
     "(or begin with eui., t10. or mpx.)."),
    ({"vmfs_version": 4}, "vmfs_version: 4 must be 5, or 6 on hosts from ESXi 6.5 on."),
    ({"vmfs_version": 7}, "vmfs_version: 7 must be 5, or 6 on hosts from ESXi 6.5 on."),
    ({"vmfs_version": 0}, "vmfs_version: 0 must be 5, or 6 on hosts from ESXi 6.5 on."),
    ({"hosts": ["esxi1", " "]}, "hosts: one of them is empty; each must be the name of an ESXi host."),
    ({"hosts": ["ESXi1.lab", "esxi2.lab", "esxi1.lab."]},
     "hosts: 'esxi1.lab' is listed twice ('ESXi1.lab', 'esxi1.lab.'); list each host once."),
    ({"hosts": ["FD00::1", "fd00:0::1"]}, "hosts: 'fd00::1' is listed twice ('FD00::1', 'fd00:0::1'); list each host once."),
])
def test_what_no_server_could_take(desired, said):
    with pytest.raises(ConvergeError) as caught:
        check({"name": "DT", **desired})
    assert str(caught.value) == said
