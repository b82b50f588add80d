// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"reflect"
	"slices"
	"sync"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"

	"livelab.dev/twin/vsphere/names"
)

// Inventory is a registry whose machines are ours: vCenter's, or a host's own.
//
// Everything that is read from or written to an object of the registry is read or written under the registry's lock on it. No
// function here holds one such lock while it takes another.
type Inventory struct {
	*registry.Registry
	Manager *Manager
	HostOf  func(types.ManagedObjectReference) ESXi // nil for an object that is none of ours

	mu    sync.Mutex
	byRef map[types.ManagedObjectReference]*VM
}

type Ref = types.ManagedObjectReference

// parent of an entity; false at the root.
func (inv *Inventory) parent(object Ref) (Ref, bool) {
	entity, ok := inv.Get(object).(mo.Entity)
	if !ok {
		return Ref{}, false
	}
	var parent *Ref
	inv.Locked(object, func() { parent = entity.Entity().Parent })
	if parent == nil {
		return Ref{}, false
	}
	return *parent, true
}

// Above is the nearest entity of one of the types that contains the object, the object itself included.
func (inv *Inventory) Above(object Ref, kinds ...string) (Ref, bool) {
	for ok := true; ok; object, ok = inv.parent(object) {
		if slices.Contains(kinds, object.Type) {
			return object, true
		}
	}
	return Ref{}, false
}

// Compute is the ComputeResource or cluster that a host or a pool belongs to.
func (inv *Inventory) Compute(object Ref) (Ref, bool) {
	return inv.Above(object, "ComputeResource", "ClusterComputeResource")
}

// RootPool is the root resource pool of a ComputeResource or cluster.
func (inv *Inventory) RootPool(compute Ref) (pool Ref, ok bool) {
	found := inv.Get(compute)
	if found == nil {
		return Ref{}, false
	}
	inv.Locked(compute, func() {
		if p, is := reflect.ValueOf(found).Elem().FieldByName("ResourcePool").Interface().(*Ref); is && p != nil {
			pool, ok = *p, true
		}
	})
	return pool, ok
}

// named is the object of a name, however that is spelt, in a list property of another; false when there is none.
func (inv *Inventory) named(owner Ref, property, name string) (Ref, bool) {
	for _, object := range inv.List(owner, property) {
		if names.Same(inv.NameOf(object), name) {
			return object, true
		}
	}
	return Ref{}, false
}

// EnvironmentBrowser says what machines on a compute resource can have.
func (inv *Inventory) EnvironmentBrowser(compute Ref) (browser *Ref) {
	if found := inv.Get(compute); found != nil {
		inv.Locked(compute, func() {
			browser, _ = reflect.ValueOf(found).Elem().FieldByName("EnvironmentBrowser").Interface().(*Ref)
		})
	}
	return browser
}

// hostRef is the HostSystem of a host in this registry.
func (inv *Inventory) hostRef(h ESXi) (Ref, bool) {
	for _, entity := range inv.All("HostSystem") {
		if SameHost(inv.HostOf(entity.Reference()), h) {
			return entity.Reference(), true
		}
	}
	return Ref{}, false
}
