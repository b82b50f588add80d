// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// change changes a machine's configuration. Hardware only changes while it is powered off.
func (inv *inventory) change(mc *machine, at ref, j *registry.Job, spec types.VirtualMachineConfigSpec) *fault.Failure {
	hw := mc.hardware()
	if mc.running() != nil {
		if f := hotPlug(hw, spec); f != nil {
			return f
		}
	}
	hostRef := registry.Read(inv.Registry, at, func(vm *simulator.VirtualMachine) *ref { return vm.Runtime.Host })
	if hostRef == nil {
		return fault.Gone(at)
	}
	p := &place{host: *hostRef, h: mc.on()}
	if f := inv.usable(p, spec.DeviceChange); f != nil {
		return f
	}
	if f := inv.prepareDisks(p, spec.DeviceChange); f != nil {
		return f
	}
	removed, f := goingDisks(hw, spec.DeviceChange)
	if f != nil {
		return f
	}
	if f := inv.reconfigure(at, j.User, spec); f != nil {
		return f
	}
	if f := inv.m.free(removed, p.h); f != nil {
		return f
	}
	return inv.allocate(j.Ctx, mc, at, p.h)
}

// hotPlug refuses what would have to change in a machine that runs.
func hotPlug(hw hardware, spec types.VirtualMachineConfigSpec) *fault.Failure {
	if spec.NumCPUs != 0 && spec.NumCPUs != hw.cpus {
		return fault.New(&types.CpuHotPlugNotSupported{}, "%s is powered on: the number of its processors cannot be changed", hw.name)
	}
	if spec.MemoryMB != 0 && spec.MemoryMB != hw.memoryMB {
		return fault.New(&types.MemoryHotPlugNotSupported{}, "%s is powered on: its memory cannot be changed", hw.name)
	}
	if len(spec.DeviceChange) > 0 {
		return fault.New(&types.DeviceHotPlugNotSupported{}, "%s is powered on: its devices cannot be changed", hw.name)
	}
	return nil
}

// goingDisks are the disks that are removed with their files. A disk cannot become larger or smaller.
func goingDisks(hw hardware, changes []types.BaseVirtualDeviceConfigSpec) ([]disk, *fault.Failure) {
	var going []disk
	for i, c := range changes {
		spec := c.GetVirtualDeviceConfigSpec()
		asked, ok := spec.Device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		for _, d := range hw.disks {
			if d.key != asked.Key {
				continue
			}
			wanted, _ := diskOf(object.VirtualDeviceList{}, asked)
			switch {
			case spec.Operation == types.VirtualDeviceConfigSpecOperationEdit && wanted.bytes != 0 && wanted.bytes != d.bytes:
				return nil, fault.New(&types.InvalidDeviceOperation{InvalidDeviceSpec: types.InvalidDeviceSpec{DeviceIndex: int32(i)}},
					"%s has %d bytes; its size cannot be changed", d.label, d.bytes)
			case spec.Operation == types.VirtualDeviceConfigSpecOperationRemove &&
				spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationDestroy:
				going = append(going, d)
			}
		}
	}
	return going, nil
}

// reconfigure lets the simulator change the configuration of a machine.
func (inv *inventory) reconfigure(object ref, user string, spec types.VirtualMachineConfigSpec) *fault.Failure {
	vm, ok := registry.Get[*simulator.VirtualMachine](inv.Registry, object)
	if !ok {
		return fault.Gone(object)
	}
	_, f := inv.do(user, func(ctx *simulator.Context) (ref, *soap.Fault) {
		body := vm.ReconfigVMTask(ctx, &types.ReconfigVM_Task{This: object, Spec: spec}).(*methods.ReconfigVM_TaskBody)
		return body.Res.Returnval, body.Fault_
	})
	inv.followNetworks(object)
	inv.m.align()
	return f
}
