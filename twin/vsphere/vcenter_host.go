// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// addHost adds a host to a host folder or a cluster. Faults: those of connect, and AlreadyBeingManaged, AlreadyConnected,
// DuplicateName.
func (vc *vcenter) addHost(parent types.ManagedObjectReference, spec types.HostConnectSpec, connected bool) (*view, *fault.Failure) {
	found, f := vc.connect(spec)
	if f != nil {
		return nil, f
	}
	if f := vc.claim(found, parent, spec.Force); f != nil {
		return nil, f
	}
	defer vc.release(found.host)
	v, f := vc.attach(found.host, found.name, parent)
	if f != nil {
		return nil, f
	}
	if !connected {
		v.setConnection(types.HostSystemConnectionStateDisconnected)
	}
	vc.save()
	vc.registry.post(&types.HostAddedEvent{HostEvent: v.event()})
	return v, nil
}

// claim makes sure that a host can be added, and that nobody else adds it until release.
func (vc *vcenter) claim(found *found, parent types.ManagedObjectReference, force bool) *fault.Failure {
	if by := found.host.state().ManagedBy; by != "" && by != vc.address() && !force {
		return fault.New(&types.AlreadyBeingManaged{IpAddress: by}, "The host %s is managed by the vCenter at %s", found.name, by)
	}
	if parent.Type == "Folder" && vc.viewOf(found.host) == nil {
		if other := vc.registry.child(parent, found.name); other != nil {
			return fault.New(&types.DuplicateName{Name: found.name, Object: other.Reference()}, "The name %q is taken", found.name)
		}
	}
	vc.mu.Lock()
	defer vc.mu.Unlock()
	if v := vc.views[found.host]; v != nil {
		return fault.New(&types.AlreadyConnected{Name: v.name}, "The host %s is in the inventory already, as %s", found.name, v.name)
	}
	if vc.adding[found.host] {
		return fault.New(&types.AlreadyConnected{Name: found.name}, "The host %s is being added by another task", found.name)
	}
	vc.adding[found.host] = true
	return nil
}

func (vc *vcenter) release(h *Host) {
	vc.mu.Lock()
	defer vc.mu.Unlock()
	delete(vc.adding, h)
}

// attach makes the inventory's objects for a host and shows its state in them.
func (vc *vcenter) attach(h *Host, name string, parent types.ManagedObjectReference) (*view, *fault.Failure) {
	dc, ok := vc.registry.datacenterOf(parent)
	if !ok {
		return nil, fault.New(&types.NotSupported{}, "A host can only be added inside a datacenter")
	}
	vc.roomForNetwork(dc)
	system, f := vc.newSystem(name, parent)
	if f != nil {
		return nil, f
	}
	vc.registry.setList(*system.Parent, "network", nil)
	vc.registry.setList(system.Self, "network", nil)

	h.mu.Lock()
	defer h.mu.Unlock()
	v := newView(h, vc.registry, system, dc.Self)
	v.name = name
	vc.mu.Lock()
	vc.views[h] = v
	vc.mu.Unlock()
	h.views = append(h.views, v)
	v.setConnection(types.HostSystemConnectionStateConnected)
	return v, h.changeLocked(func(s *state) *fault.Failure {
		s.ManagedBy = vc.address()
		s.Local.Name = v.freeName(v.datastoreFolder(), s.Local.Name)
		return nil
	})
}

// address is what hosts know their vCenter by.
func (vc *vcenter) address() string { return vc.cfg.Addr.Addr().String() }

// newSystem lets the simulator make a HostSystem with its ComputeResource, or in its cluster.
func (vc *vcenter) newSystem(name string, parent types.ManagedObjectReference) (*simulator.HostSystem, *fault.Failure) {
	ctx, spec := vc.registry.context(), types.HostConnectSpec{HostName: name}
	switch p := vc.registry.Get(parent).(type) {
	case *simulator.Folder:
		system, refused := simulator.CreateStandaloneHost(ctx, p, spec)
		if refused != nil {
			return nil, fault.New(refused, "The host %s cannot be added", name)
		}
		return system, nil
	case *simulator.ClusterComputeResource:
		return vc.newSystemIn(p, name), nil
	}
	return nil, fault.New(&types.NotSupported{}, "A host cannot be added to %s", parent)
}

// newSystemIn makes a HostSystem in a cluster. The simulator's own way ends the program when it does not know the host's version.
func (vc *vcenter) newSystemIn(cluster *simulator.ClusterComputeResource, name string) *simulator.HostSystem {
	reg := vc.registry
	system := simulator.NewHostSystem(reg.context(), esx.HostSystem)
	system.Name = name
	system.Summary.Config.Name = name
	system.Runtime.ConnectionState = types.HostSystemConnectionStateConnected
	reg.PutEntity(cluster, reg.NewEntity(system))
	reg.addTo(cluster.Self, "host", system.Self)
	return system
}

// roomForNetwork makes the network list of a datacenter long enough for the simulator, which takes the first of it for
// every new host or cluster without looking whether there is one. What it takes is replaced by the host's own networks.
func (vc *vcenter) roomForNetwork(dc *simulator.Datacenter) {
	vc.registry.WithLock(vc.registry.context(), dc.Self, func() { dc.Network = slices.Grow(dc.Network, 1) })
}

// detach takes a host out of the inventory.
func (vc *vcenter) detach(v *view) {
	h := v.host
	h.mu.Lock()
	defer h.mu.Unlock()
	event := v.event()
	v.leaveInventory()
	vc.mu.Lock()
	delete(vc.views, h)
	vc.mu.Unlock()
	h.views = slices.DeleteFunc(h.views, func(other *view) bool { return other == v })
	if f := h.changeLocked(func(s *state) *fault.Failure {
		s.ManagedBy = ""
		return nil
	}); f != nil {
		vc.server.logf("vcenter: %s: %v", v.name, f)
	}
	vc.registry.post(&types.HostRemovedEvent{HostEvent: event})
}

// leaveInventory removes the host's objects, those it shared only when nobody else is left in them.
func (v *view) leaveInventory() {
	v.reg.inventory.Lock()
	for _, ref := range v.networks() {
		v.leaveNetwork(ref)
	}
	for _, ref := range v.reg.list(v.system.Self, "datastore") {
		v.leaveDatastore(ref)
	}
	v.reg.inventory.Unlock()
	parent := *v.system.Parent
	v.remove()
	v.reg.removeFrom(parent, "host", v.system.Self)
	v.reg.Remove(v.reg.context(), v.system.Self)
	if compute, ok := v.reg.Get(parent).(*mo.ComputeResource); ok {
		v.reg.Remove(v.reg.context(), *compute.ResourcePool)
		v.reg.orphan(compute)
		return
	}
	v.describeParent()
	v.showParentList("network", func(h *mo.HostSystem) []types.ManagedObjectReference { return h.Network })
	v.showParentList("datastore", func(h *mo.HostSystem) []types.ManagedObjectReference { return h.Datastore })
}

// setConnection changes what the registry says of its connection to the host.
func (v *view) setConnection(to types.HostSystemConnectionState) {
	if to == types.HostSystemConnectionStateConnected {
		v.away.Store(nil)
	} else {
		v.away.Store(&to)
	}
	v.reg.update(v.system, change{Name: "runtime.connectionState", Val: to})
	v.showRuntime()
	v.describeParent()
}

// event is the part that events about the host have in common.
func (v *view) event() types.HostEvent {
	event := types.HostEvent{Event: types.Event{Host: &types.HostEventArgument{
		EntityEventArgument: types.EntityEventArgument{Name: v.name}, Host: v.system.Self,
	}}}
	if dc, ok := v.reg.Get(v.datacenter).(*simulator.Datacenter); ok {
		event.Datacenter = &types.DatacenterEventArgument{
			EntityEventArgument: types.EntityEventArgument{Name: v.reg.nameOf(dc.Self)}, Datacenter: dc.Self,
		}
	}
	if parent := v.system.Parent; parent != nil {
		event.ComputeResource = &types.ComputeResourceEventArgument{
			EntityEventArgument: types.EntityEventArgument{Name: v.reg.nameOf(*parent)}, ComputeResource: *parent,
		}
	}
	return event
}
