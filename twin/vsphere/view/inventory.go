// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
)

// LeaveInventory removes the host's objects, those it shared only when nobody else is left in them.
func (v *View) LeaveInventory() {
	v.Reg.Inventory.Lock()
	for _, ref := range v.networks() {
		v.leaveNetwork(ref)
	}
	for _, ref := range v.Reg.List(v.System.Self, "datastore") {
		v.leaveDatastore(ref)
	}
	v.Reg.Inventory.Unlock()
	parent := *v.System.Parent
	v.remove()
	v.Reg.RemoveFrom(parent, "host", v.System.Self)
	v.Reg.Remove(v.Reg.Context(), v.System.Self)
	if compute, ok := v.Reg.Get(parent).(*mo.ComputeResource); ok {
		v.Reg.Remove(v.Reg.Context(), *compute.ResourcePool)
		v.Reg.Orphan(compute)
		return
	}
	v.describeParent()
	v.showParentList("network", func(h *mo.HostSystem) []types.ManagedObjectReference { return h.Network })
	v.showParentList("datastore", func(h *mo.HostSystem) []types.ManagedObjectReference { return h.Datastore })
}

// SetConnection changes what the registry says of its connection to the host.
func (v *View) SetConnection(to types.HostSystemConnectionState) {
	if to == types.HostSystemConnectionStateConnected {
		v.Away.Store(nil)
	} else {
		v.Away.Store(&to)
	}
	v.Reg.Change(v.System, registry.Change{Name: "runtime.connectionState", Val: to})
	v.showRuntime()
	v.describeParent()
}

// Event is the part that events about the host have in common.
func (v *View) Event() types.HostEvent {
	event := types.HostEvent{Event: types.Event{Host: &types.HostEventArgument{
		EntityEventArgument: types.EntityEventArgument{Name: v.Name}, Host: v.System.Self,
	}}}
	if dc, ok := v.Reg.Get(v.datacenter).(*simulator.Datacenter); ok {
		event.Datacenter = &types.DatacenterEventArgument{
			EntityEventArgument: types.EntityEventArgument{Name: v.Reg.NameOf(dc.Self)}, Datacenter: dc.Self,
		}
	}
	if parent := v.System.Parent; parent != nil {
		event.ComputeResource = &types.ComputeResourceEventArgument{
			EntityEventArgument: types.EntityEventArgument{Name: v.Reg.NameOf(*parent)}, ComputeResource: *parent,
		}
	}
	return event
}
