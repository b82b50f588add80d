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

	"livelab.dev/twin/vsphere/names"
)

// Reshape changes a machine's configuration. Hardware only changes while it is powered off.
func (inv *Inventory) Reshape(mc *VM, at Ref, j *registry.Job, spec types.VirtualMachineConfigSpec) *fault.Failure {
	hw := mc.Hardware()
	if mc.Running() != nil {
		if f := hotPlug(hw, spec); f != nil {
			return f
		}
	}
	if spec.Name != "" {
		name, f := inv.newName(at, spec.Name)
		if f != nil {
			return f
		}
		spec.Name = name
	}
	hostRef := registry.Read(inv.Registry, at, func(vm *simulator.VirtualMachine) *Ref { return vm.Runtime.Host })
	if hostRef == nil {
		return fault.Gone(at)
	}
	p := &Place{host: *hostRef, H: mc.On()}
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
	if f := inv.Reconfigure(at, j.User, spec); f != nil {
		return f
	}
	if f := inv.Manager.Free(removed, p.H); f != nil {
		return f
	}
	return inv.Allocate(j.Ctx, mc, at, p.H)
}

// hotPlug refuses what would have to change in a machine that runs.
func hotPlug(hw Hardware, spec types.VirtualMachineConfigSpec) *fault.Failure {
	if spec.NumCPUs != 0 && spec.NumCPUs != hw.CPUs {
		return fault.New(&types.CpuHotPlugNotSupported{}, "%s is powered on: the number of its processors cannot be changed", hw.Name)
	}
	if spec.MemoryMB != 0 && spec.MemoryMB != hw.MemoryMB {
		return fault.New(&types.MemoryHotPlugNotSupported{}, "%s is powered on: its memory cannot be changed", hw.Name)
	}
	if len(spec.DeviceChange) > 0 {
		return fault.New(&types.DeviceHotPlugNotSupported{}, "%s is powered on: its devices cannot be changed", hw.Name)
	}
	return nil
}

// goingDisks are the disks that are removed with their files. A disk cannot become larger or smaller.
func goingDisks(hw Hardware, changes []types.BaseVirtualDeviceConfigSpec) ([]Disk, *fault.Failure) {
	var going []Disk
	for i, c := range changes {
		spec := c.GetVirtualDeviceConfigSpec()
		asked, ok := spec.Device.(*types.VirtualDisk)
		if !ok {
			continue
		}
		for _, d := range hw.Disks {
			if d.Key != asked.Key {
				continue
			}
			wanted, _ := DiskOf(object.VirtualDeviceList{}, asked)
			switch {
			case spec.Operation == types.VirtualDeviceConfigSpecOperationEdit && wanted.Bytes != 0 && wanted.Bytes != d.Bytes:
				return nil, fault.New(&types.InvalidDeviceOperation{InvalidDeviceSpec: types.InvalidDeviceSpec{DeviceIndex: int32(i)}},
					"%s has %d bytes; its size cannot be changed", d.Label, d.Bytes)
			case spec.Operation == types.VirtualDeviceConfigSpecOperationRemove &&
				spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationDestroy:
				going = append(going, d)
			}
		}
	}
	return going, nil
}

// Reconfigure lets the simulator change the configuration of a machine.
func (inv *Inventory) Reconfigure(object Ref, user string, spec types.VirtualMachineConfigSpec) *fault.Failure {
	vm, ok := registry.Get[*simulator.VirtualMachine](inv.Registry, object)
	if !ok {
		return fault.Gone(object)
	}
	for _, c := range spec.DeviceChange {
		if device := c.GetVirtualDeviceConfigSpec().Device; device != nil {
			spellNetwork(device)
		}
	}
	_, f := inv.Do(user, func(ctx *simulator.Context) (Ref, *soap.Fault) {
		body := vm.ReconfigVMTask(ctx, &types.ReconfigVM_Task{This: object, Spec: spec}).(*methods.ReconfigVM_TaskBody)
		return body.Res.Returnval, body.Fault_
	})
	inv.followNetworks(object)
	inv.Manager.Align()
	return f
}

// newName is a name for a machine that has one already. Faults: DuplicateName, InvalidName.
func (inv *Inventory) newName(at Ref, name string) (string, *fault.Failure) {
	folder, ok := inv.parent(at)
	if !ok || names.Same(name, inv.NameOf(at)) {
		return names.Check(name, at)
	}
	return inv.freeName(folder, name)
}
