// SPDX-License-Identifier: GPL-3.0-or-later

// Package api answers the methods of the vSphere API: a file for each managed object of the reference, called like it. It takes a
// request apart, has the packages below do what it asks, and puts the answer or the fault together; the rules are theirs.
package api

import (
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/machines/imports"
	"livelab.dev/twin/vsphere/machines/perf"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/vcenter"
	"livelab.dev/twin/vsphere/view"
)

// HostObjects answers the methods of a host's objects; vc is the vCenter that shows it, nil at the host's own endpoint.
func HostObjects(vc *vcenter.VCenter) view.Objects {
	return func(v *view.View) []mo.Reference {
		p := &v.Parts
		return []mo.Reference{
			&systemMethods{&registry.Overlay{Self: v.System.Self}, v, vc},
			&networkMethods{&registry.Overlay{Self: p.Network.Self}, v},
			&nicMethods{&registry.Overlay{Self: p.Nics.Self}, v},
			&vmotionMethods{&registry.Overlay{Self: p.Vmotion.Self}, v},
			&serviceMethods{&registry.Overlay{Self: p.Services.Self}, v},
			&dateTimeMethods{&registry.Overlay{Self: p.DateTime.Self}, v},
			&storageMethods{&registry.Overlay{Self: p.Storage.Self}, v},
			&datastoreMethods{&registry.Overlay{Self: p.Datastore.Self}, v},
			&iscsiMethods{&registry.Overlay{Self: p.Iscsi.Self}, v},
			&vsanMethods{&registry.Overlay{Self: p.Vsan.Self}, v},
		}
	}
}

// ServeHost answers what a host's own endpoint is asked.
func ServeHost(v *view.View, e *registry.Endpoint, hosts func() []*host.Host) {
	serve(v.Reg, e, hosts)
}

// ServeVCenter answers what vCenter is asked.
func ServeVCenter(vc *vcenter.VCenter, hosts func() []*host.Host) {
	reg := vc.Registry
	serve(reg, vc.Endpoint, hosts)
	reg.Answer("Folder", func(ref types.ManagedObjectReference) mo.Reference {
		return &folderMethods{&registry.Overlay{Self: ref}, vc}
	})
	reg.Answer("Datacenter", func(ref types.ManagedObjectReference) mo.Reference {
		return &datacenterMethods{&registry.Overlay{Self: ref}, vc}
	})
	reg.Answer("ClusterComputeResource", func(ref types.ManagedObjectReference) mo.Reference {
		return &clusterMethods{&registry.Overlay{Self: ref}, vc}
	})
	reg.Answer("DistributedVirtualSwitch", func(ref types.ManagedObjectReference) mo.Reference {
		return &switchMethods{&registry.Overlay{Self: ref}, vc}
	})
	reg.Answer("ComputeResource", func(ref types.ManagedObjectReference) mo.Reference {
		return &computeMethods{&registry.Overlay{Self: ref}, vc}
	})
}

// serve answers what every endpoint has.
func serve(reg *registry.Registry, e *registry.Endpoint, hosts func() []*host.Host) {
	reg.Overlay(&sessionMethods{&registry.Overlay{Self: reg.SessionManager().Self}, reg, func() string { return e.Addr().String() }})
	reg.Answer("Datastore", func(ref types.ManagedObjectReference) mo.Reference {
		return &datastoreObject{&registry.Overlay{Self: ref}, reg, hosts}
	})
	reg.Answer("Task", func(ref types.ManagedObjectReference) mo.Reference {
		if j := reg.Job(ref); j != nil {
			return &taskMethods{&registry.Overlay{Self: ref}, j}
		}
		return nil
	})
}

// Machines is who has the virtual machines of a data centre, and what can be done with them.
type Machines struct {
	*machines.Manager
	imports *imports.Imports
	counted *perf.Sampler
}

// NewMachines makes a manager of machines that can be imported and are counted.
func NewMachines(cfg machines.Config) (*Machines, error) {
	m, err := machines.New(cfg)
	if err != nil {
		return nil, err
	}
	im, err := imports.New(m)
	if err != nil {
		return nil, err
	}
	all := &Machines{m, im, perf.New(m)}
	m.Watch()
	return all, nil
}

// Serve answers what an endpoint is asked about virtual machines; see [Manager.Attach] for hostOf.
func (m *Machines) Serve(reg *registry.Registry, hostOf func(machines.Ref) machines.Host) *machines.Inventory {
	return m.answer(m.Attach(reg, hostOf))
}

func (m *Machines) answer(inv *machines.Inventory) *machines.Inventory {
	m.imports.ServeUploads(inv.Registry)
	on := func(kind string, make func(*registry.Overlay) mo.Reference) {
		inv.Answer(kind, func(object machines.Ref) mo.Reference { return make(&registry.Overlay{Self: object}) })
	}
	on("VirtualMachine", func(o *registry.Overlay) mo.Reference {
		if mc := inv.Machine(o.Self); mc != nil {
			return &vmMethods{o, inv, mc}
		}
		return nil
	})
	on("HttpNfcLease", func(o *registry.Overlay) mo.Reference {
		if l := m.imports.At(o.Self); l != nil {
			return &leaseMethods{o, l}
		}
		return nil
	})
	on("ResourcePool", func(o *registry.Overlay) mo.Reference { return &poolMethods{o, inv, m.imports} })
	on("VirtualApp", func(o *registry.Overlay) mo.Reference { return &poolMethods{o, inv, m.imports} })
	on("Folder", func(o *registry.Overlay) mo.Reference { return &machineFolder{o, inv} })
	on("Datacenter", func(o *registry.Overlay) mo.Reference { return &machineDatacenter{o, inv} })
	on("OvfManager", func(o *registry.Overlay) mo.Reference { return &ovfMethods{o, inv} })
	on("ServiceInstance", func(o *registry.Overlay) mo.Reference { return &instanceMethods{o, inv} })
	on("VirtualMachineProvisioningChecker", func(o *registry.Overlay) mo.Reference { return &checkerMethods{o, inv} })
	on("PerformanceManager", func(o *registry.Overlay) mo.Reference { return &perfMethods{o, inv, m.counted} })
	on("DiagnosticManager", func(o *registry.Overlay) mo.Reference { return &diagnosticMethods{o, inv} })
	return inv
}
