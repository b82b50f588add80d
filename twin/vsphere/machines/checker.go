// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// check is the result for a move that was asked for as a whole.
func check(inv *inventory, object ref, spec types.VirtualMachineRelocateSpec) (types.AnyType, *fault.Failure) {
	mc := inv.machine(object)
	if mc == nil {
		return nil, fault.Gone(object)
	}
	result := types.CheckResult{Vm: &object, Host: spec.Host}
	mv, f := plan(inv, mc, object, spec)
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
func checkHost(inv *inventory, mc *machine, object, target ref) types.CheckResult {
	result := types.CheckResult{Vm: &object, Host: &target}
	spec := types.VirtualMachineRelocateSpec{Host: &target}
	if compute, ok := inv.compute(target); ok {
		if pool, ok := inv.rootPool(compute); ok {
			spec.Pool = &pool
		}
	}
	mv, f := plan(inv, mc, object, spec)
	if f != nil {
		result.Error = append(result.Error, *f.Localized())
		return result
	}
	for _, problem := range mv.problems() {
		result.Error = append(result.Error, *problem.Localized())
	}
	return result
}
