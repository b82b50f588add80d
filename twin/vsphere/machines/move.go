// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// move is a change of a machine's place that was asked for, worked out.
type move struct {
	mc     *machine
	inv    *inventory
	object ref
	hw     hardware // with its adapters on the networks that they are to be on

	from, to         host
	fromRef, toRef   ref // HostSystem
	pool, toPool     ref
	folder           *ref
	networks         []types.BaseVirtualDeviceConfigSpec // adapters that change their network
	fromAddr, toAddr string                              // of vMotion; for messages
}

// changesHost tells whether the machine goes to another host.
func (mv *move) changesHost() bool { return !sameHost(mv.from, mv.to) }

// plan works out where a relocation would take a machine. The destination is not examined yet, except where the API lets the
// server choose it.
func plan(inv *inventory, mc *machine, object ref, spec types.VirtualMachineRelocateSpec) (*move, *fault.Failure) {
	mv := &move{mc: mc, inv: inv, object: object, hw: mc.hardware(), from: mc.on(), folder: spec.Folder}
	placed := registry.Read(inv.Registry, object, func(vm *simulator.VirtualMachine) [2]*ref { return [2]*ref{vm.Runtime.Host, vm.ResourcePool} })
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
		return fault.New(&types.NotSupported{}, "%s cannot be moved to another vCenter", mv.hw.name)
	}
	wanted := map[ref]bool{}
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
		for _, d := range mv.hw.disks {
			if d.datastore != name {
				return fault.New(&types.NotSupported{}, "%s of %s is on the datastore %s: moving disks to another datastore (%s) is not supported",
					d.label, mv.hw.name, d.datastore, name)
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
		edited := nicsOf(object.VirtualDeviceList{spec.Device})[0]
		i := slices.IndexFunc(mv.hw.nics, func(n nic) bool { return n.key == edited.key })
		if i < 0 {
			return fault.Invalid("spec.deviceChange", "%s has no adapter with the key %d", mv.hw.name, edited.key)
		}
		n := &mv.hw.nics[i]
		n.portgroup, n.backing, n.network = edited.portgroup, edited.backing, edited.network
		mv.networks = append(mv.networks, c)
	}
	return nil
}

// planHost finds the host and the pool.
func (mv *move) planHost(host, pool *ref) *fault.Failure {
	if host != nil {
		if mv.to = mv.inv.hostOf(*host); mv.to == nil {
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
	compute, ok := mv.inv.compute(mv.toPool)
	if !ok {
		return fault.Invalid("spec.pool", "%s is not a resource pool", mv.toPool)
	}
	if host == nil {
		return mv.choose(compute)
	}
	if here, _ := mv.inv.compute(*host); here != compute {
		return fault.Invalid("spec.pool", "the host %s is not in the same cluster or compute resource as the pool %s; name one that is",
			mv.to.Name(), mv.inv.NameOf(mv.toPool))
	}
	return nil
}

// choose takes the present host when it belongs to the pool, else the first of the pool's hosts that is fit for the machine.
func (mv *move) choose(compute ref) *fault.Failure {
	if here, _ := mv.inv.compute(mv.fromRef); here == compute {
		mv.to, mv.toRef = mv.from, mv.fromRef
		return nil
	}
	var unfit types.NoCompatibleHost
	var last *fault.Failure
	for _, candidate := range mv.inv.List(compute, "host") {
		try := *mv
		if try.to = mv.inv.hostOf(candidate); try.to == nil {
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
	return fault.New(&unfit, "None of the %d hosts of %s can run %s", len(unfit.Host), mv.inv.NameOf(compute), mv.hw.name)
}
