// SPDX-License-Identifier: GPL-3.0-or-later

// Package move moves machines between hosts: what stands in the way, the way itself, and what it took.
package move

import (
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// move is a change of a machine's place that was asked for, worked out.
type move struct {
	mc     *machines.VM
	inv    *machines.Inventory
	object machines.Ref
	hw     machines.Hardware // with its adapters on the networks that they are to be on

	from, to       machines.ESXi
	fromRef, toRef machines.Ref // HostSystem
	pool, toPool   machines.Ref
	folder         *machines.Ref
	networks       []types.BaseVirtualDeviceConfigSpec // adapters that change their network
}

// changesHost tells whether the machine goes to another host.
func (mv *move) changesHost() bool { return !machines.SameHost(mv.from, mv.to) }

// plan works out where a relocation would take a machine. The destination is not examined yet, except where the API lets the
// server choose it.
func plan(inv *machines.Inventory, mc *machines.VM, object machines.Ref, spec types.VirtualMachineRelocateSpec) (*move, *fault.Failure) {
	mv := &move{mc: mc, inv: inv, object: object, hw: mc.Hardware(), from: mc.On(), folder: spec.Folder}
	placed := registry.Read(inv.Registry, object, func(vm *simulator.VirtualMachine) [2]*machines.Ref {
		return [2]*machines.Ref{vm.Runtime.Host, vm.ResourcePool}
	})
	if placed[0] == nil || mv.from == nil {
		return nil, fault.Gone(object)
	}
	mv.fromRef = *placed[0]
	if placed[1] != nil {
		mv.pool = *placed[1]
	}
	if f := mv.planStorage(spec); f != nil {
		return nil, f
	}
	if f := mv.planNetworks(spec.DeviceChange); f != nil {
		return nil, f
	}
	if f := mv.planHost(spec.Host, spec.Pool); f != nil {
		return nil, f
	}
	return mv, nil
}

// planStorage accepts the datastore on which the disks are already.
func (mv *move) planStorage(spec types.VirtualMachineRelocateSpec) *fault.Failure {
	if spec.Service != nil {
		return fault.New(&types.NotSupported{}, "%s cannot be moved to another vCenter", mv.hw.Name)
	}
	wanted := map[machines.Ref]bool{}
	if spec.Datastore != nil {
		wanted[*spec.Datastore] = true
	}
	for _, locator := range spec.Disk {
		wanted[locator.Datastore] = true
	}
	for datastore := range wanted {
		if mv.inv.Get(datastore) == nil {
			return fault.Gone(datastore)
		}
		name := mv.inv.NameOf(datastore)
		for _, d := range mv.hw.Disks {
			if d.Datastore != name {
				return fault.New(&types.NotSupported{}, "%s of %s is on the datastore %s: moving disks to another datastore (%s) is not supported",
					d.Label, mv.hw.Name, d.Datastore, name)
			}
		}
	}
	return nil
}

// planNetworks puts adapters on the networks that the spec connects them to.
func (mv *move) planNetworks(changes []types.BaseVirtualDeviceConfigSpec) *fault.Failure {
	for _, c := range changes {
		spec := c.GetVirtualDeviceConfigSpec()
		if _, ok := spec.Device.(types.BaseVirtualEthernetCard); !ok || spec.Operation != types.VirtualDeviceConfigSpecOperationEdit {
			return fault.Invalid("spec.deviceChange", "only the networks of adapters can change with the machine's place")
		}
		edited := machines.NicsOf(object.VirtualDeviceList{spec.Device})[0]
		i := slices.IndexFunc(mv.hw.Nics, func(n machines.Nic) bool { return n.Key == edited.Key })
		if i < 0 {
			return fault.Invalid("spec.deviceChange", "%s has no adapter with the key %d", mv.hw.Name, edited.Key)
		}
		n := &mv.hw.Nics[i]
		n.Portgroup, n.Backing, n.Network = edited.Portgroup, edited.Backing, edited.Network
		mv.networks = append(mv.networks, c)
	}
	return nil
}

// planHost finds the host and the pool.
func (mv *move) planHost(host, pool *machines.Ref) *fault.Failure {
	if host != nil {
		if mv.to = mv.inv.HostOf(*host); mv.to == nil {
			return fault.Gone(*host)
		}
		mv.toRef = *host
	}
	if pool != nil {
		if mv.inv.Get(*pool) == nil {
			return fault.Gone(*pool)
		}
		mv.toPool = *pool
	} else {
		mv.toPool = mv.pool
	}
	compute, ok := mv.inv.Compute(mv.toPool)
	if !ok {
		return fault.Invalid("spec.pool", "%s is not a resource pool", mv.toPool)
	}
	if host == nil {
		return mv.choose(compute)
	}
	if here, _ := mv.inv.Compute(*host); here != compute {
		return fault.Invalid("spec.pool", "the host %s is not in the same cluster or compute resource as the pool %s; name one that is",
			mv.to.Name(), mv.inv.NameOf(mv.toPool))
	}
	return nil
}

// choose takes the present host when it belongs to the pool, else the first of the pool's hosts that is fit for the machine.
func (mv *move) choose(compute machines.Ref) *fault.Failure {
	if here, _ := mv.inv.Compute(mv.fromRef); here == compute {
		mv.to, mv.toRef = mv.from, mv.fromRef
		return nil
	}
	var unfit types.NoCompatibleHost
	var last *fault.Failure
	for _, candidate := range mv.inv.List(compute, "host") {
		try := *mv
		if try.to = mv.inv.HostOf(candidate); try.to == nil {
			continue
		}
		try.toRef = candidate
		problems := try.problems()
		if len(problems) == 0 {
			mv.to, mv.toRef = try.to, candidate
			return nil
		}
		last = problems[0]
		unfit.Host = append(unfit.Host, candidate)
		unfit.Error = append(unfit.Error, *last.Localized())
	}
	if len(unfit.Host) == 1 {
		return last
	}
	return fault.New(&unfit, "None of the %d hosts of %s can run %s", len(unfit.Host), mv.inv.NameOf(compute), mv.hw.Name)
}
