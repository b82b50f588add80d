// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/iscsi"
)

const fakeNAA = "naa.6589cfc0000001"

// withNAS is a lab whose storage is a NAS with one LUN.
func withNAS(t *testing.T) (*lab, *fakeNAS) {
	t.Helper()
	nas := &fakeNAS{}
	nas.addLUN(0, fakeNAA)
	return newLab(t, func(c *Config) { c.Storage = nas }), nas
}

// hba is the storage system of a host with the calls that govmomi has no wrapper for.
type hba struct {
	t   *testing.T
	c   *vim25.Client
	ref types.ManagedObjectReference // HostSystem
	sys types.ManagedObjectReference
}

func newHBA(t *testing.T, c *vim25.Client, host types.ManagedObjectReference) *hba {
	t.Helper()
	return &hba{t, c, host, *system(t, c, host, "configManager.storageSystem").ConfigManager.StorageSystem}
}

func (h *hba) enable(on bool) error {
	_, err := methods.UpdateSoftwareInternetScsiEnabled(ctx, h.c, &types.UpdateSoftwareInternetScsiEnabled{This: h.sys, Enabled: on})
	return err
}

func (h *hba) addPortal(address string) error {
	_, err := methods.AddInternetScsiSendTargets(ctx, h.c, &types.AddInternetScsiSendTargets{
		This: h.sys, IScsiHbaDevice: "vmhba64", Targets: []types.HostInternetScsiHbaSendTarget{{Address: address}},
	})
	return err
}

func (h *hba) removePortal(address string) error {
	_, err := methods.RemoveInternetScsiSendTargets(ctx, h.c, &types.RemoveInternetScsiSendTargets{
		This: h.sys, IScsiHbaDevice: "vmhba64", Targets: []types.HostInternetScsiHbaSendTarget{{Address: address}},
	})
	return err
}

func (h *hba) auth(properties types.HostInternetScsiHbaAuthenticationProperties) error {
	_, err := methods.UpdateInternetScsiAuthenticationProperties(ctx, h.c, &types.UpdateInternetScsiAuthenticationProperties{
		This: h.sys, IScsiHbaDevice: "vmhba64", AuthenticationProperties: properties,
	})
	return err
}

func (h *hba) rescan() {
	h.t.Helper()
	_, err := methods.RescanAllHba(ctx, h.c, &types.RescanAllHba{This: h.sys})
	must(h.t, err)
}

func (h *hba) info() *types.HostStorageDeviceInfo {
	h.t.Helper()
	return system(h.t, h.c, h.ref, "config.storageDevice").Config.StorageDevice
}

// adapter is the software iSCSI adapter, nil when it is off.
func (h *hba) adapter() *types.HostInternetScsiHba {
	for _, a := range h.info().HostBusAdapter {
		if a, ok := a.(*types.HostInternetScsiHba); ok {
			return a
		}
	}
	return nil
}

// disk is the disk of a name, nil for none.
func (h *hba) disk(name string) *types.HostScsiDisk {
	for _, lun := range h.info().ScsiLun {
		if disk, ok := lun.(*types.HostScsiDisk); ok && disk.CanonicalName == name {
			return disk
		}
	}
	return nil
}

// connected is a host's adapter, on, with the NAS's disk behind it.
func connected(t *testing.T, c *vim25.Client, host types.ManagedObjectReference) *hba {
	t.Helper()
	h := newHBA(t, c, host)
	must(t, h.enable(true))
	must(t, h.addPortal("10.0.0.5"))
	h.rescan()
	return h
}

func TestSoftwareISCSI(t *testing.T) {
	l, nas := withNAS(t)
	h := newHBA(t, l.esx(0), haHost)
	if h.adapter() != nil {
		t.Fatal("there is an adapter before it is turned on")
	}
	wantFault(t, "portal while it is off", h.addPortal("10.0.0.5"), &types.NotFound{})
	must(t, h.enable(true))
	a := h.adapter()
	if a == nil || a.Device != "vmhba64" || !strings.HasPrefix(a.IScsiName, "iqn.1998-01.com.vmware:localhost-") {
		t.Fatalf("adapter: %+v", a)
	}
	must(t, h.addPortal("10.0.0.5"))
	must(t, h.addPortal("10.0.0.5"))
	if got := h.adapter().ConfiguredSendTarget; len(got) != 1 || got[0].Port != 3260 {
		t.Errorf("portals: %+v", got)
	}
	if h.disk(fakeNAA) != nil {
		t.Error("a disk before the rescan")
	}
	h.rescan()
	disk := h.disk(fakeNAA)
	if disk == nil || disk.Capacity.Block*int64(disk.Capacity.BlockSize) != 12<<30 || disk.DevicePath != "/vmfs/devices/disks/"+fakeNAA {
		t.Fatalf("disk: %+v", disk)
	}
	if got := h.adapter().ConfiguredStaticTarget; len(got) != 1 || got[0].IScsiName != fakeIQN || got[0].Parent != fakePortal {
		t.Errorf("targets found: %+v", got)
	}
	if last := nas.logins[len(nas.logins)-1]; last.Initiator != a.IScsiName {
		t.Errorf("logged in as %q", last.Initiator)
	}
	for _, other := range []int{1} {
		if newHBA(t, l.esx(other), haHost).disk(fakeNAA) != nil {
			t.Error("the other host has the disk too")
		}
	}
	checkTopology(t, h.info(), disk)
	must(t, h.removePortal("10.0.0.5"))
	h.rescan()
	if h.disk(fakeNAA) != nil || len(h.adapter().ConfiguredStaticTarget) != 0 {
		t.Error("the disk is there without its portal")
	}
	wantFault(t, "portal that is none", h.removePortal("10.0.0.5"), &types.NotFound{})
}

// checkTopology follows a disk from the adapter through target and path.
func checkTopology(t *testing.T, info *types.HostStorageDeviceInfo, disk *types.HostScsiDisk) {
	t.Helper()
	for _, adapter := range info.ScsiTopology.Adapter {
		for _, target := range adapter.Target {
			transport, ok := target.Transport.(*types.HostInternetScsiTargetTransport)
			if ok && transport.IScsiName == fakeIQN && slices.Contains(transport.Address, fakePortal) && target.Lun[0].ScsiLun == disk.Key {
				for _, unit := range info.MultipathInfo.Lun {
					if unit.Lun == disk.Key && unit.Path[0].Name == "vmhba64:C0:T0:L0" && unit.Path[0].PathState == "active" {
						return
					}
				}
			}
		}
	}
	t.Errorf("no way to the disk in %+v", info.ScsiTopology)
}

func TestISCSIFaults(t *testing.T) {
	l, _ := withNAS(t)
	h := newHBA(t, l.esx(0), haHost)
	must(t, h.enable(true))
	rename := func(device, name string) error {
		_, err := methods.UpdateInternetScsiName(ctx, h.c, &types.UpdateInternetScsiName{This: h.sys, IScsiHbaDevice: device, IScsiName: name})
		return err
	}
	must(t, rename("vmhba64", "iqn.1998-01.com.vmware:mine"))
	must(t, rename("vmhba64", "IQN.1998-01.com.VMware:Mine"))
	if got := h.adapter().IScsiName; got != "iqn.1998-01.com.vmware:mine" {
		t.Errorf("name %q", got)
	}
	static := []types.HostInternetScsiHbaStaticTarget{{Address: "10.0.0.5", IScsiName: "IQN.2005-10.org.FreeNAS.ctl:LUN"}}
	must(t, second(methods.AddInternetScsiStaticTargets(ctx, h.c, &types.AddInternetScsiStaticTargets{This: h.sys, IScsiHbaDevice: "vmhba64", Targets: static})))
	if got := h.adapter().ConfiguredStaticTarget; len(got) != 1 || got[0].IScsiName != "iqn.2005-10.org.freenas.ctl:lun" {
		t.Errorf("static targets: %+v", got)
	}
	static[0].IScsiName = "iqn.2005-10.org.freenas.ctl:Lun"
	must(t, second(methods.RemoveInternetScsiStaticTargets(ctx, h.c, &types.RemoveInternetScsiStaticTargets{This: h.sys, IScsiHbaDevice: "vmhba64", Targets: static})))
	if got := h.adapter().ConfiguredStaticTarget; len(got) != 0 {
		t.Errorf("static targets after the removal: %+v", got)
	}
	wantFault(t, "not a name", rename("vmhba64", "mine"), &types.InvalidArgument{})
	wantFault(t, "not the adapter", rename("vmhba0", "iqn.1998-01.com.vmware:x"), &types.NotFound{})
	wantFault(t, "not an address", h.addPortal("10.0.0.5.6 "), &types.InvalidArgument{})
	_, err := methods.RescanHba(ctx, h.c, &types.RescanHba{This: h.sys, HbaDevice: "vmhba99"})
	wantFault(t, "rescan of no adapter", err, &types.NotFound{})
}

func TestCHAP(t *testing.T) {
	l, nas := withNAS(t)
	nas.user, nas.secret = "esx", "0123456789ab"
	h := connected(t, l.esx(0), haHost)
	if h.disk(fakeNAA) != nil {
		t.Error("the disk without CHAP")
	}
	chap := types.HostInternetScsiHbaAuthenticationProperties{
		ChapAuthEnabled: true, ChapAuthenticationType: "chapRequired", ChapName: "esx", ChapSecret: "0123456789ab",
	}
	wantFault(t, "no secret", h.auth(types.HostInternetScsiHbaAuthenticationProperties{ChapAuthenticationType: "chapRequired", ChapName: "esx"}), &types.InvalidArgument{})
	wantFault(t, "no such type", h.auth(types.HostInternetScsiHbaAuthenticationProperties{ChapAuthenticationType: "maybe"}), &types.InvalidArgument{})
	wantFault(t, "mutual without CHAP", h.auth(types.HostInternetScsiHbaAuthenticationProperties{MutualChapAuthenticationType: "chapRequired"}), &types.InvalidArgument{})
	must(t, h.auth(chap))
	h.rescan()
	if h.disk(fakeNAA) == nil {
		t.Error("no disk with CHAP")
	}
	shown := h.adapter().AuthenticationProperties
	if shown.ChapSecret != "" || shown.ChapName != "esx" || !shown.ChapAuthEnabled {
		t.Errorf("shown: %+v", shown)
	}
	// A name alone keeps the secret that is known.
	chap.ChapSecret = ""
	must(t, h.auth(chap))
	want := iscsi.Auth{Initiator: h.adapter().IScsiName, User: "esx", Password: "0123456789ab"}
	h.rescan()
	if got := nas.logins[len(nas.logins)-1]; got != want {
		t.Error("the secret was lost")
	}
}

func TestPortBinding(t *testing.T) {
	l, _ := withNAS(t)
	c := l.esx(0)
	h := newHBA(t, c, haHost)
	must(t, h.enable(true))
	ns := withVMotion(t, c, haHost, "10.0.0.1")
	manager := *system(t, c, haHost, "configManager.iscsiManager").ConfigManager.IscsiManager
	bind := func(device string) error {
		_, err := methods.BindVnic(ctx, c, &types.BindVnic{This: manager, IScsiHbaName: "vmhba64", VnicDevice: device})
		return err
	}
	unbind := func(device string, force bool) error {
		_, err := methods.UnbindVnic(ctx, c, &types.UnbindVnic{This: manager, IScsiHbaName: "vmhba64", VnicDevice: device, Force: force})
		return err
	}
	must(t, bind("vmk1"))
	res, err := methods.QueryBoundVnics(ctx, c, &types.QueryBoundVnics{This: manager, IScsiHbaName: "vmhba64"})
	must(t, err)
	if len(res.Returnval) != 1 || res.Returnval[0].VnicDevice != "vmk1" || res.Returnval[0].PnicDevice != "vmnic1" {
		t.Errorf("bound: %+v", res.Returnval)
	}
	wantFault(t, "bound twice", bind("vmk1"), &types.IscsiFaultVnicAlreadyBound{})
	wantFault(t, "no such adapter", bind("vmk9"), &types.IscsiFaultVnicNotFound{})
	wantFault(t, "removing a bound adapter", ns.RemoveVirtualNic(ctx, "vmk1"), &types.ResourceInUse{})
	must(t, ns.AddVirtualSwitch(ctx, "internal", nil))
	must(t, ns.AddPortGroup(ctx, types.HostPortGroupSpec{Name: "internal", VswitchName: "internal"}))
	must(t, second(ns.AddVirtualNic(ctx, "internal", static("10.0.1.1"))))
	wantFault(t, "no uplink", bind("vmk2"), &types.IscsiFaultVnicHasNoUplinks{})
	must(t, h.addPortal("10.0.0.5"))
	h.rescan()
	wantFault(t, "paths in use", unbind("vmk1", false), &types.IscsiFaultVnicHasActivePaths{})
	must(t, unbind("vmk1", true))
	wantFault(t, "not bound", unbind("vmk1", true), &types.IscsiFaultVnicNotBound{})
	candidates, err := methods.QueryCandidateNics(ctx, c, &types.QueryCandidateNics{This: manager, IScsiHbaName: "vmhba64"})
	must(t, err)
	if len(candidates.Returnval) != 2 {
		t.Errorf("candidates: %+v", candidates.Returnval)
	}
}

func datastoreSystem(t *testing.T, c *vim25.Client, host types.ManagedObjectReference) *object.HostDatastoreSystem {
	t.Helper()
	ds, err := object.NewHostSystem(c, host).ConfigManager().DatastoreSystem(ctx)
	must(t, err)
	return ds
}

// makeDatastore formats the NAS's disk as a client does: ask for the options, name the volume, make it.
func makeDatastore(t *testing.T, c *vim25.Client, host types.ManagedObjectReference, name string) (*object.Datastore, error) {
	t.Helper()
	ds := datastoreSystem(t, c, host)
	options, err := ds.QueryVmfsDatastoreCreateOptions(ctx, "/vmfs/devices/disks/"+fakeNAA)
	must(t, err)
	if len(options) != 1 {
		t.Fatalf("%d options", len(options))
	}
	spec := *options[0].Spec.(*types.VmfsDatastoreCreateSpec)
	spec.Vmfs.VolumeName = name
	return ds.CreateVmfsDatastore(ctx, spec)
}

func TestSharedDatastore(t *testing.T) {
	l, nas := withNAS(t)
	vc, hosts := l.withHosts()
	one, two := connected(t, vc, hosts[0].Reference()), connected(t, vc, hosts[1].Reference())
	disks, err := datastoreSystem(t, vc, hosts[0].Reference()).QueryAvailableDisksForVmfs(ctx)
	must(t, err)
	if len(disks) != 1 || disks[0].CanonicalName != fakeNAA {
		t.Errorf("available: %v", disks)
	}
	ds, err := makeDatastore(t, vc, hosts[0].Reference(), "DTFreeNAS")
	must(t, err)
	if mounts := mountsOf(t, vc, ds.Reference()); len(mounts) != 1 {
		t.Errorf("before the other host's rescan: %v", mounts)
	}
	two.rescan()
	if mounts := mountsOf(t, vc, ds.Reference()); len(mounts) != 2 {
		t.Errorf("after it: %v", mounts)
	}
	if got := system(t, vc, hosts[1].Reference(), "datastore").Datastore; !slices.Contains(got, ds.Reference()) {
		t.Errorf("the other host's datastores: %v", got)
	}
	if _, err := find.NewFinder(l.esx(1)).Datastore(ctx, "/ha-datacenter/datastore/DTFreeNAS"); err != nil {
		t.Errorf("on its own endpoint: %v", err)
	}
	if _, err := l.Hosts()[1].Volume("nowhere"); err == nil {
		t.Error("a volume of no datastore")
	}

	nas.removeLUNs()
	one.rescan()
	mounts := mountsOf(t, vc, ds.Reference())
	if *mounts[hosts[0].Reference()].Accessible || !*mounts[hosts[1].Reference()].Accessible {
		t.Errorf("after the LUN went away for one: %v", mounts)
	}
	two.rescan()
	var moDS mo.Datastore
	read(t, vc, ds.Reference(), &moDS, "summary")
	if moDS.Summary.Accessible {
		t.Error("the datastore is accessible without its LUN")
	}
	nas.addLUN(0, fakeNAA)
	one.rescan()
	read(t, vc, ds.Reference(), &moDS, "summary")
	if !moDS.Summary.Accessible {
		t.Error("the datastore is not accessible with its LUN back")
	}
}

func mountsOf(t *testing.T, c *vim25.Client, ref types.ManagedObjectReference) map[types.ManagedObjectReference]types.HostMountInfo {
	t.Helper()
	var ds mo.Datastore
	read(t, c, ref, &ds, "host")
	mounts := map[types.ManagedObjectReference]types.HostMountInfo{}
	for _, m := range ds.Host {
		mounts[m.Key] = m.MountInfo
	}
	return mounts
}

func TestDatastoreFaults(t *testing.T) {
	l, _ := withNAS(t)
	c := l.esx(0)
	h := connected(t, c, haHost)
	ds := datastoreSystem(t, c, haHost)
	_, err := ds.QueryVmfsDatastoreCreateOptions(ctx, "/vmfs/devices/disks/naa.none")
	wantFault(t, "no such disk", err, &types.NotFound{})
	_, err = makeDatastore(t, c, haHost, "datastore1")
	wantFault(t, "name taken", err, &types.DuplicateName{})
	_, err = makeDatastore(t, c, haHost, "a/b")
	wantFault(t, "not a name", err, &types.InvalidName{})
	made, err := makeDatastore(t, c, haHost, "shared")
	must(t, err)
	options, err := ds.QueryVmfsDatastoreCreateOptions(ctx, "/vmfs/devices/disks/"+fakeNAA)
	must(t, err)
	if len(options) != 0 {
		t.Errorf("options for a disk that is taken: %v", options)
	}
	wantFault(t, "adapter in use", h.enable(false), &types.HostConfigFault{})
	local, err := find.NewFinder(c).Datastore(ctx, "datastore1")
	must(t, err)
	wantFault(t, "local datastore", ds.Remove(ctx, local), &types.ResourceInUse{})
	must(t, ds.Remove(ctx, made))
	wantFault(t, "removed already", ds.Remove(ctx, made), &types.NotFound{})
	must(t, h.enable(false))
}
