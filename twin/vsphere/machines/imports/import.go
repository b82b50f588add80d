// SPDX-License-Identifier: GPL-3.0-or-later

// Package imports makes machines of OVF packages: what a descriptor asks for, the lease under which the disks are uploaded, and what is
// left when it does not come to an end.
package imports

import (
	"context"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// RoomFor says whether the datastore has room for all new disks.
func RoomFor(p *machines.Place, config *types.VirtualMachineConfigSpec) *fault.Failure {
	var needed int64
	for _, c := range config.DeviceChange {
		spec := c.GetVirtualDeviceConfigSpec()
		if d, ok := spec.Device.(*types.VirtualDisk); ok && spec.FileOperation != "" {
			if found, ok := machines.DiskOf(nil, d); ok {
				needed += found.Bytes
			}
		}
	}
	if left := p.Volume.Free(); needed > left {
		return fault.New(&types.NoDiskSpace{FileFault: types.FileFault{File: "[" + p.DatastoreName + "]"}, Datastore: p.DatastoreName},
			"Insufficient disk space on datastore %s: the disks need %d bytes, %d are left", p.DatastoreName, needed, left)
	}
	return nil
}

// ImportVM is an import from its beginning to its end, which is the lease's.
func ImportVM(inv *machines.Inventory, j *registry.Job, l *Lease, where *machines.Place, config *types.VirtualMachineConfigSpec) (types.AnyType, *fault.Failure) {
	c, f := inv.Create(j, where, config, true)
	if f != nil {
		l.failed(f)
		l.end()
		return nil, f
	}
	f = l.open(j, c, where.H)
	if f == nil {
		f = l.wait(j)
	}
	if f == nil {
		f = inv.Allocate(j.Ctx, c.Mc, c.Object, where.H)
	}
	if f != nil {
		if undoImport(inv, j.User, c, where.H) {
			l.forgetNote()
		}
		l.failed(f)
		l.end()
		return nil, f
	}
	l.forgetNote()
	c.Mc.Block(false)
	inv.Manager.Align()
	l.done()
	l.end()
	return c.Object, nil
}

// undoImport removes everything that an import has left. It is false when a disk could not be removed.
func undoImport(inv *machines.Inventory, user string, c *machines.Created, h machines.ESXi) (freed bool) {
	hw := c.Mc.Hardware()
	f := inv.Manager.Free(hw.Disks, h)
	if freed = f == nil; !freed {
		inv.Manager.Cfg.Logf("machines: import of %s: %v", hw.Name, f)
	}
	if f := inv.Discard(user, c.Mc, c.Object); f != nil {
		inv.Manager.Cfg.Logf("machines: import of %s: %v", hw.Name, f)
	}
	return freed
}

// fill puts the content of an uploaded file onto the disk's datastore.
func (l *Lease) fill(ctx context.Context, d machines.Disk, file string) *fault.Failure {
	v, f := d.Volume(l.host)
	if f != nil {
		return f
	}
	if _, ok := v.Size(d.Path); ok {
		// The client sends the file again.
		if err := v.Remove(ctx, d.Path); err != nil {
			return d.StorageFault(err)
		}
	}
	if err := v.ImportDisk(ctx, d.Path, file, nil); err != nil {
		return d.StorageFault(err)
	}
	l.Inv.Manager.FreeSpace(v, d.Datastore)
	size, _ := v.Size(d.Path)
	return l.resize(d, size)
}

// resize shows a disk with the size that the uploaded one has, where that is not what the descriptor said.
func (l *Lease) resize(d machines.Disk, size int64) *fault.Failure {
	if size == d.Bytes {
		return nil
	}
	changed := registry.Read(l.Inv.Registry, l.Machine.Object, func(vm *simulator.VirtualMachine) []types.BaseVirtualDevice {
		return machines.CopyOf(types.ArrayOfVirtualDevice{VirtualDevice: slices.Clone(vm.Config.Hardware.Device)}).VirtualDevice
	})
	for _, device := range changed {
		if shown, ok := device.(*types.VirtualDisk); ok && shown.Key == d.Key {
			shown.CapacityInBytes, shown.CapacityInKB = size, size>>10
		}
	}
	l.Inv.Set(l.Machine.Object, registry.Change{Name: "config.hardware.device", Val: changed})
	return nil
}

// url is where a disk of the lease is uploaded to.
func (l *Lease) url(file string) string {
	server := "https://*"
	if setting := serverURL(l.Inv); setting != "" {
		server = setting
	}
	return fmt.Sprintf("%s/nfc/%s/%s", server, l.token, file)
}
