// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// showDatastores lets the registry's Datastore objects follow the volumes that the host has mounted. A volume is one Datastore in a
// datacenter, however many hosts have it mounted.
func (v *view) showDatastores(_ *state, storage *storageState) {
	v.reg.inventory.Lock()
	defer v.reg.inventory.Unlock()

	var refs []types.ManagedObjectReference
	for _, volume := range storage.volumes {
		if ref, err := v.joinDatastore(volume); err != nil {
			v.host.server.logf("%s: datastore %s: %v", v.host.label(), volume.Label, err)
		} else {
			refs = append(refs, ref)
		}
	}
	old := v.reg.list(v.system.Self, "datastore")
	v.reg.setList(v.system.Self, "datastore", refs)
	v.reg.setList(v.parts.datastore.Self, "datastore", refs)
	for _, ref := range old {
		if !slices.Contains(refs, ref) {
			v.leaveDatastore(ref)
		}
	}
	v.showParentList("datastore", func(h *mo.HostSystem) []types.ManagedObjectReference { return h.Datastore })
}

// joinDatastore is the Datastore of a volume, with this host in it.
func (v *view) joinDatastore(volume mounted) (types.ManagedObjectReference, error) {
	folder := v.datastoreFolder()
	ds := v.datastoreOf(volume.UUID)
	if ds == nil {
		dir := filepath.Join(v.host.server.cfg.Dir, "datastores", volume.UUID)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return types.ManagedObjectReference{}, err
		}
		ds = v.newDatastore(volume, folder, dir)
	}
	if v.reg.nameOf(ds.Self) != volume.Label && v.reg.child(folder, volume.Label) == nil {
		v.reg.update(ds, change{Name: "name", Val: volume.Label}, change{Name: "summary.name", Val: volume.Label})
	}
	v.reg.update(ds, v.mountChanges(ds, volume)...)
	return ds.Self, nil
}

func (v *view) datastoreFolder() types.ManagedObjectReference {
	return v.folder(func(dc *mo.Datacenter) types.ManagedObjectReference { return dc.DatastoreFolder })
}

// datastoreOf is the datacenter's Datastore of a volume, nil for none.
func (v *view) datastoreOf(uuid string) *simulator.Datastore {
	for _, ref := range v.reg.list(v.datacenter, "datastore") {
		ds, ok := v.reg.Get(ref).(*simulator.Datastore)
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
func (v *view) newDatastore(volume mounted, folder types.ManagedObjectReference, dir string) *simulator.Datastore {
	ds := &simulator.Datastore{}
	ds.Name = v.freeName(folder, volume.Label)
	if v.reg.IsESX() {
		ds.Self = types.ManagedObjectReference{Type: "Datastore", Value: volume.UUID}
	}
	ds.Info = &types.VmfsDatastoreInfo{
		DatastoreInfo:          types.DatastoreInfo{Name: ds.Name, Url: dir, MaxFileSize: 64 << 40, MaxVirtualDiskCapacity: 62 << 40, MaxMemoryFileSize: 64 << 40},
		MaxPhysicalRDMFileSize: 64 << 40, MaxVirtualRDMFileSize: 62 << 40, Vmfs: volume.vmfs(),
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
	v.reg.adopt(folder, ds)
	self := ds.Self
	browser := &simulator.HostDatastoreBrowser{}
	browser.Datastore = []types.ManagedObjectReference{self}
	v.reg.Put(browser)
	v.reg.update(ds, change{Name: "browser", Val: browser.Self}, change{Name: "summary.datastore", Val: self})
	v.reg.addTo(v.datacenter, "datastore", self)
	return ds
}

// freeName is a name that no other datastore of the datacenter has; two hosts' local datastores come with the same one.
func (v *view) freeName(folder types.ManagedObjectReference, name string) string {
	free := name
	for n := 1; v.reg.child(folder, free) != nil; n++ {
		free = fmt.Sprintf("%s (%d)", name, n)
	}
	return free
}

// mountChanges is what a Datastore says once this host has it mounted.
func (v *view) mountChanges(ds *simulator.Datastore, volume mounted) []change {
	var changes []change
	v.reg.WithLock(v.reg.context(), ds.Self, func() {
		mounts := slices.DeleteFunc(slices.Clone(ds.Host), func(m types.DatastoreHostMount) bool { return m.Key == v.system.Self })
		mounts = append(mounts, types.DatastoreHostMount{Key: v.system.Self, MountInfo: volume.mountInfo()})
		slices.SortFunc(mounts, func(a, b types.DatastoreHostMount) int { return compare(a.Key.Value, b.Key.Value) })

		info := *ds.Info.(*types.VmfsDatastoreInfo)
		info.Name, info.FreeSpace = ds.Name, volume.Free
		info.Timestamp = types.NewTime(time.Now())
		vmfs := volume.vmfs()
		vmfs.Name = ds.Name
		info.Vmfs = vmfs
		changes = []change{
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
func (v *view) leaveDatastore(ref types.ManagedObjectReference) {
	ds, ok := v.reg.Get(ref).(*simulator.Datastore)
	if !ok {
		return
	}
	var left []types.DatastoreHostMount
	v.reg.WithLock(v.reg.context(), ref, func() {
		left = slices.DeleteFunc(slices.Clone(ds.Host), func(m types.DatastoreHostMount) bool { return m.Key == v.system.Self })
	})
	if len(left) == 0 {
		v.reg.removeFrom(v.datacenter, "datastore", ref)
		v.reg.Remove(v.reg.context(), ds.Browser)
		v.reg.orphan(ds)
		return
	}
	v.reg.update(ds, change{Name: "host", Val: left}, change{Name: "summary.accessible", Val: anyAccessible(left)},
		change{Name: "summary.multipleHostAccess", Val: len(left) > 1})
}
