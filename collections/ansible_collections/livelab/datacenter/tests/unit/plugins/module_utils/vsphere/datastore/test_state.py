# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastores, from what the vSphere API says."""

from __future__ import annotations

from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore import state
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.state import Datastore

HOSTS = {"h1": "esxi1", "h2": "esxi2"}


def mount(host, mounted=True, accessible=True):
    return Obj(key=host, mountInfo=Obj(mounted=mounted, accessible=accessible))


def vmfs(**said):
    return Obj(vmfs=Obj(**{"uuid": "5-1", "extent": [Obj(diskName="naa.1"), Obj(diskName="naa.2")], "local": False, **said}))


def test_a_vmfs():
    values = {"summary.type": "VMFS", "info": vmfs(), "host": [mount("h1"), mount("h2"), mount("gone")], "vm": ["a", "b"]}
    assert state.from_api("DT", "/DC/datastore/DT", values, HOSTS) == Datastore(
        "DT", "/DC/datastore/DT", "VMFS", "5-1", ("naa.1", "naa.2"), False, (("esxi1", "mounted"), ("esxi2", "mounted")), 2)


def test_what_a_server_does_not_tell():
    assert state.from_api("x", "/x", {}, HOSTS) == Datastore("x", "/x", "unknown")
    info = vmfs(uuid=None, extent=None, local=None)
    assert state.from_api("x", "/x", {"info": info, "host": None, "vm": None}, HOSTS) == Datastore("x", "/x", "VMFS")


def test_of_another_type():
    values = {"summary.type": "NFS", "info": Obj(nas=Obj(name="x")), "host": [mount("h2")]}
    assert state.from_api("x", "/x", values, HOSTS) == Datastore("x", "/x", "NFS", mounts=(("esxi2", "mounted"),))


def test_on_the_hosts_own_disk():
    assert state.from_api("x", "/x", {"info": vmfs(local=True)}, HOSTS).local is True


@pytest.mark.parametrize(("mounted", "accessible", "how"), [
    (True, True, "mounted"), (None, None, "mounted"), (False, True, "unmounted"), (True, False, "inaccessible"),
    (False, False, "unmounted"), (None, False, "inaccessible"),
])
def test_how_a_host_has_it(mounted, accessible, how):
    seen = state.from_api("DT", "/DT", {"info": vmfs(), "host": [mount("h1", mounted, accessible)]}, HOSTS)
    assert (seen.on("esxi1"), seen.on("esxi2")) == (how, None)
    assert seen.mounted == (["esxi1"] if how == "mounted" else [])


def test_in_words():
    store = Datastore("DT", "/DC/datastore/DT", disks=("naa.1", "naa.2"),
                      mounts=(("esxi2", "mounted"), ("esxi1", "mounted"), ("esxi3", "inaccessible")))
    assert str(store) == "/DC/datastore/DT (VMFS on naa.1, naa.2)"
    assert str(Datastore("x", kind="NFS")) == "x (NFS)"
    assert store.shown() == {"type": "VMFS", "disks": ["naa.1", "naa.2"], "hosts": ["esxi1", "esxi2"]}


def test_types_of_partitions():
    def told(*types):
        return Obj(spec=Obj(partition=[Obj(type=kind) for kind in types]))

    assert state.types_of([told("ntfs", "none", "vmfs"), told("linuxNative")]) == ("ntfs", "vmfs", "linuxNative")
    assert state.types_of([Obj(spec=Obj(partition=None))]) == ()
    assert state.types_of(None) == ()
