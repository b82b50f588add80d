// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/machines/move"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// checkerMethods answers VirtualMachineProvisioningChecker: what a move would say, without moving.
type checkerMethods struct {
	*registry.Overlay
	inv *machines.Inventory
}

func (c *checkerMethods) CheckRelocateTask(ctx *simulator.Context, req *types.CheckRelocate_Task) soap.HasFault {
	return &methods.CheckRelocate_TaskBody{Res: &types.CheckRelocate_TaskResponse{
		Returnval: c.inv.Start(ctx, req.Vm, "VirtualMachineProvisioningChecker.checkRelocate", func(*registry.Job) (types.AnyType, *fault.Failure) {
			return move.Check(c.inv, req.Vm, req.Spec)
		}),
	}}
}

func (c *checkerMethods) CheckMigrateTask(ctx *simulator.Context, req *types.CheckMigrate_Task) soap.HasFault {
	return &methods.CheckMigrate_TaskBody{Res: &types.CheckMigrate_TaskResponse{
		Returnval: c.inv.Start(ctx, req.Vm, "VirtualMachineProvisioningChecker.checkMigrate", func(*registry.Job) (types.AnyType, *fault.Failure) {
			return move.Check(c.inv, req.Vm, types.VirtualMachineRelocateSpec{Host: req.Host, Pool: req.Pool})
		}),
	}}
}

// QueryVMotionCompatibilityExTask examines every machine with every host.
func (c *checkerMethods) QueryVMotionCompatibilityExTask(ctx *simulator.Context, req *types.QueryVMotionCompatibilityEx_Task) soap.HasFault {
	if len(req.Vm) == 0 || len(req.Host) == 0 {
		return &methods.QueryVMotionCompatibilityEx_TaskBody{Fault_: fault.Invalid("vm", "machines and hosts are needed").SOAP()}
	}
	return &methods.QueryVMotionCompatibilityEx_TaskBody{Res: &types.QueryVMotionCompatibilityEx_TaskResponse{
		Returnval: c.inv.Start(ctx, req.Vm[0], "VirtualMachineProvisioningChecker.queryVMotionCompatibilityEx", func(*registry.Job) (types.AnyType, *fault.Failure) {
			var results types.ArrayOfCheckResult
			for _, object := range req.Vm {
				mc := c.inv.Machine(object)
				if mc == nil {
					return nil, fault.Gone(object)
				}
				for _, target := range req.Host {
					results.CheckResult = append(results.CheckResult, move.CheckHost(c.inv, mc, object, target))
				}
			}
			return results, nil
		}),
	}}
}
