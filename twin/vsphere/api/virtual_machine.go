// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/machines/move"
	"livelab.dev/twin/vsphere/machines/power"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// vmMethods answers VirtualMachine.
type vmMethods struct {
	*registry.Overlay
	inv *machines.Inventory
	mc  *machines.VM
}

// run does something with the machine as a task, and nothing else with it at the same time.
func (v *vmMethods) run(ctx *simulator.Context, what string, work func(*registry.Job) (types.AnyType, *fault.Failure)) machines.Ref {
	return v.inv.StartWith(ctx, v.mc, v.Self, what, work)
}

// do is run for work that has no result.
func (v *vmMethods) do(ctx *simulator.Context, what string, work func(*registry.Job) *fault.Failure) machines.Ref {
	return v.run(ctx, what, func(j *registry.Job) (types.AnyType, *fault.Failure) { return nil, work(j) })
}

// PowerOnVMTask boots the machine on its host, or lets a suspended one go on.
func (v *vmMethods) PowerOnVMTask(ctx *simulator.Context, _ *types.PowerOnVM_Task) soap.HasFault {
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{
		Returnval: v.do(ctx, "powerOn", func(j *registry.Job) *fault.Failure { return power.On(v.mc, j) }),
	}}
}

// PowerOffVMTask ends the machine at once.
func (v *vmMethods) PowerOffVMTask(ctx *simulator.Context, _ *types.PowerOffVM_Task) soap.HasFault {
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{
		Returnval: v.do(ctx, "powerOff", func(j *registry.Job) *fault.Failure { return power.Off(v.mc, j) }),
	}}
}

// ResetVMTask restarts the machine.
func (v *vmMethods) ResetVMTask(ctx *simulator.Context, _ *types.ResetVM_Task) soap.HasFault {
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{
		Returnval: v.do(ctx, "reset", func(j *registry.Job) *fault.Failure { return power.Reset(v.mc, j) }),
	}}
}

// SuspendVMTask stops the machine's processors.
func (v *vmMethods) SuspendVMTask(ctx *simulator.Context, _ *types.SuspendVM_Task) soap.HasFault {
	return &methods.SuspendVM_TaskBody{Res: &types.SuspendVM_TaskResponse{
		Returnval: v.do(ctx, "suspend", func(j *registry.Job) *fault.Failure { return power.Suspend(v.mc, j) }),
	}}
}

// ShutdownGuest presses the power button and returns.
func (v *vmMethods) ShutdownGuest(ctx *simulator.Context, _ *types.ShutdownGuest) soap.HasFault {
	if f := power.Shutdown(v.mc, v.Self, registry.UserOf(ctx)); f != nil {
		return &methods.ShutdownGuestBody{Fault_: f.SOAP()}
	}
	return &methods.ShutdownGuestBody{Res: &types.ShutdownGuestResponse{}}
}

// RebootGuest presses the power button and returns; the machine boots again once its guest has shut down.
func (v *vmMethods) RebootGuest(ctx *simulator.Context, _ *types.RebootGuest) soap.HasFault {
	if f := power.Reboot(v.inv, v.mc, v.Self, registry.UserOf(ctx)); f != nil {
		return &methods.RebootGuestBody{Fault_: f.SOAP()}
	}
	return &methods.RebootGuestBody{Res: &types.RebootGuestResponse{}}
}

// StandbyGuest needs VMware Tools in the guest, which there are none of.
func (v *vmMethods) StandbyGuest(*types.StandbyGuest) soap.HasFault {
	f := fault.New(&types.ToolsUnavailable{}, "Cannot complete the operation because VMware Tools is not running in %s", v.mc.Name())
	return &methods.StandbyGuestBody{Fault_: f.SOAP()}
}

// DestroyTask removes the machine with its disks.
func (v *vmMethods) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: v.do(ctx, "destroy", func(j *registry.Job) *fault.Failure { return v.inv.Destroy(v.mc, v.Self, j) }),
	}}
}

// UnregisterVM takes the machine out of the inventory.
func (v *vmMethods) UnregisterVM(ctx *simulator.Context, _ *types.UnregisterVM) soap.HasFault {
	if f := v.inv.Unregister(v.mc, v.Self, registry.UserOf(ctx)); f != nil {
		return &methods.UnregisterVMBody{Fault_: f.SOAP()}
	}
	return &methods.UnregisterVMBody{Res: &types.UnregisterVMResponse{}}
}

// ReconfigVMTask changes the machine's configuration.
func (v *vmMethods) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{
		Returnval: v.do(ctx, "reconfigure", func(j *registry.Job) *fault.Failure { return v.inv.Reshape(v.mc, v.Self, j, req.Spec) }),
	}}
}

// RenameTask gives the machine another name.
func (v *vmMethods) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return &methods.Rename_TaskBody{Res: &types.Rename_TaskResponse{
		Returnval: v.do(ctx, "rename", func(j *registry.Job) *fault.Failure {
			if req.NewName == "" {
				return fault.New(&types.InvalidName{Name: "", Entity: &v.Self}, "A machine cannot be without a name")
			}
			return v.inv.Reshape(v.mc, v.Self, j, types.VirtualMachineConfigSpec{Name: req.NewName})
		}),
	}}
}

// RelocateVMTask moves the machine to another host, pool, folder or network. A machine that runs goes on while it moves.
func (v *vmMethods) RelocateVMTask(ctx *simulator.Context, req *types.RelocateVM_Task) soap.HasFault {
	return &methods.RelocateVM_TaskBody{Res: &types.RelocateVM_TaskResponse{
		Returnval: v.run(ctx, "relocate", func(j *registry.Job) (types.AnyType, *fault.Failure) {
			return move.Relocate(v.inv, v.mc, v.Self, j, req.Spec)
		}),
	}}
}

// MigrateVMTask moves the machine to another host or pool.
func (v *vmMethods) MigrateVMTask(ctx *simulator.Context, req *types.MigrateVM_Task) soap.HasFault {
	return &methods.MigrateVM_TaskBody{Res: &types.MigrateVM_TaskResponse{
		Returnval: v.run(ctx, "migrate", func(j *registry.Job) (types.AnyType, *fault.Failure) {
			if is := v.mc.Power(); req.State != "" && req.State != is {
				return nil, machines.PowerState(v.mc, req.State, is)
			}
			return move.Relocate(v.inv, v.mc, v.Self, j, types.VirtualMachineRelocateSpec{Host: req.Host, Pool: req.Pool})
		}),
	}}
}

// The simulator makes snapshots and clones in its inventory only. Of machines that really have disks and memory that would be a lie.
func (v *vmMethods) notSupported(what string) *soap.Fault {
	return fault.New(&types.NotSupported{}, "%s of %s is not supported", what, v.mc.Name()).SOAP()
}

// CloneVMTask is not supported.
func (v *vmMethods) CloneVMTask(*types.CloneVM_Task) soap.HasFault {
	return &methods.CloneVM_TaskBody{Fault_: v.notSupported("A clone")}
}

// CreateSnapshotTask is not supported.
func (v *vmMethods) CreateSnapshotTask(*types.CreateSnapshot_Task) soap.HasFault {
	return &methods.CreateSnapshot_TaskBody{Fault_: v.notSupported("A snapshot")}
}

// CreateSnapshotExTask is not supported.
func (v *vmMethods) CreateSnapshotExTask(*types.CreateSnapshotEx_Task) soap.HasFault {
	return &methods.CreateSnapshotEx_TaskBody{Fault_: v.notSupported("A snapshot")}
}
