// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// Start runs work as a task, which ends with the manager or when it is cancelled, and returns the task's reference at once. kind is
// the task's in the API reference, such as "VirtualMachine.powerOn".
func (inv *Inventory) Start(ctx *simulator.Context, entity Ref, kind string, work func(*registry.Job) (types.AnyType, *fault.Failure)) Ref {
	return inv.Run(ctx, registry.Task{Entity: entity, Kind: kind, Within: inv.Manager.Ctx}, work)
}

// StartWith does something with a machine as a task, and nothing else with it at the same time.
func (inv *Inventory) StartWith(ctx *simulator.Context, mc *VM, at Ref, what string, work func(*registry.Job) (types.AnyType, *fault.Failure)) Ref {
	var busy *fault.Failure
	return inv.Run(ctx, registry.Task{
		Entity: at, Kind: "VirtualMachine." + what, Within: inv.Manager.Ctx,
		First: func(task Ref) { busy = mc.Begin(task) },
	}, func(j *registry.Job) (types.AnyType, *fault.Failure) {
		if busy != nil {
			return nil, busy
		}
		defer mc.End()
		return work(j)
	})
}
