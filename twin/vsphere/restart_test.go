// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// TestRestart shows that a data centre comes back as it was left: networks, adapters, storage, inventory.
func TestRestart(t *testing.T) {
	l, _ := withNAS(t)
	vc, hosts := l.withHosts()
	withVMotion(t, vc, hosts[0].Reference(), "10.0.0.1")
	m, err := hosts[0].ConfigManager().VirtualNicManager(ctx)
	must(t, err)
	must(t, m.SelectVnic(ctx, "vmotion", "vmk1"))
	ss, err := hosts[0].ConfigManager().ServiceSystem(ctx)
	must(t, err)
	must(t, ss.UpdatePolicy(ctx, "TSM-SSH", "on"))
	connected(t, vc, hosts[0].Reference())
	must(t, second(makeDatastore(t, vc, hosts[0].Reference(), "DTFreeNAS")))
	connected(t, vc, hosts[1].Reference())
	off, err := hosts[1].Disconnect(ctx)
	must(t, err)
	must(t, off.Wait(ctx))

	l.restart()

	vc = l.vc()
	hosts = l.inVC(vc)
	if len(hosts) != 2 {
		t.Fatalf("hosts: %v", hosts)
	}
	if addr, ok := l.Hosts()[0].VMotionAddress(); !ok || addr.String() != "10.0.0.1" {
		t.Errorf("vMotion: %v %v", addr, ok)
	}
	if !serviceOf(t, l.esx(0), "TSM-SSH").Running {
		t.Error("a service that starts with the host does not run")
	}
	ds, err := find.NewFinder(vc).Datastore(ctx, "/Thesis/datastore/DTFreeNAS")
	must(t, err)
	if mounts := mountsOf(t, vc, ds.Reference()); len(mounts) == 0 || !*mounts[hosts[0].Reference()].Accessible {
		t.Errorf("mounts: %v", mounts)
	}
	states := map[types.HostSystemConnectionState]int{}
	for _, h := range hosts {
		states[system(t, vc, h.Reference(), "runtime").Runtime.ConnectionState]++
	}
	if states["connected"] != 1 || states["disconnected"] != 1 {
		t.Errorf("connections: %v", states)
	}
}

func TestRestartKeepsFoldersAndClusters(t *testing.T) {
	l := newLab(t)
	c := l.vc()
	root := object.NewRootFolder(c)
	folder, err := root.CreateFolder(ctx, "Faculty")
	must(t, err)
	dc, err := folder.CreateDatacenter(ctx, "Lab")
	must(t, err)
	folders, err := dc.Folders(ctx)
	must(t, err)
	cluster, err := folders.HostFolder.CreateCluster(ctx, "C1", types.ClusterConfigSpecEx{})
	must(t, err)
	add, err := cluster.AddHost(ctx, l.spec(0), true, nil, nil)
	must(t, err)
	must(t, add.Wait(ctx))
	must(t, second(folders.VmFolder.CreateFolder(ctx, "web")))

	l.restart()

	f := find.NewFinder(l.vc())
	must(t, second(f.Folder(ctx, "/Faculty/Lab/vm/web")))
	hosts, err := f.HostSystemList(ctx, "/Faculty/Lab/host/C1/*")
	must(t, err)
	if len(hosts) != 1 {
		t.Errorf("hosts of the cluster: %v", hosts)
	}
}

// TestAddressChange shows that the SDK goes where vmk0 goes, also over a restart, and stays where it is when it cannot.
func TestAddressChange(t *testing.T) {
	l := newLab(t)
	c := l.esx(0)
	ns := networkSystem(t, c, haHost)
	err := ns.UpdateVirtualNic(ctx, "vmk0", static("203.0.113.7"))
	wantFault(t, "an address of no interface", err, &types.HostConfigFault{})
	must(t, ns.UpdateVirtualNic(ctx, "vmk0", static("127.0.61.9")))
	at := l.Hosts()[0].Addr()
	if at.Addr().String() != "127.0.61.9" {
		t.Fatalf("SDK on %s", at)
	}
	must(t, second(l.client(at, "root", hostPassword)))
	l.restart()
	if got := l.Hosts()[0].Addr().Addr(); got != at.Addr() {
		t.Errorf("after a restart the SDK is on %s", got)
	}
}

func TestLocalDatastoresHaveNamesOfTheirOwn(t *testing.T) {
	l := newLab(t)
	vc, _ := l.withHosts()
	list, err := find.NewFinder(vc).DatastoreList(ctx, "/Thesis/datastore/*")
	must(t, err)
	var names []string
	for _, ds := range list {
		names = append(names, ds.Name())
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"datastore1", "datastore1 (1)"}) {
		t.Errorf("in vCenter: %v", names)
	}
	must(t, second(find.NewFinder(l.esx(1)).Datastore(ctx, "datastore1 (1)")))
}
