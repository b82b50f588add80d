// SPDX-License-Identifier: GPL-3.0-or-later

package vcenter

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/view"
)

// AddHost adds a host to a host folder or a cluster. Faults: those of connect, and AlreadyBeingManaged, AlreadyConnected,
// DuplicateName.
func (vc *VCenter) AddHost(parent types.ManagedObjectReference, spec types.HostConnectSpec, connected bool) (*view.View, *fault.Failure) {
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
		v.SetConnection(types.HostSystemConnectionStateDisconnected)
	}
	vc.Save()
	vc.Registry.Post(&types.HostAddedEvent{HostEvent: v.Event()})
	return v, nil
}

// claim makes sure that a host can be added, and that nobody else adds it until release.
func (vc *VCenter) claim(found *found, parent types.ManagedObjectReference, force bool) *fault.Failure {
	if by := found.host.State().ManagedBy; by != "" && by != vc.address() && !force {
		return fault.New(&types.AlreadyBeingManaged{IpAddress: by}, "The host %s is managed by the vCenter at %s", found.name, by)
	}
	if parent.Type == "Folder" && vc.viewOf(found.host) == nil {
		if other := vc.Registry.Child(parent, found.name); other != nil {
			return fault.New(&types.DuplicateName{Name: found.name, Object: other.Reference()}, "The name %q is taken", found.name)
		}
	}
	vc.mu.Lock()
	defer vc.mu.Unlock()
	if v := vc.views[found.host]; v != nil {
		return fault.New(&types.AlreadyConnected{Name: v.Name}, "The host %s is in the inventory already, as %s", found.name, v.Name)
	}
	if vc.adding[found.host] {
		return fault.New(&types.AlreadyConnected{Name: found.name}, "The host %s is being added by another task", found.name)
	}
	vc.adding[found.host] = true
	return nil
}

func (vc *VCenter) release(h *host.Host) {
	vc.mu.Lock()
	defer vc.mu.Unlock()
	delete(vc.adding, h)
}

// attach makes the inventory's objects for a host and shows its state in them.
func (vc *VCenter) attach(h *host.Host, name string, parent types.ManagedObjectReference) (*view.View, *fault.Failure) {
	dc, ok := vc.Registry.DatacenterOf(parent)
	if !ok {
		return nil, fault.New(&types.NotSupported{}, "A host can only be added inside a datacenter")
	}
	vc.roomForNetwork(dc)
	system, f := vc.newSystem(name, parent)
	if f != nil {
		return nil, f
	}
	vc.Registry.SetList(*system.Parent, "network", nil)
	vc.Registry.SetList(system.Self, "network", nil)

	h.Mu.Lock()
	defer h.Mu.Unlock()
	v := view.New(h, vc.Registry, system, dc.Self, vc.objects)
	v.Name = name
	vc.mu.Lock()
	vc.views[h] = v
	vc.mu.Unlock()
	v.SetConnection(types.HostSystemConnectionStateConnected)
	return v, h.ChangeLocked(func(s *host.State) *fault.Failure {
		s.ManagedBy = vc.address()
		s.Local.Name = v.FreeName(v.DatastoreFolder(), s.Local.Name)
		return nil
	})
}

// address is what hosts know their vCenter by.
func (vc *VCenter) address() string { return vc.cfg.Addr.Addr().String() }

// newSystem lets the simulator make a HostSystem with its ComputeResource, or in its cluster.
func (vc *VCenter) newSystem(name string, parent types.ManagedObjectReference) (*simulator.HostSystem, *fault.Failure) {
	ctx, spec := vc.Registry.Context(), types.HostConnectSpec{HostName: name}
	switch p := vc.Registry.Get(parent).(type) {
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
func (vc *VCenter) newSystemIn(cluster *simulator.ClusterComputeResource, name string) *simulator.HostSystem {
	reg := vc.Registry
	system := simulator.NewHostSystem(reg.Context(), esx.HostSystem)
	system.Name = name
	system.Summary.Config.Name = name
	system.Runtime.ConnectionState = types.HostSystemConnectionStateConnected
	reg.PutEntity(cluster, reg.NewEntity(system))
	reg.AddTo(cluster.Self, "host", system.Self)
	return system
}

// roomForNetwork makes the network list of a datacenter long enough for the simulator, which takes the first of it for
// every new host or cluster without looking whether there is one. What it takes is replaced by the host's own networks.
func (vc *VCenter) roomForNetwork(dc *simulator.Datacenter) {
	vc.Registry.WithLock(vc.Registry.Context(), dc.Self, func() { dc.Network = slices.Grow(dc.Network, 1) })
}

// Detach takes a host out of the inventory.
func (vc *VCenter) Detach(v *view.View) {
	h := v.Host
	h.Mu.Lock()
	defer h.Mu.Unlock()
	event := v.Event()
	v.LeaveInventory()
	vc.mu.Lock()
	delete(vc.views, h)
	vc.mu.Unlock()
	h.DropView(v)
	if f := h.ChangeLocked(func(s *host.State) *fault.Failure {
		s.ManagedBy = ""
		return nil
	}); f != nil {
		vc.logf("vcenter: %s: %v", v.Name, f)
	}
	vc.Registry.Post(&types.HostRemovedEvent{HostEvent: event})
}
