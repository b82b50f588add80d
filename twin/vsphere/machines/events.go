// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
)

// Tell writes events to the registry's history.
func (inv *Inventory) Tell(user string, events ...types.BaseEvent) {
	ctx, manager := inv.ContextOf(user), inv.EventManager()
	inv.WithLock(ctx, manager.Reference(), func() {
		for _, event := range events {
			manager.PostEvent(ctx, &types.PostEvent{EventToPost: event})
		}
	})
}

// Tell writes events about the machine to every registry that shows it.
func (mc *VM) Tell(user string, events func(types.VmEvent) []types.BaseEvent) {
	for inv, object := range mc.Shown() {
		inv.Tell(user, events(inv.VmEvent(object))...)
	}
}

// mendEvents gives the registry a description of events of its own, with what is wrong in the simulator's mended: its text for
// VmBeingMigratedEvent is no template, and it ends the process when such an event is posted.
func (inv *Inventory) mendEvents() {
	manager := inv.EventManager()
	inv.Locked(manager.Reference(), func() {
		infos := slices.Clone(manager.Description.EventInfo)
		for i := range infos {
			if infos[i].Key == "VmBeingMigratedEvent" {
				infos[i].FullFormat = "Relocating {{.Vm.Name}} from {{.Host.Name}} to {{.DestHost.Name}} in {{.Datacenter.Name}}"
			}
		}
		manager.Description.EventInfo = infos
	})
}

// Say gives an event, whose kind the simulator has no text for, the one that people read.
func Say[E types.BaseEvent](event E, format string, args ...any) E {
	event.GetEvent().FullFormattedMessage = fmt.Sprintf(format, args...)
	return event
}

// VmEvent is what all events about a machine say: where it is now.
func (inv *Inventory) VmEvent(object Ref) types.VmEvent {
	var host *Ref
	var datastores []Ref
	if vm, ok := registry.Get[*simulator.VirtualMachine](inv.Registry, object); ok {
		inv.Locked(object, func() { host, datastores = vm.Runtime.Host, vm.Datastore })
	}
	event := types.VmEvent{Event: types.Event{
		Vm: &types.VmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: inv.NameOf(object)}, Vm: object},
	}}
	if dc, ok := inv.Above(object, "Datacenter"); ok {
		event.Datacenter = &types.DatacenterEventArgument{EntityEventArgument: types.EntityEventArgument{Name: inv.NameOf(dc)}, Datacenter: dc}
	}
	if host != nil {
		argument := inv.HostArgument(*host)
		event.Host = &argument
		if compute, ok := inv.Compute(*host); ok {
			event.ComputeResource = &types.ComputeResourceEventArgument{
				EntityEventArgument: types.EntityEventArgument{Name: inv.NameOf(compute)}, ComputeResource: compute,
			}
		}
	}
	if len(datastores) > 0 {
		event.Ds = inv.datastoreArgument(datastores[0])
	}
	return event
}

func (inv *Inventory) HostArgument(host Ref) types.HostEventArgument {
	return types.HostEventArgument{EntityEventArgument: types.EntityEventArgument{Name: inv.NameOf(host)}, Host: host}
}

func (inv *Inventory) datastoreArgument(datastore Ref) *types.DatastoreEventArgument {
	return &types.DatastoreEventArgument{EntityEventArgument: types.EntityEventArgument{Name: inv.NameOf(datastore)}, Datastore: datastore}
}

func (inv *Inventory) PoolArgument(pool Ref) types.ResourcePoolEventArgument {
	return types.ResourcePoolEventArgument{EntityEventArgument: types.EntityEventArgument{Name: inv.NameOf(pool)}, ResourcePool: pool}
}
