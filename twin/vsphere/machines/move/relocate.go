// SPDX-License-Identifier: GPL-3.0-or-later

package move

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// Relocate is a move from its checks to its last event.
func Relocate(inv *machines.Inventory, mc *machines.VM, at machines.Ref, j *registry.Job, spec types.VirtualMachineRelocateSpec) (types.AnyType, *fault.Failure) {
	if inv.IsESX() {
		return nil, fault.New(&types.NotSupported{}, "A host cannot move %s to another; vCenter can", mc.Name())
	}
	defer inv.Manager.Align()
	mv, f := plan(inv, mc, at, spec)
	if f != nil {
		return nil, f
	}
	if !mv.changesHost() {
		if problems := mv.problems(); len(problems) > 0 {
			return nil, problems[0]
		}
		return nil, mv.rearrange(j)
	}
	return nil, mv.toOtherHost(j)
}

// toOtherHost moves the machine and tells about it.
func (mv *move) toOtherHost(j *registry.Job) *fault.Failure {
	live := mv.live()
	before := mv.inv.VmEvent(mv.object)
	to := mv.inv.HostArgument(mv.toRef)
	if live {
		mv.inv.Tell(j.User, machines.Say(&types.VmBeingHotMigratedEvent{VmEvent: before, DestHost: to, DestDatacenter: before.Datacenter, DestDatastore: before.Ds},
			"Migrating %s from %s to %s", mv.hw.Name, mv.from.Name(), mv.to.Name()))
	} else {
		mv.inv.Tell(j.User, &types.VmBeingMigratedEvent{VmEvent: before, DestHost: to, DestDatacenter: before.Datacenter, DestDatastore: before.Ds})
	}
	if f := mv.carry(j, live); f != nil {
		mv.inv.Tell(j.User, machines.Say(&types.VmFailedMigrateEvent{
			VmEvent: mv.inv.VmEvent(mv.object), DestHost: to, Reason: *f.Localized(), DestDatacenter: before.Datacenter, DestDatastore: before.Ds,
		}, "Cannot migrate %s from %s to %s: %s", mv.hw.Name, mv.from.Name(), mv.to.Name(), f.Text))
		return f
	}
	mv.moveInventory()
	f := mv.rearrange(j)
	after := mv.inv.VmEvent(mv.object)
	mv.inv.Tell(j.User, &types.VmMigratedEvent{VmEvent: after, SourceHost: *before.Host, SourceDatacenter: before.Datacenter, SourceDatastore: before.Ds})
	return f
}

// carry brings the machine itself to the other host; the inventory does not say so yet.
func (mv *move) carry(j *registry.Job, live bool) *fault.Failure {
	if problems := mv.problems(); len(problems) > 0 {
		return problems[0]
	}
	if live {
		return mv.migrate(j)
	}
	mv.mc.Settle(mv.to)
	return nil
}

// moveInventory shows the machine on its new host.
func (mv *move) moveInventory() {
	inv := mv.inv
	inv.Set(mv.object,
		registry.Change{Name: "runtime.host", Val: mv.toRef}, registry.Change{Name: "summary.runtime.host", Val: mv.toRef})
	inv.RemoveFrom(mv.fromRef, "vm", mv.object)
	inv.AddTo(mv.toRef, "vm", mv.object)
	if compute, ok := inv.Compute(mv.toRef); ok {
		if browser := inv.EnvironmentBrowser(compute); browser != nil {
			inv.Set(mv.object, registry.Change{Name: "environmentBrowser", Val: *browser})
		}
	}
}

// rearrange is the part of a move that is about the inventory only: pool, folder, networks.
func (mv *move) rearrange(j *registry.Job) *fault.Failure {
	inv := mv.inv
	if mv.toPool != mv.pool {
		inv.RemoveFrom(mv.pool, "vm", mv.object)
		inv.AddTo(mv.toPool, "vm", mv.object)
		inv.Set(mv.object, registry.Change{Name: "resourcePool", Val: mv.toPool})
		inv.Tell(j.User, machines.Say(&types.VmResourcePoolMovedEvent{
			VmEvent: inv.VmEvent(mv.object), OldParent: inv.PoolArgument(mv.pool), NewParent: inv.PoolArgument(mv.toPool),
		}, "Moved %s from resource pool %s to resource pool %s", mv.hw.Name, inv.NameOf(mv.pool), inv.NameOf(mv.toPool)))
	}
	if len(mv.networks) > 0 {
		if f := inv.Reconfigure(mv.object, j.User, types.VirtualMachineConfigSpec{DeviceChange: mv.networks}); f != nil {
			return f
		}
	}
	if mv.folder == nil {
		return nil
	}
	folder, ok := registry.Get[*simulator.Folder](inv.Registry, *mv.folder)
	if !ok {
		return fault.Gone(*mv.folder)
	}
	_, f := inv.Do(j.User, func(ctx *simulator.Context) (machines.Ref, *soap.Fault) {
		body := folder.MoveIntoFolderTask(ctx, &types.MoveIntoFolder_Task{This: folder.Self, List: []machines.Ref{mv.object}})
		return body.(*methods.MoveIntoFolder_TaskBody).Res.Returnval, nil
	})
	return f
}
