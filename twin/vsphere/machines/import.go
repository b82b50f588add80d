// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// roomFor says whether the datastore has room for all new disks.
func roomFor(p *place, config *types.VirtualMachineConfigSpec) *fault.Failure {
	var needed int64
	for _, c := range config.DeviceChange {
		spec := c.GetVirtualDeviceConfigSpec()
		if d, ok := spec.Device.(*types.VirtualDisk); ok && spec.FileOperation != "" {
			if found, ok := diskOf(nil, d); ok {
				needed += found.bytes
			}
		}
	}
	if left := p.volume.free(); needed > left {
		return fault.New(&types.NoDiskSpace{FileFault: types.FileFault{File: "[" + p.datastoreName + "]"}, Datastore: p.datastoreName},
			"Insufficient disk space on datastore %s: the disks need %d bytes, %d are left", p.datastoreName, needed, left)
	}
	return nil
}

// importVM is an import from its beginning to its end, which is the lease's.
func importVM(inv *inventory, j *registry.Job, l *lease, where *place, config *types.VirtualMachineConfigSpec) (types.AnyType, *fault.Failure) {
	c, f := inv.create(j, where, config, true)
	if f != nil {
		l.failed(f)
		l.end()
		return nil, f
	}
	f = l.open(j, c, where.h)
	if f == nil {
		f = l.wait(j)
	}
	if f == nil {
		f = inv.allocate(j.Ctx, c.mc, c.object, where.h)
	}
	if f != nil {
		if undoImport(inv, j.User, c, where.h) {
			l.forgetNote()
		}
		l.failed(f)
		l.end()
		return nil, f
	}
	l.forgetNote()
	c.mc.block(false)
	inv.m.align()
	l.done()
	l.end()
	return c.object, nil
}

// undoImport removes everything that an import has left. It is false when a disk could not be removed.
func undoImport(inv *inventory, user string, c *created, h host) (freed bool) {
	hw := c.mc.hardware()
	f := inv.m.free(hw.disks, h)
	if freed = f == nil; !freed {
		inv.m.cfg.Logf("machines: import of %s: %v", hw.name, f)
	}
	if f := inv.discard(user, c.mc, c.object); f != nil {
		inv.m.cfg.Logf("machines: import of %s: %v", hw.name, f)
	}
	return freed
}

// fill puts the content of an uploaded file onto the disk's datastore.
func (l *lease) fill(ctx context.Context, d disk, file string) *fault.Failure {
	v, f := d.volume(l.host)
	if f != nil {
		return f
	}
	if _, ok := v.size(d.path); ok {
		// The client sends the file again.
		if err := v.remove(ctx, d.path); err != nil {
			return d.storageFault(err)
		}
	}
	if err := v.importDisk(ctx, d.path, file, nil); err != nil {
		return d.storageFault(err)
	}
	l.inv.m.freeSpace(v, d.datastore)
	size, _ := v.size(d.path)
	return l.resize(d, size)
}

// resize shows a disk with the size that the uploaded one has, where that is not what the descriptor said.
func (l *lease) resize(d disk, size int64) *fault.Failure {
	if size == d.bytes {
		return nil
	}
	changed := registry.Read(l.inv.Registry, l.machine.object, func(vm *simulator.VirtualMachine) []types.BaseVirtualDevice {
		return copyOf(types.ArrayOfVirtualDevice{VirtualDevice: slices.Clone(vm.Config.Hardware.Device)}).VirtualDevice
	})
	for _, device := range changed {
		if shown, ok := device.(*types.VirtualDisk); ok && shown.Key == d.key {
			shown.CapacityInBytes, shown.CapacityInKB = size, size>>10
		}
	}
	l.inv.Set(l.machine.object, registry.Change{Name: "config.hardware.device", Val: changed})
	return nil
}

// url is where a disk of the lease is uploaded to.
func (l *lease) url(file string) string {
	server := "https://*"
	if setting := serverURL(l.inv); setting != "" {
		server = setting
	}
	return fmt.Sprintf("%s/nfc/%s/%s", server, l.token, file)
}
