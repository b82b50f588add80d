// SPDX-License-Identifier: GPL-3.0-or-later

package move

import (
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry/fault"
)

// Check is the result for a move that was asked for as a whole.
func Check(inv *machines.Inventory, object machines.Ref, spec types.VirtualMachineRelocateSpec) (types.AnyType, *fault.Failure) {
	mc := inv.Machine(object)
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

// CheckHost is the result for a move to a host, whatever the pool.
func CheckHost(inv *machines.Inventory, mc *machines.VM, object, target machines.Ref) types.CheckResult {
	result := types.CheckResult{Vm: &object, Host: &target}
	spec := types.VirtualMachineRelocateSpec{Host: &target}
	if compute, ok := inv.Compute(target); ok {
		if pool, ok := inv.RootPool(compute); ok {
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
