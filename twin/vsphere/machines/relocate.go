// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// RelocateVMTask moves the machine to another host, pool, folder or network. A machine that runs goes on while it moves.
func (v *vmMethods) RelocateVMTask(ctx *simulator.Context, req *types.RelocateVM_Task) soap.HasFault {
	return &methods.RelocateVM_TaskBody{Res: &types.RelocateVM_TaskResponse{
		Returnval: v.run(ctx, "relocate", func(j *job) (types.AnyType, *fault.Failure) { return v.relocate(j, req.Spec) }),
	}}
}

// MigrateVMTask moves the machine to another host or pool.
func (v *vmMethods) MigrateVMTask(ctx *simulator.Context, req *types.MigrateVM_Task) soap.HasFault {
	return &methods.MigrateVM_TaskBody{Res: &types.MigrateVM_TaskResponse{
		Returnval: v.run(ctx, "migrate", func(j *job) (types.AnyType, *fault.Failure) {
			if is := v.mc.power(); req.State != "" && req.State != is {
				return nil, powerState(v.mc, req.State, is)
			}
			return v.relocate(j, types.VirtualMachineRelocateSpec{Host: req.Host, Pool: req.Pool})
		}),
	}}
}

// relocate is a move from its checks to its last event. Its result is the figures of a vMotion, nothing for any other move.
func (v *vmMethods) relocate(j *job, spec types.VirtualMachineRelocateSpec) (types.AnyType, *fault.Failure) {
	if v.inv.reg.IsESX() {
		return nil, fault.New(&types.NotSupported{}, "A host cannot move %s to another; vCenter can", v.mc.name())
	}
	defer v.inv.m.align()
	mv, f := v.inv.plan(v.mc, v.Self, spec)
	if f != nil {
		return nil, f
	}
	if !mv.changesHost() {
		if problems := mv.problems(); len(problems) > 0 {
			return nil, problems[0]
		}
		return nil, mv.rearrange(j)
	}
	return mv.toOtherHost(j)
}

// toOtherHost moves the machine and tells about it.
func (mv *move) toOtherHost(j *job) (types.AnyType, *fault.Failure) {
	live := mv.live()
	before := mv.inv.vmEvent(mv.object)
	to := mv.inv.hostArgument(mv.toRef)
	if live {
		mv.inv.post(j.user, say(&types.VmBeingHotMigratedEvent{VmEvent: before, DestHost: to, DestDatacenter: before.Datacenter, DestDatastore: before.Ds},
			"Migrating %s from %s to %s", mv.hw.name, mv.from.Name(), mv.to.Name()))
	} else {
		mv.inv.post(j.user, &types.VmBeingMigratedEvent{VmEvent: before, DestHost: to, DestDatacenter: before.Datacenter, DestDatastore: before.Ds})
	}
	figures, f := mv.carry(j, live)
	if f != nil {
		mv.inv.post(j.user, say(&types.VmFailedMigrateEvent{
			VmEvent: mv.inv.vmEvent(mv.object), DestHost: to, Reason: *f.Localized(), DestDatacenter: before.Datacenter, DestDatastore: before.Ds,
		}, "Cannot migrate %s from %s to %s: %s", mv.hw.name, mv.from.Name(), mv.to.Name(), f.Text))
		return nil, f
	}
	mv.moveInventory()
	f = mv.rearrange(j)
	after := mv.inv.vmEvent(mv.object)
	var result types.AnyType
	if live {
		mv.inv.post(j.user, figuresEvent(after, mv.object, figures))
		result = types.ArrayOfKeyAnyValue{KeyAnyValue: figures}
	}
	mv.inv.post(j.user, &types.VmMigratedEvent{VmEvent: after, SourceHost: *before.Host, SourceDatacenter: before.Datacenter, SourceDatastore: before.Ds})
	return result, f
}

// carry brings the machine itself to the other host; the inventory does not say so yet.
func (mv *move) carry(j *job, live bool) ([]types.KeyAnyValue, *fault.Failure) {
	if problems := mv.problems(); len(problems) > 0 {
		return nil, problems[0]
	}
	if live {
		return mv.migrate(j)
	}
	mv.mc.mu.Lock()
	mv.mc.host = mv.to
	mv.mc.mu.Unlock()
	return nil, nil
}

// moveInventory shows the machine on its new host.
func (mv *move) moveInventory() {
	inv := mv.inv
	inv.set(mv.object,
		change{Name: "runtime.host", Val: mv.toRef}, change{Name: "summary.runtime.host", Val: mv.toRef})
	inv.removeFrom(mv.fromRef, "vm", mv.object)
	inv.addTo(mv.toRef, "vm", mv.object)
	if compute, ok := inv.compute(mv.toRef); ok {
		if browser := inv.environmentBrowser(compute); browser != nil {
			inv.set(mv.object, change{Name: "environmentBrowser", Val: *browser})
		}
	}
}

// environmentBrowser says what machines on a compute resource can have.
func (inv *inventory) environmentBrowser(compute ref) (browser *ref) {
	if found := inv.reg.Get(compute); found != nil {
		inv.locked(compute, func() {
			browser, _ = reflect.ValueOf(found).Elem().FieldByName("EnvironmentBrowser").Interface().(*ref)
		})
	}
	return browser
}

// rearrange is the part of a move that is about the inventory only: pool, folder, networks.
func (mv *move) rearrange(j *job) *fault.Failure {
	inv := mv.inv
	if mv.toPool != mv.pool {
		inv.removeFrom(mv.pool, "vm", mv.object)
		inv.addTo(mv.toPool, "vm", mv.object)
		inv.set(mv.object, change{Name: "resourcePool", Val: mv.toPool})
		inv.post(j.user, say(&types.VmResourcePoolMovedEvent{
			VmEvent: inv.vmEvent(mv.object), OldParent: inv.poolArgument(mv.pool), NewParent: inv.poolArgument(mv.toPool),
		}, "Moved %s from resource pool %s to resource pool %s", mv.hw.name, inv.nameOf(mv.pool), inv.nameOf(mv.toPool)))
	}
	if len(mv.networks) > 0 {
		if f := inv.reconfigure(mv.object, j.user, types.VirtualMachineConfigSpec{DeviceChange: mv.networks}); f != nil {
			return f
		}
	}
	if mv.folder == nil {
		return nil
	}
	folder, ok := get[*simulator.Folder](inv, *mv.folder)
	if !ok {
		return fault.Gone(*mv.folder)
	}
	_, f := inv.do(j.user, func(ctx *simulator.Context) (ref, *soap.Fault) {
		body := folder.MoveIntoFolderTask(ctx, &types.MoveIntoFolder_Task{This: folder.Self, List: []ref{mv.object}})
		return body.(*methods.MoveIntoFolder_TaskBody).Res.Returnval, nil
	})
	return f
}
