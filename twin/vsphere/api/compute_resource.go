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

// computeMethods answers for the ComputeResource of a host that is in no cluster.
type computeMethods struct {
	*registry.Overlay
	vc *vcenter.VCenter
}

func (m *computeMethods) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return destroyTask(ctx, m.vc, m.Self)
}

// destroyTask removes a ComputeResource or a cluster with all its hosts.
func destroyTask(ctx *simulator.Context, vc *vcenter.VCenter, ref types.ManagedObjectReference) soap.HasFault {
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: vc.Registry.Task(ctx, ref, ref.Type+".destroy", func() (types.AnyType, *fault.Failure) {
			return nil, vc.RemoveCompute(ref)
		}),
	}}
}
