// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// showNetworks lets the registry's Network objects follow the host's port groups. Hosts of a datacenter with port groups of one
// name share one Network. A port group that carries a VMkernel adapter is none: no machine can be connected to it.
func (v *view) showNetworks(s *state) {
	v.reg.inventory.Lock()
	defer v.reg.inventory.Unlock()

	var refs []types.ManagedObjectReference
	for _, group := range s.Network.Portgroup {
		if s.vnicOn(group.Spec.Name) == nil {
			refs = append(refs, v.joinNetwork(group.Spec.Name))
		}
	}
	old := v.networks()
	v.reg.update(v.system, change{Name: "network", Val: refs})
	for _, ref := range old {
		if !slices.Contains(refs, ref) {
			v.leaveNetwork(ref)
		}
	}
	v.showParentList("network", func(h *mo.HostSystem) []types.ManagedObjectReference { return h.Network })
}

func (v *view) networks() (refs []types.ManagedObjectReference) {
	v.locked(func() { refs = slices.Clone(v.system.Network) })
	return refs
}

// joinNetwork is the Network of a name, with this host in it.
func (v *view) joinNetwork(name string) types.ManagedObjectReference {
	folder := v.folder(func(dc *mo.Datacenter) types.ManagedObjectReference { return dc.NetworkFolder })
	network, _ := v.reg.child(folder, name).(*mo.Network)
	if network == nil {
		network = &mo.Network{Name: name}
		network.ManagedEntity.Name = name
		if v.reg.IsESX() {
			network.Self = types.ManagedObjectReference{Type: "Network", Value: "HaNetwork-" + name}
		}
		v.reg.adopt(folder, network)
		self := network.Self
		v.reg.update(network, change{Name: "summary", Val: types.NetworkSummary{Network: &self, Name: name, Accessible: true}})
		v.reg.addTo(v.datacenter, "network", self)
	}
	v.reg.addTo(network.Self, "host", v.system.Self)
	return network.Self
}

// leaveNetwork takes this host out of a Network, and the Network away when it was the last.
func (v *view) leaveNetwork(ref types.ManagedObjectReference) {
	network, ok := v.reg.Get(ref).(*mo.Network)
	if !ok {
		return
	}
	v.reg.removeFrom(ref, "host", v.system.Self)
	empty := false
	v.reg.WithLock(v.reg.context(), ref, func() { empty = len(network.Host) == 0 })
	if empty {
		v.reg.removeFrom(v.datacenter, "network", ref)
		v.reg.orphan(network)
	}
}

func (v *view) folder(of func(*mo.Datacenter) types.ManagedObjectReference) types.ManagedObjectReference {
	return of(&v.reg.Get(v.datacenter).(*simulator.Datacenter).Datacenter)
}

// showParentList makes a list of the host's ComputeResource or cluster what its hosts have together.
func (v *view) showParentList(property string, of func(*mo.HostSystem) []types.ManagedObjectReference) {
	parent := v.system.Parent
	if parent == nil || v.reg.Get(*parent) == nil {
		return
	}
	var all []types.ManagedObjectReference
	for _, ref := range v.reg.list(*parent, "host") {
		system, ok := v.reg.Get(ref).(*simulator.HostSystem)
		if !ok {
			continue
		}
		v.reg.WithLock(v.reg.context(), ref, func() {
			for _, item := range of(&system.HostSystem) {
				if !slices.Contains(all, item) {
					all = append(all, item)
				}
			}
		})
	}
	v.reg.setList(*parent, property, all)
}
