// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/vcenter"
)

// clusterMethods answers what vCenter's clusters do otherwise than the simulator's.
type clusterMethods struct {
	*registry.Overlay
	vc *vcenter.VCenter
}

func (m *clusterMethods) AddHostTask(ctx *simulator.Context, req *types.AddHost_Task) soap.HasFault {
	return &methods.AddHost_TaskBody{Res: &types.AddHost_TaskResponse{
		Returnval: m.vc.Registry.Task(ctx, m.Self, "ClusterComputeResource.addHost", func() (types.AnyType, *fault.Failure) {
			v, f := m.vc.AddHost(m.Self, req.Spec, req.AsConnected)
			if f != nil {
				return nil, f
			}
			return v.System.Self, nil
		}),
	}}
}

func (m *clusterMethods) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return destroyTask(ctx, m.vc, m.Self)
}

// RenameTask gives it another name.
func (m *clusterMethods) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return renameTask(ctx, m.vc, m.Self, req.NewName)
}
