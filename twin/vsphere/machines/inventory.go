// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"reflect"
	"slices"
	"sync"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
)

// inventory is a registry whose machines are ours: vCenter's, or a host's own.
//
// Everything that is read from or written to an object of the registry is read or written under the registry's lock on it. No
// function here holds one such lock while it takes another.
type inventory struct {
	*registry.Registry
	m      *Manager
	hostOf func(types.ManagedObjectReference) host // nil for an object that is none of ours

	mu    sync.Mutex
	byRef map[types.ManagedObjectReference]*machine
}

type ref = types.ManagedObjectReference

// parent of an entity; false at the root.
func (inv *inventory) parent(object ref) (ref, bool) {
	entity, ok := inv.Get(object).(mo.Entity)
	if !ok {
		return ref{}, false
	}
	var parent *ref
	inv.Locked(object, func() { parent = entity.Entity().Parent })
	if parent == nil {
		return ref{}, false
	}
	return *parent, true
}

// above is the nearest entity of one of the types that contains the object, the object itself included.
func (inv *inventory) above(object ref, kinds ...string) (ref, bool) {
	for ok := true; ok; object, ok = inv.parent(object) {
		if slices.Contains(kinds, object.Type) {
			return object, true
		}
	}
	return ref{}, false
}

// compute is the ComputeResource or cluster that a host or a pool belongs to.
func (inv *inventory) compute(object ref) (ref, bool) {
	return inv.above(object, "ComputeResource", "ClusterComputeResource")
}

// rootPool is the root resource pool of a ComputeResource or cluster.
func (inv *inventory) rootPool(compute ref) (pool ref, ok bool) {
	found := inv.Get(compute)
	if found == nil {
		return ref{}, false
	}
	inv.Locked(compute, func() {
		if p, is := reflect.ValueOf(found).Elem().FieldByName("ResourcePool").Interface().(*ref); is && p != nil {
			pool, ok = *p, true
		}
	})
	return pool, ok
}

// named is the object of a name in a list property of another; false when there is none.
func (inv *inventory) named(owner ref, property, name string) (ref, bool) {
	for _, object := range inv.List(owner, property) {
		if inv.NameOf(object) == name {
			return object, true
		}
	}
	return ref{}, false
}

// environmentBrowser says what machines on a compute resource can have.
func (inv *inventory) environmentBrowser(compute ref) (browser *ref) {
	if found := inv.Get(compute); found != nil {
		inv.Locked(compute, func() {
			browser, _ = reflect.ValueOf(found).Elem().FieldByName("EnvironmentBrowser").Interface().(*ref)
		})
	}
	return browser
}

// hostRef is the HostSystem of a host in this registry.
func (inv *inventory) hostRef(h host) (ref, bool) {
	for _, entity := range inv.All("HostSystem") {
		if sameHost(inv.hostOf(entity.Reference()), h) {
			return entity.Reference(), true
		}
	}
	return ref{}, false
}
