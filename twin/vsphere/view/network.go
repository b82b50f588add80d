// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"

	"livelab.dev/twin/vsphere/names"
)

// showNetworks lets the registry's Network objects follow the host's port groups. Hosts of a datacenter with port groups of one
// name share one Network. A port group that carries a VMkernel adapter is none: no machine can be connected to it.
func (v *View) showNetworks(s *host.State) {
	v.Reg.Inventory.Lock()
	defer v.Reg.Inventory.Unlock()

	var refs []types.ManagedObjectReference
	for _, group := range s.Network.Portgroup {
		if s.VnicOn(group.Spec.Name) == nil {
			refs = append(refs, v.joinNetwork(group.Spec.Name))
		}
	}
	old := v.networks()
	for _, ref := range old {
		if ref.Type == "DistributedVirtualPortgroup" {
			refs = append(refs, ref) // It is the distributed switch's, which knows its hosts.
		}
	}
	v.Reg.Change(v.System, registry.Change{Name: "network", Val: refs})
	for _, ref := range old {
		if !slices.Contains(refs, ref) {
			v.leaveNetwork(ref)
		}
	}
	v.showParentList("network", func(h *mo.HostSystem) []types.ManagedObjectReference { return h.Network })
}

func (v *View) networks() (refs []types.ManagedObjectReference) {
	v.locked(func() { refs = slices.Clone(v.System.Network) })
	return refs
}

// joinNetwork is the Network of a port group, with this host in it.
func (v *View) joinNetwork(portgroup string) types.ManagedObjectReference {
	name := names.Escape(portgroup)
	folder := v.folder(func(dc *mo.Datacenter) types.ManagedObjectReference { return dc.NetworkFolder })
	network, _ := v.Reg.Child(folder, name).(*mo.Network)
	if network == nil {
		network = &mo.Network{Name: name}
		network.ManagedEntity.Name = name
		if v.Reg.IsESX() {
			network.Self = types.ManagedObjectReference{Type: "Network", Value: "HaNetwork-" + portgroup}
		}
		v.Reg.Adopt(folder, network)
		self := network.Self
		v.Reg.Change(network, registry.Change{Name: "summary", Val: types.NetworkSummary{Network: &self, Name: name, Accessible: true}})
		v.Reg.AddTo(v.datacenter, "network", self)
	}
	v.Reg.AddTo(network.Self, "host", v.System.Self)
	return network.Self
}

// leaveNetwork takes this host out of a Network, and the Network away when it was the last.
func (v *View) leaveNetwork(ref types.ManagedObjectReference) {
	network, ok := v.Reg.Get(ref).(*mo.Network)
	if !ok {
		return
	}
	v.Reg.RemoveFrom(ref, "host", v.System.Self)
	empty := false
	v.Reg.WithLock(v.Reg.Context(), ref, func() { empty = len(network.Host) == 0 })
	if empty {
		v.Reg.RemoveFrom(v.datacenter, "network", ref)
		v.Reg.Orphan(network)
	}
}

func (v *View) folder(of func(*mo.Datacenter) types.ManagedObjectReference) types.ManagedObjectReference {
	return of(&v.Reg.Get(v.datacenter).(*simulator.Datacenter).Datacenter)
}

// showParentList makes a list of the host's ComputeResource or cluster what its hosts have together.
func (v *View) showParentList(property string, of func(*mo.HostSystem) []types.ManagedObjectReference) {
	parent := v.System.Parent
	if parent == nil || v.Reg.Get(*parent) == nil {
		return
	}
	var all []types.ManagedObjectReference
	for _, ref := range v.Reg.List(*parent, "host") {
		system, ok := v.Reg.Get(ref).(*simulator.HostSystem)
		if !ok {
			continue
		}
		v.Reg.WithLock(v.Reg.Context(), ref, func() {
			for _, item := range of(&system.HostSystem) {
				if !slices.Contains(all, item) {
					all = append(all, item)
				}
			}
		})
	}
	v.Reg.SetList(*parent, property, all)
}
