// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/vcenter"
)

// folderMethods answers what vCenter's folders do otherwise than the simulator's.
type folderMethods struct {
	*registry.Overlay
	vc *vcenter.VCenter
}

func (m *folderMethods) CreateDatacenter(ctx *simulator.Context, req *types.CreateDatacenter) soap.HasFault {
	body := m.vc.CreateDatacenter(ctx, req)
	m.vc.Save()
	return body
}

func (m *folderMethods) CreateFolder(ctx *simulator.Context, req *types.CreateFolder) soap.HasFault {
	body := m.vc.CreateFolder(ctx, req)
	m.vc.Save()
	return body
}

func (m *folderMethods) CreateClusterEx(ctx *simulator.Context, req *types.CreateClusterEx) soap.HasFault {
	body := m.vc.CreateCluster(ctx, req)
	m.vc.Save()
	return body
}

func (m *folderMethods) AddStandaloneHostTask(ctx *simulator.Context, req *types.AddStandaloneHost_Task) soap.HasFault {
	return &methods.AddStandaloneHost_TaskBody{Res: &types.AddStandaloneHost_TaskResponse{
		Returnval: m.vc.Registry.Task(ctx, m.Self, "Folder.addStandaloneHost", func() (types.AnyType, *fault.Failure) {
			v, f := m.vc.AddHost(m.Self, req.Spec, req.AddConnected)
			if f != nil {
				return nil, f
			}
			return *v.System.Parent, nil
		}),
	}}
}

// machineFolder answers what a folder does with virtual machines.
type machineFolder struct {
	*registry.Overlay
	inv *machines.Inventory
}

// CreateVMTask makes a machine.
func (m *machineFolder) CreateVMTask(ctx *simulator.Context, req *types.CreateVM_Task) soap.HasFault {
	return &methods.CreateVM_TaskBody{Res: &types.CreateVM_TaskResponse{
		Returnval: m.inv.Start(ctx, m.Self, "Folder.createVm", func(j *registry.Job) (types.AnyType, *fault.Failure) {
			return m.inv.CreateIn(m.Self, req.Pool, req.Host, &req.Config, j)
		}),
	}}
}

// RegisterVMTask brings back a machine that was unregistered.
func (m *machineFolder) RegisterVMTask(ctx *simulator.Context, req *types.RegisterVM_Task) soap.HasFault {
	return &methods.RegisterVM_TaskBody{Res: &types.RegisterVM_TaskResponse{
		Returnval: m.inv.Start(ctx, m.Self, "Folder.registerVm", func(j *registry.Job) (types.AnyType, *fault.Failure) {
			return m.inv.RegisterIn(m.Self, j, req)
		}),
	}}
}

// RenameTask gives it another name.
func (m *folderMethods) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return renameTask(ctx, m.vc, m.Self, req.NewName)
}

// renameTask renames what is in a folder.
func renameTask(ctx *simulator.Context, vc *vcenter.VCenter, ref types.ManagedObjectReference, name string) soap.HasFault {
	return &methods.Rename_TaskBody{Res: &types.Rename_TaskResponse{
		Returnval: vc.Registry.Task(ctx, ref, ref.Type+".rename", func() (types.AnyType, *fault.Failure) {
			return nil, vc.Rename(ref, name)
		}),
	}}
}
