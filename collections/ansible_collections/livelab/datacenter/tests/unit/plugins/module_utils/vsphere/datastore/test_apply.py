# SPDX-License-Identifier: GPL-3.0-or-later
"""What esxi_datastore asks of hosts, when it has them look for a LUN, and what its changes become."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace as Obj

import pytest
from ansible_collections.livelab.datacenter.plugins.module_utils.core.converge import ConvergeError
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore import apply as module
from ansible_collections.livelab.datacenter.plugins.module_utils.vsphere.datastore.plan import plan

vim = pytest.importorskip("pyVmomi").vim

IQN = "iqn.2005-10.org.freenas.ctl:vmware"
ROOT, FOLDER, COMPUTE = vim.Folder("root"), vim.Folder("hosts"), vim.ComputeResource("c")
CENTRE, STORES = vim.Datacenter("dc"), vim.Folder("stores")


class Host:
    """A host that shows LUNs, finds others at a rescan, and offers them for a VMFS."""

    def __init__(self, site, number, *seen, finds=(), partitions=(), offers=True):
        self.site, self.ref, self.name = site, vim.HostSystem(f"host-{number}"), f"esxi{number}"
        self.seen, self.finds, self.partitions, self.offers = list(seen), list(finds), partitions, offers
        self.calls, self.connection = [], "connected"

    def devices(self):
        size = Obj(block=12 * 2**21, blockSize=512)
        disks = [Obj(key=name, canonicalName=name, capacity=size, devicePath=f"/dev/{name}", vendor="", model="")
                 for name in self.seen]
        transport = Obj(iScsiName=IQN, address=["10.0.2.129:3260"])
        target = Obj(transport=transport, lun=[Obj(scsiLun=name, lun=lun) for lun, name in enumerate(self.seen)])
        return Obj(scsiLun=disks, hostBusAdapter=[], multipathInfo=None,
                   scsiTopology=Obj(adapter=[Obj(adapter="h64", target=[target])]))

    # As the host's storage system.

    def RescanAllHba(self):
        self.calls.append("RescanAllHba")
        self.seen += self.finds

    def RescanVmfs(self):
        self.calls.append("RescanVmfs")
        self.site.notice(self)

    def MountVmfsVolume(self, uuid):
        self.calls.append(("MountVmfsVolume", uuid))
        self.site.notice(self)

    def RetrieveDiskPartitionInfo(self, paths):
        self.calls.append(("RetrieveDiskPartitionInfo", *paths))
        return [Obj(spec=Obj(partition=[Obj(type=kind) for kind in self.partitions]))]

    # As its datastore system.

    def QueryAvailableDisksForVmfs(self, _datastore):
        self.calls.append("QueryAvailableDisksForVmfs")
        return [Obj(canonicalName=name) for name in self.seen] if self.offers else None

    def QueryVmfsDatastoreCreateOptions(self, path, version):
        self.calls.append(("QueryVmfsDatastoreCreateOptions", path, version))
        return [Obj(spec=Obj(path=path, vmfs=Obj(volumeName=None)))]

    def CreateVmfsDatastore(self, spec):
        self.calls.append(("CreateVmfsDatastore", spec.path, spec.vmfs.volumeName))
        self.site.store(spec.vmfs.volumeName, spec.path.rpartition("/")[2], {self.ref: (True, True)})

    def RemoveDatastore(self, ref):
        self.calls.append(("RemoveDatastore", ref))


class Site:
    """A server with two hosts and datastores, as a client sees it."""

    hostname, is_vcenter = "vc", True

    def __init__(self):
        self.hosts, self.stores, self.reads, self.notices = [], {}, 0, True

    def host(self, *seen, **said):
        self.hosts.append(Host(self, len(self.hosts) + 1, *seen, **said))
        return self.hosts[-1]

    def store(self, name, disk, mounts, machines=()):
        self.stores[vim.Datastore(name)] = {
            "name": name, "parent": STORES, "summary.type": "VMFS", "vm": machines, "mounts": mounts,
            "info": Obj(vmfs=Obj(uuid=f"uuid-{name}", local=False, extent=[Obj(diskName=disk)]))}

    def notice(self, host):
        """What a host that looks for volumes mounts."""
        for values in self.stores.values() if self.notices else ():
            if values["info"].vmfs.extent[0].diskName in host.seen:
                values["mounts"][host.ref] = (True, True)

    def collect(self, _wanted, along=()):
        self.reads += 1
        found = {ROOT: {"name": "root"}, CENTRE: {"name": "DC", "parent": ROOT}, FOLDER: {"name": "host", "parent": CENTRE},
                 COMPUTE: {"name": "c", "parent": FOLDER}, STORES: {"name": "datastore", "parent": CENTRE}}
        for host in self.hosts:
            found[host.ref] = {"name": host.name, "parent": COMPUTE, "runtime.connectionState": host.connection,
                               "configManager.storageSystem": host}
        for ref, values in self.stores.items():
            mounts = [Obj(key=key, mountInfo=Obj(mounted=mounted, accessible=accessible))
                      for key, (mounted, accessible) in values["mounts"].items()]
            found[ref] = {**{name: value for name, value in values.items() if name != "mounts"}, "host": mounts}
        return found

    def read_all(self, refs, _properties):
        self.reads += 1
        hosts = {host.ref: host for host in self.hosts}
        return {ref: {"config.storageDevice": hosts[ref].devices() if hosts[ref].seen is not None else None,
                      "configManager": Obj(storageSystem=hosts[ref], datastoreSystem=hosts[ref])} for ref in refs}

    def slow(self):
        return contextlib.nullcontext()


@pytest.fixture
def site():
    return Site()


def work(site, check_mode=False, **params):
    """A DatastoreWork that has read."""
    params = {"name": "DT", "state": "present", "hosts": [host.name for host in site.hosts], "target": IQN, "lun": 0,
              "naa": None, "overwrite": False, "vmfs_version": None, "username": "root", **params}
    made = module.DatastoreWork(params, lambda _params: site)
    made.check_mode = check_mode
    made.read()
    return made


def run(made):
    """What converge does after read."""
    changes = plan(made.current, made.params)
    made.verify(changes)
    if not made.check_mode:
        for change in changes:
            made.apply(change)
        made.settle(changes)
    return [change.what for change in changes]


RESCAN = ["RescanAllHba", "RescanVmfs"]
OFFER = ["QueryAvailableDisksForVmfs", ("RetrieveDiskPartitionInfo", "/dev/naa.1"),
         ("QueryVmfsDatastoreCreateOptions", "/dev/naa.1", None)]


def test_made_on_the_first_and_found_by_the_second(site):
    one, two = site.host("naa.1"), site.host("naa.1")
    made = work(site)
    assert (one.calls, two.calls, site.reads) == (OFFER, [], 2)
    assert run(made) == ["datastore DT", "datastore DT on esxi2"]
    assert one.calls == [*OFFER, ("CreateVmfsDatastore", "/dev/naa.1", "DT")]
    assert two.calls == ["RescanVmfs"]
    assert made.result() == {"datastore": "DT", "hosts": ["esxi1", "esxi2"]}
    one.calls.clear()
    again = work(site)
    assert run(again) == []
    assert one.calls == []


def test_reading_rescans_nothing_even_where_nothing_is_seen(site):
    one = site.host(finds=["naa.1"])
    work(site)
    assert one.calls == []


def test_a_lun_that_is_seen_after_a_rescan_only(site):
    one, two = site.host(finds=["naa.1"]), site.host("naa.1")
    assert run(work(site)) == ["datastore DT", "datastore DT on esxi2"]
    assert one.calls == [*RESCAN, *OFFER, ("CreateVmfsDatastore", "/dev/naa.1", "DT")]
    assert two.calls == ["RescanVmfs"]


def test_check_mode_only_says_that_a_run_would_look(site):
    one = site.host(finds=["naa.1"])
    made = work(site, check_mode=True)
    assert run(made) == ["datastore DT"]
    assert one.calls == []
    assert made.warnings == [f"esxi1 does not see LUN 0 of target {IQN} yet. A run has it look for LUNs (rescan), and changes "
                             "nothing if it is not there, too small or in use."]


def test_a_lun_that_is_not_there_refuses_before_the_first_change(site):
    one, two = site.host("naa.1"), site.host()
    with pytest.raises(ConvergeError) as caught:
        run(work(site))
    assert str(caught.value) == (
        f"esxi2 does not see LUN 0 of target {IQN}, not after a rescan either. esxi2 sees: no disks.")
    assert (one.calls, two.calls) == ([*OFFER, *OFFER], RESCAN)


def test_what_a_rescan_finds_in_use_is_refused_before_the_first_change(site):
    one = site.host(finds=["naa.1"], partitions=["ntfs"])
    with pytest.raises(ConvergeError, match="has partitions of type ntfs"):
        run(work(site))
    assert "CreateVmfsDatastore" not in str(one.calls)


def test_a_volume_is_not_asked_how_it_would_be_formatted(site):
    one = site.host("naa.1", partitions=["vmfs"])
    with pytest.raises(ConvergeError, match="holds a VMFS volume that esxi1 has not mounted"):
        run(work(site))
    assert one.calls == OFFER[:2]
    one.offers = False
    with pytest.raises(ConvergeError, match="holds a VMFS volume"):
        run(work(site))


def test_a_lun_with_a_datastore_is_not_asked_how_it_would_be_formatted(site):
    one = site.host("naa.1")
    site.store("other", "naa.1", {one.ref: (True, True)})
    with pytest.raises(ConvergeError, match="holds the datastore 'other' already"):
        run(work(site))
    assert one.calls == []


def test_what_is_brought_about_by_looking_is_not_made_again(site):
    one, two = site.host("naa.1"), site.host(finds=["naa.1"])
    site.store("DT", "naa.1", {one.ref: (True, True)})
    assert run(work(site)) == ["datastore DT on esxi2"]
    assert two.calls == RESCAN


def test_one_that_somebody_unmounted_is_mounted(site):
    one, two = site.host("naa.1"), site.host("naa.1")
    site.store("DT", "naa.1", {one.ref: (True, True), two.ref: (False, True)})
    assert run(work(site)) == ["datastore DT on esxi2"]
    assert two.calls == [("MountVmfsVolume", "uuid-DT")]


def test_one_whose_disk_is_lost_names_it(site):
    one, two = site.host("naa.1"), site.host("naa.2")
    site.store("DT", "naa.1", {one.ref: (True, True), two.ref: (True, False)})
    with pytest.raises(ConvergeError) as caught:
        run(work(site, target=None, lun=None))
    assert str(caught.value) == (
        "esxi2 does not see naa.1, which 'DT' is on, not after a rescan either. esxi2 sees: "
        f"naa.2 (target {IQN} LUN 0, 12.0 GiB).")


def test_a_volume_that_is_not_found_on_a_disk_that_is_seen(site):
    one, two = site.host("naa.1"), site.host("naa.1")
    site.store("DT", "naa.1", {one.ref: (True, True)})
    site.notices = False
    with pytest.raises(ConvergeError) as caught:
        run(work(site))
    assert str(caught.value) == (
        "esxi2 reaches naa.1, but finds no volume 'DT' on it, not after a rescan either: it may take it for a copy (a snapshot "
        "LUN), or may not be allowed to read it. Look at the host's log vmkernel.")
    assert two.calls == ["RescanVmfs", *RESCAN]


def test_a_disk_that_goes_away_in_between_is_named(site):
    one, two = site.host("naa.1"), site.host("naa.1")
    site.store("DT", "naa.1", {one.ref: (True, True)})
    made = work(site)
    two.seen = []
    with pytest.raises(ConvergeError) as caught:
        made.apply(plan(made.current, made.params)[0])
    assert str(caught.value) == (
        "esxi2 does not reach naa.1, which it is on, not after a rescan either. esxi2 sees: no disks.")


def test_after_a_removal_the_others_look(site):
    one, two, three = site.host("naa.1"), site.host("naa.1"), site.host("naa.1")
    site.store("DT", "naa.1", {host.ref: (True, True) for host in site.hosts})
    three.connection = "notResponding"
    assert run(work(site, state="absent", hosts=["esxi1"])) == ["datastore DT"]
    assert one.calls == [("RemoveDatastore", vim.Datastore("DT"))]
    # The one that the vCenter has lost is not asked to.
    assert (two.calls, three.calls) == (["RescanVmfs"], [])


def test_the_version_is_asked_for(site):
    one = site.host("naa.1")
    work(site, vmfs_version=5)
    assert one.calls[-1] == ("QueryVmfsDatastoreCreateOptions", "/dev/naa.1", 5)


@pytest.mark.parametrize(("hosts", "said"), [
    (None, "vc is a vCenter: 'hosts' must name the hosts that should see the datastore."),
    (["esxi9"], "no ESXi host 'esxi9' in vc; it has: esxi1, esxi2."),
    (["esxi1", "/DC/host/c/esxi1"], "hosts: 'esxi1', '/DC/host/c/esxi1' are the same host; list each host once."),
])
def test_hosts_of_a_vcenter(site, hosts, said):
    site.host("naa.1")
    site.host("naa.1")
    with pytest.raises(ConvergeError) as caught:
        work(site, hosts=hosts)
    assert str(caught.value) == said


def test_hosts_of_a_single_host(site):
    site.host("naa.1")
    site.is_vcenter, site.hostname = False, "10.0.0.11"
    for names in (None, [], ["ESXi1"], ["10.0.0.11"]):
        assert list(work(site, hosts=names).hosts) == ["esxi1"]
    for names, said in [(["other"], "hosts: 10.0.0.11 is the ESXi host 'esxi1', not 'other'."),
                        (["a", "b"], "hosts: 10.0.0.11 is a single ESXi host; for a, b connect to their vCenter.")]:
        with pytest.raises(ConvergeError) as caught:
            work(site, hosts=names)
        assert str(caught.value) == said


def test_a_host_that_tells_nothing_is_named(site):
    site.host("naa.1").seen = None
    with pytest.raises(ConvergeError, match=r"esxi1 does not tell its storage devices; .* user 'root'"):
        work(site)
