// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// machineFolder answers what a folder does with virtual machines.
type machineFolder struct {
	*registry.Overlay
	inv *inventory
}

// CreateVMTask makes a machine.
func (m *machineFolder) CreateVMTask(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	return &methods.CreateVM_TaskBody{Res: &types.CreateVM_TaskResponse{
		Returnval: m.inv.start(ctx, m.Self, "Folder.createVm", func(j *registry.Job) (types.AnyType, *fault.Failure) {
			return m.inv.createIn(m.Self, req.Pool, req.Host, &req.Config, j)
		}),
	}}
}

// RegisterVMTask brings back a machine that was unregistered.
func (m *machineFolder) RegisterVMTask(ctx *simulator.Context, req *types.RegisterVM_Task) soap.HasFault {
	return &methods.RegisterVM_TaskBody{Res: &types.RegisterVM_TaskResponse{
		Returnval: m.inv.start(ctx, m.Self, "Folder.registerVm", func(j *registry.Job) (types.AnyType, *fault.Failure) {
			return m.inv.registerIn(m.Self, j, req)
		}),
	}}
}
