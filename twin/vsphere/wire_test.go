// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"net"
	"testing"

	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/nas/nastest"
)

// iscsiDisks are the disks behind a host's iSCSI adapter.
func iscsiDisks(t *testing.T, c *vim25.Client, host types.ManagedObjectReference) []types.HostScsiDisk {
	t.Helper()
	disks, err := datastoreSystem(t, c, host).QueryAvailableDisksForVmfs(ctx)
	must(t, err)
	return disks
}

// TestOverTheWire does with a real NAS, over real iSCSI with CHAP, what the other tests do with one in memory.
func TestOverTheWire(t *testing.T) {
	storage := nastest.Start(t)
	storage.Serve(256 << 20)
	storage.OK("POST", "/iscsi/auth", nastest.M{"tag": 1, "user": "esxi", "secret": "twelve-chars"})
	storage.OK("PUT", "/iscsi/target/id/1", nastest.M{"groups": []nastest.M{{"portal": 1, "authmethod": "CHAP", "auth": 1}}})
	address, _, err := net.SplitHostPort(storage.Portal)
	must(t, err)

	l := newLab(t)
	vc, hosts := l.withHosts()
	adapters := make([]*hba, len(hosts))
	for i, host := range hosts {
		adapters[i] = newHBA(t, vc, host.Reference())
		must(t, adapters[i].enable(true))
		must(t, adapters[i].addPortal(address))
		adapters[i].rescan()
		if disks := iscsiDisks(t, vc, host.Reference()); len(disks) != 0 {
			t.Errorf("disks without CHAP: %v", disks)
		}
		must(t, adapters[i].auth(types.HostInternetScsiHbaAuthenticationProperties{
			ChapAuthEnabled: true, ChapAuthenticationType: "chapRequired", ChapName: "esxi", ChapSecret: "twelve-chars",
		}))
		adapters[i].rescan()
	}
	disks := iscsiDisks(t, vc, hosts[0].Reference())
	if len(disks) != 1 || disks[0].Capacity.Block*512 != 256<<20 || len(disks[0].CanonicalName) != len("naa.")+32 {
		t.Fatalf("disks: %+v", disks)
	}

	ds := datastoreSystem(t, vc, hosts[0].Reference())
	options, err := ds.QueryVmfsDatastoreCreateOptions(ctx, disks[0].DevicePath)
	must(t, err)
	spec := *options[0].Spec.(*types.VmfsDatastoreCreateSpec)
	spec.Vmfs.VolumeName = "DTFreeNAS"
	made, err := ds.CreateVmfsDatastore(ctx, spec)
	must(t, err)
	_, err = methods.RescanVmfs(ctx, vc, &types.RescanVmfs{This: adapters[1].sys})
	must(t, err)
	if mounts := mountsOf(t, vc, made.Reference()); len(mounts) != 2 {
		t.Errorf("mounts: %v", mounts)
	}
	one, err := l.Hosts()[0].Volume("DTFreeNAS")
	must(t, err)
	two, err := l.Hosts()[1].Volume("DTFreeNAS")
	must(t, err)
	must(t, one.WriteFile(ctx, "web/web.vmx", []byte("memsize = 512")))
	if data, err := two.ReadFile(ctx, "web/web.vmx"); err != nil || string(data) != "memsize = 512" {
		t.Errorf("what one host wrote, the other reads as %q, %v", data, err)
	}

	l.restart()
	vc = l.vc()
	var volume mo.Datastore
	read(t, vc, l.datastoreNamed(vc, "DTFreeNAS"), &volume, "host", "summary")
	if len(volume.Host) != 2 || !volume.Summary.Accessible {
		t.Errorf("after a restart: %+v", volume)
	}
	storage.OK("POST", "/service/stop", nastest.M{"service": "iscsitarget"})
	for _, host := range l.inVC(vc) {
		newHBA(t, vc, host.Reference()).rescan()
	}
	read(t, vc, l.datastoreNamed(vc, "DTFreeNAS"), &volume, "summary")
	if volume.Summary.Accessible {
		t.Error("the datastore is accessible though the NAS serves no iSCSI")
	}
}

func (l *lab) datastoreNamed(c *vim25.Client, name string) types.ManagedObjectReference {
	l.t.Helper()
	v := l.vcenter
	dc, ok := v.Find("/Thesis")
	if !ok {
		l.t.Fatal("no datacenter")
	}
	for _, ref := range v.Registry.List(dc, "datastore") {
		if v.Registry.NameOf(ref) == name {
			return ref
		}
	}
	l.t.Fatalf("no datastore %q", name)
	return types.ManagedObjectReference{}
}
