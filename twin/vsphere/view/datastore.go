// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"

	"livelab.dev/twin/vsphere/names"
)

// showDatastores lets the registry's Datastore objects follow the volumes that the host has mounted. A volume is one Datastore in a
// datacenter, however many hosts have it mounted.
func (v *View) showDatastores(_ *host.State, storage *host.StorageState) {
	v.Reg.Inventory.Lock()
	defer v.Reg.Inventory.Unlock()

	var refs []types.ManagedObjectReference
	for _, volume := range storage.Volumes {
		if ref, err := v.joinDatastore(volume); err != nil {
			v.Host.Logf("%s: datastore %s: %v", v.Host.Label(), volume.Label, err)
		} else {
			refs = append(refs, ref)
		}
	}
	old := v.Reg.List(v.System.Self, "datastore")
	v.Reg.SetList(v.System.Self, "datastore", refs)
	v.Reg.SetList(v.Parts.Datastore.Self, "datastore", refs)
	for _, ref := range old {
		if !slices.Contains(refs, ref) {
			v.leaveDatastore(ref)
		}
	}
	v.showParentList("datastore", func(h *mo.HostSystem) []types.ManagedObjectReference { return h.Datastore })
}

// joinDatastore is the Datastore of a volume, with this host in it.
func (v *View) joinDatastore(volume host.Mounted) (types.ManagedObjectReference, error) {
	folder := v.DatastoreFolder()
	ds := v.datastoreOf(volume.UUID)
	if ds == nil {
		dir := filepath.Join(v.Host.Env.Dir, "datastores", volume.UUID)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return types.ManagedObjectReference{}, err
		}
		ds = v.newDatastore(volume, folder, dir)
	}
	if name := names.Escape(volume.Label); v.Reg.NameOf(ds.Self) != name && v.Reg.Child(folder, name) == nil {
		v.Reg.Change(ds, registry.Change{Name: "name", Val: name}, registry.Change{Name: "summary.name", Val: name})
	}
	v.Reg.Change(ds, v.mountChanges(ds, volume)...)
	return ds.Self, nil
}

func (v *View) DatastoreFolder() types.ManagedObjectReference {
	return v.folder(func(dc *mo.Datacenter) types.ManagedObjectReference { return dc.DatastoreFolder })
}

// datastoreOf is the datacenter's Datastore of a volume, nil for none.
func (v *View) datastoreOf(uuid string) *simulator.Datastore {
	for _, ref := range v.Reg.List(v.datacenter, "datastore") {
		ds, ok := v.Reg.Get(ref).(*simulator.Datastore)
		if !ok {
			continue
		}
		if info, ok := ds.Info.(*types.VmfsDatastoreInfo); ok && info.Vmfs.Uuid == uuid {
			return ds
		}
	}
	return nil
}

// newDatastore registers a Datastore. Small files that clients put on it are kept in dir; the URL is dir because the simulator
// resolves datastore paths with it.
func (v *View) newDatastore(volume host.Mounted, folder types.ManagedObjectReference, dir string) *simulator.Datastore {
	ds := &simulator.Datastore{}
	ds.Name = names.Escape(v.FreeName(folder, volume.Label))
	if v.Reg.IsESX() {
		ds.Self = types.ManagedObjectReference{Type: "Datastore", Value: volume.UUID}
	}
	ds.Info = &types.VmfsDatastoreInfo{
		DatastoreInfo:          types.DatastoreInfo{Name: ds.Name, Url: dir, MaxFileSize: 64 << 40, MaxVirtualDiskCapacity: 62 << 40, MaxMemoryFileSize: 64 << 40},
		MaxPhysicalRDMFileSize: 64 << 40, MaxVirtualRDMFileSize: 62 << 40, Vmfs: volume.Vmfs(),
	}
	ds.Summary = types.DatastoreSummary{
		Name: ds.Name, Url: dir, Type: "VMFS", Accessible: true,
		MaintenanceMode: string(types.DatastoreSummaryMaintenanceModeStateNormal),
	}
	ds.Capability = types.DatastoreCapability{
		DirectoryHierarchySupported: true, RawDiskMappingsSupported: true, PerFileThinProvisioningSupported: true,
		StorageIORMSupported: true, NativeSnapshotSupported: false,
		TopLevelDirectoryCreateSupported: types.NewBool(true), SeSparseSupported: types.NewBool(true),
	}
	v.Reg.Adopt(folder, ds)
	self := ds.Self
	browser := &simulator.HostDatastoreBrowser{}
	browser.Datastore = []types.ManagedObjectReference{self}
	v.Reg.Put(browser)
	v.Reg.Change(ds, registry.Change{Name: "browser", Val: browser.Self}, registry.Change{Name: "summary.datastore", Val: self})
	v.Reg.AddTo(v.datacenter, "datastore", self)
	return ds
}

// FreeName is a name that no other datastore of the datacenter has; two hosts' local datastores come with the same one.
func (v *View) FreeName(folder types.ManagedObjectReference, name string) string {
	free := name
	for n := 1; v.Reg.Child(folder, names.Escape(free)) != nil; n++ {
		free = fmt.Sprintf("%s (%d)", name, n)
	}
	return free
}

// mountChanges is what a Datastore says once this host has it mounted.
func (v *View) mountChanges(ds *simulator.Datastore, volume host.Mounted) []registry.Change {
	var changes []registry.Change
	v.Reg.WithLock(v.Reg.Context(), ds.Self, func() {
		mounts := slices.DeleteFunc(slices.Clone(ds.Host), func(m types.DatastoreHostMount) bool { return m.Key == v.System.Self })
		mounts = append(mounts, types.DatastoreHostMount{Key: v.System.Self, MountInfo: volume.MountInfo()})
		slices.SortFunc(mounts, func(a, b types.DatastoreHostMount) int { return compare(a.Key.Value, b.Key.Value) })

		info := *ds.Info.(*types.VmfsDatastoreInfo)
		info.Name, info.FreeSpace = ds.Name, volume.Free
		info.Timestamp = types.NewTime(time.Now())
		vmfs := volume.Vmfs()
		vmfs.Name = ds.Name
		info.Vmfs = vmfs
		changes = []registry.Change{
			{Name: "host", Val: mounts},
			{Name: "info", Val: info},
			{Name: "summary.accessible", Val: anyAccessible(mounts)},
			{Name: "summary.capacity", Val: volume.Capacity},
			{Name: "summary.freeSpace", Val: volume.Free},
			{Name: "summary.multipleHostAccess", Val: len(mounts) > 1},
		}
	})
	return changes
}

func anyAccessible(mounts []types.DatastoreHostMount) bool {
	return slices.ContainsFunc(mounts, func(m types.DatastoreHostMount) bool { return *m.MountInfo.Accessible })
}

func compare(a, b string) int {
	switch {
	case len(a) != len(b):
		return len(a) - len(b) // host-9 before host-10
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// leaveDatastore takes this host out of a Datastore, and the Datastore away when it was the last.
func (v *View) leaveDatastore(ref types.ManagedObjectReference) {
	ds, ok := v.Reg.Get(ref).(*simulator.Datastore)
	if !ok {
		return
	}
	var left []types.DatastoreHostMount
	v.Reg.WithLock(v.Reg.Context(), ref, func() {
		left = slices.DeleteFunc(slices.Clone(ds.Host), func(m types.DatastoreHostMount) bool { return m.Key == v.System.Self })
	})
	if len(left) == 0 {
		v.Reg.RemoveFrom(v.datacenter, "datastore", ref)
		v.Reg.Remove(v.Reg.Context(), ds.Browser)
		v.Reg.Orphan(ds)
		return
	}
	v.Reg.Change(ds, registry.Change{Name: "host", Val: left}, registry.Change{Name: "summary.accessible", Val: anyAccessible(left)},
		registry.Change{Name: "summary.multipleHostAccess", Val: len(left) > 1})
}
