// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// ReconfigVMTask changes the machine's configuration. Hardware only changes while it is powered off.
func (v *vmMethods) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{
		Returnval: v.run(ctx, "reconfigure", func(j *job) (types.AnyType, *fault.Failure) {
			return nil, v.reconfigure(j, req.Spec)
		}),
	}}
}

func (v *vmMethods) reconfigure(j *job, spec types.VirtualMachineConfigSpec) *fault.Failure {
	hw := v.mc.hardware()
	if v.mc.running() != nil {
		if f := hotPlug(hw, spec); f != nil {
			return f
		}
	}
	hostRef := read(v.inv, v.Self, func(vm *simulator.VirtualMachine) *ref { return vm.Runtime.Host })
	if hostRef == nil {
		return fault.Gone(v.Self)
	}
	p := &place{host: *hostRef, h: v.mc.on()}
	if f := v.inv.usable(p, spec.DeviceChange); f != nil {
		return f
	}
	if f := v.inv.prepareDisks(p, spec.DeviceChange); f != nil {
		return f
	}
	removed, f := goingDisks(hw, spec.DeviceChange)
	if f != nil {
		return f
	}
	if f := v.inv.reconfigure(v.Self, j.user, spec); f != nil {
		return f
	}
	if f := v.inv.m.free(removed, p.h); f != nil {
		return f
	}
	return v.inv.allocate(j.ctx, v.mc, v.Self, p.h)
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
	vm, ok := get[*simulator.VirtualMachine](inv, object)
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
