// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// poolMethods answers ResourcePool and VirtualApp.
type poolMethods struct {
	*overlay
	inv *inventory
}

// ImportVApp makes a machine and a lease under which its disks are uploaded. The machine is there at once, but cannot be used
// before the lease is completed; when that does not happen, nothing of it stays.
func (p *poolMethods) ImportVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	body := &methods.ImportVAppBody{}
	spec, ok := req.Spec.(*types.VirtualMachineImportSpec)
	if !ok {
		body.Fault_ = fault.Invalid("spec", "%T is not possible: only single machines can be imported", req.Spec).SOAP()
		return body
	}
	folder := req.Folder
	if folder == nil {
		dc, ok := p.inv.above(p.Self, "Datacenter")
		if !ok {
			body.Fault_ = fault.Gone(p.Self).SOAP()
			return body
		}
		folder = read(p.inv, dc, func(dc *simulator.Datacenter) *ref { vm := dc.VmFolder; return &vm })
	}
	where, f := p.inv.placeFor(*folder, p.Self, req.Host, &spec.ConfigSpec)
	if f == nil {
		where.directoryFree(&spec.ConfigSpec)
		f = where.roomFor(&spec.ConfigSpec)
	}
	if f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	l := p.inv.newLease()
	p.inv.start(ctx, p.Self, "ResourcePool.ImportVAppLRO", func(j *job) (types.AnyType, *fault.Failure) {
		return p.inv.importVM(j, l, where, &spec.ConfigSpec)
	})
	body.Res = &types.ImportVAppResponse{Returnval: l.Self}
	return body
}

// roomFor says whether the datastore has room for all new disks.
func (p *place) roomFor(config *types.VirtualMachineConfigSpec) *fault.Failure {
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
func (inv *inventory) importVM(j *job, l *lease, where *place, config *types.VirtualMachineConfigSpec) (types.AnyType, *fault.Failure) {
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
		f = inv.allocate(j.ctx, c.mc, c.object, where.h)
	}
	if f != nil {
		if inv.undoImport(j.user, c, where.h) {
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

// importBlocks are the methods of a machine that cannot be used while it is being imported.
var importBlocks = []string{
	"PowerOnVM_Task", "Destroy_Task", "UnregisterVM", "ReconfigVM_Task", "RelocateVM_Task", "MigrateVM_Task", "CloneVM_Task",
	"CreateSnapshot_Task", "CreateSnapshotEx_Task", "MarkAsTemplate", "ExportVm",
}

// block says whether the machine is being imported.
func (mc *machine) block(importing bool) {
	mc.mu.Lock()
	mc.importing = importing
	mc.mu.Unlock()
	blocked := importBlocks
	if !importing {
		blocked = nil
	}
	mc.set(change{Name: "disabledMethod", Val: slices.Clone(blocked)})
}

// blocked tells whether a method is one that a machine does not have now.
func (inv *inventory) blocked(method *simulator.Method) bool {
	if method.This.Type != "VirtualMachine" || !slices.Contains(importBlocks, method.Name) {
		return false
	}
	mc := inv.machine(method.This)
	if mc == nil {
		return false
	}
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return mc.importing
}

// undoImport removes everything that an import has left. It is false when a disk could not be removed.
func (inv *inventory) undoImport(user string, c *created, h host) (freed bool) {
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
	changed := read(l.inv, l.machine.object, func(vm *simulator.VirtualMachine) []types.BaseVirtualDevice {
		return copyOf(types.ArrayOfVirtualDevice{VirtualDevice: slices.Clone(vm.Config.Hardware.Device)}).VirtualDevice
	})
	for _, device := range changed {
		if shown, ok := device.(*types.VirtualDisk); ok && shown.Key == d.key {
			shown.CapacityInBytes, shown.CapacityInKB = size, size>>10
		}
	}
	l.inv.set(l.machine.object, change{Name: "config.hardware.device", Val: changed})
	return nil
}

// url is where a disk of the lease is uploaded to.
func (l *lease) url(file string) string {
	server := "https://*"
	if setting := l.inv.serverURL(); setting != "" {
		server = setting
	}
	return fmt.Sprintf("%s/nfc/%s/%s", server, l.token, file)
}
