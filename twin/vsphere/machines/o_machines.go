// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/vim25/mo"

	"livelab.dev/twin/vsphere/registry"
)

// Machines is who has the virtual machines of a data centre, and what can be done with them.
type Machines struct {
	*Manager
	imports *imports
	counted *sampler
}

// NewMachines makes a manager of machines that can be imported and are counted.
func NewMachines(cfg Config) (*Machines, error) {
	m, err := New(cfg)
	if err != nil {
		return nil, err
	}
	im, err := importing(m)
	if err != nil {
		return nil, err
	}
	all := &Machines{m, im, counting(m)}
	m.Watch()
	return all, nil
}

// Serve answers what an endpoint is asked about virtual machines; see [Manager.Attach] for hostOf.
func (m *Machines) Serve(reg *registry.Registry, hostOf func(ref) Host) *inventory {
	return m.answer(m.Attach(reg, hostOf))
}

func (m *Machines) answer(inv *inventory) *inventory {
	m.imports.serveUploads(inv.Registry)
	on := func(kind string, make func(*registry.Overlay) mo.Reference) {
		inv.Answer(kind, func(object ref) mo.Reference { return make(&registry.Overlay{Self: object}) })
	}
	on("VirtualMachine", func(o *registry.Overlay) mo.Reference {
		if mc := inv.machine(o.Self); mc != nil {
			return &vmMethods{o, inv, mc}
		}
		return nil
	})
	on("HttpNfcLease", func(o *registry.Overlay) mo.Reference {
		if l := m.imports.at(o.Self); l != nil {
			return &leaseMethods{o, l}
		}
		return nil
	})
	on("ResourcePool", func(o *registry.Overlay) mo.Reference { return &poolMethods{o, inv, m.imports} })
	on("VirtualApp", func(o *registry.Overlay) mo.Reference { return &poolMethods{o, inv, m.imports} })
	on("Folder", func(o *registry.Overlay) mo.Reference { return &machineFolder{o, inv} })
	on("Datacenter", func(o *registry.Overlay) mo.Reference { return &machineDatacenter{o, inv} })
	on("OvfManager", func(o *registry.Overlay) mo.Reference { return &ovfMethods{o, inv} })
	on("ServiceInstance", func(o *registry.Overlay) mo.Reference { return &serviceMethods{o, inv} })
	on("VirtualMachineProvisioningChecker", func(o *registry.Overlay) mo.Reference { return &checkerMethods{o, inv} })
	on("PerformanceManager", func(o *registry.Overlay) mo.Reference { return &perfMethods{o, inv, m.counted} })
	return inv
}
