// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// checkerMethods answers VirtualMachineProvisioningChecker: what a move would say, without moving.
type checkerMethods struct {
	*overlay
	inv *inventory
}

func (c *checkerMethods) CheckRelocateTask(ctx *simulator.Context, req *types.CheckRelocate_Task) soap.HasFault {
	return &methods.CheckRelocate_TaskBody{Res: &types.CheckRelocate_TaskResponse{
		Returnval: c.inv.start(ctx, req.Vm, "VirtualMachineProvisioningChecker.checkRelocate", func(*job) (types.AnyType, *fault.Failure) {
			return c.inv.check(req.Vm, req.Spec)
		}),
	}}
}

func (c *checkerMethods) CheckMigrateTask(ctx *simulator.Context, req *types.CheckMigrate_Task) soap.HasFault {
	return &methods.CheckMigrate_TaskBody{Res: &types.CheckMigrate_TaskResponse{
		Returnval: c.inv.start(ctx, req.Vm, "VirtualMachineProvisioningChecker.checkMigrate", func(*job) (types.AnyType, *fault.Failure) {
			return c.inv.check(req.Vm, types.VirtualMachineRelocateSpec{Host: req.Host, Pool: req.Pool})
		}),
	}}
}

// QueryVMotionCompatibilityExTask examines every machine with every host.
func (c *checkerMethods) QueryVMotionCompatibilityExTask(ctx *simulator.Context, req *types.QueryVMotionCompatibilityEx_Task) soap.HasFault {
	if len(req.Vm) == 0 || len(req.Host) == 0 {
		return &methods.QueryVMotionCompatibilityEx_TaskBody{Fault_: fault.Invalid("vm", "machines and hosts are needed").SOAP()}
	}
	return &methods.QueryVMotionCompatibilityEx_TaskBody{Res: &types.QueryVMotionCompatibilityEx_TaskResponse{
		Returnval: c.inv.start(ctx, req.Vm[0], "VirtualMachineProvisioningChecker.queryVMotionCompatibilityEx", func(*job) (types.AnyType, *fault.Failure) {
			var results types.ArrayOfCheckResult
			for _, object := range req.Vm {
				mc := c.inv.machine(object)
				if mc == nil {
					return nil, fault.Gone(object)
				}
				for _, target := range req.Host {
					results.CheckResult = append(results.CheckResult, c.inv.checkHost(mc, object, target))
				}
			}
			return results, nil
		}),
	}}
}

// check is the result for a move that was asked for as a whole.
func (inv *inventory) check(object ref, spec types.VirtualMachineRelocateSpec) (types.AnyType, *fault.Failure) {
	mc := inv.machine(object)
	if mc == nil {
		return nil, fault.Gone(object)
	}
	result := types.CheckResult{Vm: &object, Host: spec.Host}
	mv, f := inv.plan(mc, object, spec)
	if f != nil {
		result.Error = append(result.Error, *f.Localized())
	} else {
		result.Host = &mv.toRef
		for _, problem := range mv.problems() {
			result.Error = append(result.Error, *problem.Localized())
		}
	}
	return types.ArrayOfCheckResult{CheckResult: []types.CheckResult{result}}, nil
}

// checkHost is the result for a move to a host, whatever the pool.
func (inv *inventory) checkHost(mc *machine, object, target ref) types.CheckResult {
	result := types.CheckResult{Vm: &object, Host: &target}
	spec := types.VirtualMachineRelocateSpec{Host: &target}
	if compute, ok := inv.compute(target); ok {
		if pool, ok := inv.rootPool(compute); ok {
			spec.Pool = &pool
		}
	}
	mv, f := inv.plan(mc, object, spec)
	if f != nil {
		result.Error = append(result.Error, *f.Localized())
		return result
	}
	for _, problem := range mv.problems() {
		result.Error = append(result.Error, *problem.Localized())
	}
	return result
}

// serviceMethods answers ServiceInstance.
type serviceMethods struct {
	*overlay
	inv *inventory
}

// compatibilities are the kinds that QueryVMotionCompatibility examines. All hosts have the same processors.
var compatibilities = []string{string(types.VMotionCompatibilityTypeCpu), string(types.VMotionCompatibilityTypeSoftware)}

// QueryVMotionCompatibility says of each host which kinds of compatibility it has with the machine.
func (s *serviceMethods) QueryVMotionCompatibility(req *types.QueryVMotionCompatibility) soap.HasFault {
	mc := s.inv.machine(req.Vm)
	if mc == nil {
		return &methods.QueryVMotionCompatibilityBody{Fault_: fault.Gone(req.Vm).SOAP()}
	}
	asked := req.Compatibility
	if len(asked) == 0 {
		asked = compatibilities
	}
	body := &methods.QueryVMotionCompatibilityBody{Res: &types.QueryVMotionCompatibilityResponse{}}
	for _, target := range req.Host {
		fit := types.HostVMotionCompatibility{Host: target}
		software := len(s.inv.checkHost(mc, req.Vm, target).Error) == 0
		for _, kind := range compatibilities {
			if slices.Contains(asked, kind) && (software || kind == string(types.VMotionCompatibilityTypeCpu)) {
				fit.Compatibility = append(fit.Compatibility, kind)
			}
		}
		body.Res.Returnval = append(body.Res.Returnval, fit)
	}
	return body
}
