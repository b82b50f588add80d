// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"

	"livelab.dev/twin/vsphere/names"
)

// Place is where a new machine goes.
type Place struct {
	folder, pool, host Ref
	H                  ESXi
	datastore          Ref
	Volume             Volume
	DatastoreName      string
	Directory          string // of the machine on the datastore
}

// PlaceFor works out where a new machine can go. The simulator takes most of this for granted.
func (inv *Inventory) PlaceFor(folder, pool Ref, host *Ref, config *types.VirtualMachineConfigSpec) (*Place, *fault.Failure) {
	for _, prepare := range inv.Manager.placing {
		prepare()
	}
	p := &Place{folder: folder, pool: pool}
	name, f := inv.freeName(folder, config.Name)
	if f != nil {
		return nil, f
	}
	config.Name = name
	compute, ok := inv.Compute(pool)
	if !ok || inv.Get(pool) == nil {
		return nil, fault.Gone(pool)
	}
	var at object.DatastorePath
	if config.Files == nil || !at.FromString(config.Files.VmPathName) {
		name := ""
		if config.Files != nil {
			name = config.Files.VmPathName
		}
		return nil, fault.New(&types.InvalidDatastorePath{DatastorePath: name}, "%q is not a datastore path such as [datastore1] web/web.vmx", name)
	}
	p.DatastoreName, p.Directory = at.Datastore, directoryOf(at.Path, names.File(config.Name))
	candidates := inv.List(compute, "host")
	if host != nil {
		if !slices.Contains(candidates, *host) {
			return nil, fault.Invalid("host", "the host %s does not belong to the resource pool", inv.NameOf(*host))
		}
		candidates = []Ref{*host}
	}
	if f := inv.placeOn(p, candidates); f != nil {
		return nil, f
	}
	return p, inv.usable(p, config.DeviceChange)
}

// placeOn takes the first of the hosts that can have the machine; the fault is that of the last that cannot.
func (inv *Inventory) placeOn(p *Place, candidates []Ref) *fault.Failure {
	f := fault.New(&types.NoCompatibleHost{}, "There is no host for the machine")
	for _, candidate := range candidates {
		h := inv.HostOf(candidate)
		if h == nil {
			continue
		}
		if f = inv.fits(p, candidate, h); f == nil {
			p.host, p.H = candidate, h
			return nil
		}
	}
	return f
}

// fits is why a machine cannot be made on a host.
func (inv *Inventory) fits(p *Place, candidate Ref, h ESXi) *fault.Failure {
	if inv.IsVPX() && !h.Connected() {
		return fault.New(&types.HostNotConnected{}, "The host %s is not connected", h.Name())
	}
	if h.InMaintenance() {
		return fault.New(&types.InvalidState{}, "The host %s is in maintenance mode", h.Name())
	}
	datastore, ok := inv.named(candidate, "datastore", p.DatastoreName)
	if !ok {
		return fault.New(&types.InvalidDatastore{Name: p.DatastoreName}, "The datastore %s is not on the host %s", p.DatastoreName, h.Name())
	}
	v, err := h.Disks(p.DatastoreName)
	if err != nil {
		return fault.New(&types.InaccessibleDatastore{InvalidDatastore: types.InvalidDatastore{Datastore: &datastore, Name: p.DatastoreName}},
			"The datastore %s cannot be accessed on the host %s: %v", p.DatastoreName, h.Name(), err)
	}
	p.datastore, p.Volume = datastore, v
	return nil
}

// freeName is a name for a machine in a folder as vCenter keeps it. Faults: DuplicateName, InvalidName, and NotSupported for folders
// that hold no machines.
func (inv *Inventory) freeName(folder Ref, name string) (string, *fault.Failure) {
	f, ok := registry.Get[*simulator.Folder](inv.Registry, folder)
	if !ok {
		return "", fault.Gone(folder)
	}
	var kinds []string
	inv.Locked(folder, func() { kinds = f.ChildType })
	if !slices.Contains(kinds, "VirtualMachine") {
		return "", fault.New(&types.NotSupported{}, "The folder %s does not hold virtual machines", inv.NameOf(folder))
	}
	escaped, refused := names.Check(name, folder)
	if refused != nil {
		return "", refused
	}
	if other, taken := inv.named(folder, "childEntity", escaped); taken {
		return "", fault.New(&types.DuplicateName{Name: name, Object: other}, "The name %q is taken", name)
	}
	return escaped, nil
}

// usable examines the devices of a new machine: the simulator ends when a network is not there.
func (inv *Inventory) usable(p *Place, changes []types.BaseVirtualDeviceConfigSpec) *fault.Failure {
	for i, c := range changes {
		spec := c.GetVirtualDeviceConfigSpec()
		if spec.Device == nil {
			return fault.New(&types.InvalidDeviceSpec{DeviceIndex: int32(i)}, "Invalid configuration for device %d: there is none", i)
		}
		if _, ok := spec.Device.(types.BaseVirtualEthernetCard); !ok || spec.Operation == types.VirtualDeviceConfigSpecOperationRemove {
			continue
		}
		spellNetwork(spec.Device)
		n := NicsOf(object.VirtualDeviceList{spec.Device})[0]
		if _, ok := inv.named(p.host, "network", n.Portgroup); !ok || n.Portgroup == "" {
			bad := &types.InvalidDeviceBacking{}
			bad.DeviceIndex = int32(i)
			return fault.New(bad, "Invalid backing for device %d: the network %q is not on the host %s", i, n.Backing, p.H.Name())
		}
	}
	return nil
}

// spellNetwork calls the network of an adapter as its managed object is called, so that the simulator finds it.
func spellNetwork(device types.BaseVirtualDevice) {
	if backing, ok := device.GetVirtualDevice().Backing.(*types.VirtualEthernetCardNetworkBackingInfo); ok {
		backing.DeviceName = names.Escape(backing.DeviceName)
	}
}

// FreeSpace shows how much room a volume has left, wherever it is shown as a datastore.
func (m *Manager) FreeSpace(v Volume, name string) {
	left := v.Free()
	for _, inv := range m.Attached() {
		for _, entity := range inv.All("Datastore") {
			inv.showFree(entity.Reference(), v.ID(), name, left)
		}
	}
}

// showFree shows the room that is left on a datastore, if it is the volume; one that has no id of its own is known by its name.
func (inv *Inventory) showFree(datastore Ref, volume, name string, left int64) {
	changes := registry.Read(inv.Registry, datastore, func(ds *simulator.Datastore) []registry.Change {
		free := registry.Change{Name: "summary.freeSpace", Val: left}
		info, ok := ds.Info.(*types.VmfsDatastoreInfo)
		switch {
		case ok && info.Vmfs != nil && info.Vmfs.Uuid == volume:
			updated := *info
			updated.FreeSpace = left
			return []registry.Change{free, {Name: "info", Val: updated}}
		case !ok && ds.Name == name:
			return []registry.Change{free}
		}
		return nil
	})
	if changes != nil {
		inv.Set(datastore, changes...)
	}
}

// showStorage shows the room that the machine's disks have: all of theirs, from the start.
func (inv *Inventory) showStorage(object Ref, mc *VM) {
	usage := map[string]int64{}
	var total int64
	for _, d := range mc.Hardware().Disks {
		v, f := d.Volume(mc.On())
		if f != nil {
			return
		}
		size, _ := v.Size(d.Path)
		usage[d.Datastore] += size
		total += size
	}
	now := time.Now()
	storage := types.VirtualMachineStorageInfo{Timestamp: now}
	for _, datastore := range inv.List(object, "datastore") {
		size := usage[inv.NameOf(datastore)]
		storage.PerDatastoreUsage = append(storage.PerDatastoreUsage,
			types.VirtualMachineUsageOnDatastore{Datastore: datastore, Committed: size, Unshared: size})
	}
	inv.Set(object,
		registry.Change{Name: "storage", Val: storage},
		registry.Change{Name: "summary.storage", Val: types.VirtualMachineStorageSummary{Committed: total, Unshared: total, Timestamp: now}})
}
