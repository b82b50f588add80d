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

// switchMethods answers what a distributed switch does with hosts; the rest is the simulator's.
type switchMethods struct {
	*registry.Overlay
	vc *vcenter.VCenter
}

// ReconfigureDvsTask has hosts join the switch or leave it.
func (m *switchMethods) ReconfigureDvsTask(ctx *simulator.Context, req *types.ReconfigureDvs_Task) soap.HasFault {
	user := registry.UserOf(ctx)
	return &methods.ReconfigureDvs_TaskBody{Res: &types.ReconfigureDvs_TaskResponse{
		Returnval: m.vc.Registry.Task(ctx, m.Self, "DistributedVirtualSwitch.reconfigureDvs", func() (types.AnyType, *fault.Failure) {
			return nil, m.vc.ReconfigureSwitch(m.Self, req.Spec, user)
		}),
	}}
}

// DestroyTask removes the switch.
func (m *switchMethods) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	user := registry.UserOf(ctx)
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: m.vc.Registry.Task(ctx, m.Self, "DistributedVirtualSwitch.destroy", func() (types.AnyType, *fault.Failure) {
			return nil, m.vc.DestroySwitch(m.Self, user)
		}),
	}}
}
