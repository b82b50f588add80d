// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// inventory is a registry whose machines are ours: vCenter's, or a host's own.
//
// Everything that is read from or written to an object of the registry is read or written under the registry's lock on it. No
// function here holds one such lock while it takes another.
type inventory struct {
	m      *Manager
	reg    *simulator.Registry
	hostOf func(types.ManagedObjectReference) host // nil for an object that is none of ours

	mu    sync.Mutex
	byRef map[types.ManagedObjectReference]*machine
	jobs  map[types.ManagedObjectReference]*job // tasks that run
}

type ref = types.ManagedObjectReference

// change is a property of an object that has a new value.
type change = types.PropertyChange

// context is for work on behalf of a user, after the request that asked for it was answered.
func (inv *inventory) context(user string) *simulator.Context {
	return &simulator.Context{
		Context: context.Background(),
		Map:     inv.reg,
		Session: &simulator.Session{
			UserSession: types.UserSession{Key: uuid.NewString(), UserName: user},
			Registry:    simulator.NewRegistry(),
			Map:         inv.reg,
		},
	}
}

// userOf is who made a request.
func userOf(ctx *simulator.Context) string {
	if ctx.Session == nil {
		return ""
	}
	return ctx.Session.UserName
}

// locked runs f while no one else uses the object's fields.
func (inv *inventory) locked(object ref, f func()) {
	inv.reg.WithLock(inv.context(""), object, f)
}

// get is the registered object of a type, with its fields to be used under locked only.
func get[T mo.Reference](inv *inventory, object ref) (T, bool) {
	found, ok := inv.reg.Get(object).(T)
	return found, ok
}

// read takes something from a registered object; the zero value when there is no such object.
func read[T mo.Reference, V any](inv *inventory, object ref, f func(T) V) (value V) {
	if found, ok := get[T](inv, object); ok {
		inv.locked(object, func() { value = f(found) })
	}
	return value
}

// set gives properties of a registered object new values, and tells the clients that wait for updates.
func (inv *inventory) set(object ref, changes ...change) {
	found := inv.reg.Get(object)
	if found == nil {
		return
	}
	ctx := inv.context("")
	inv.reg.WithLock(ctx, object, func() { ctx.Update(found, changes) })
}

// list is a copy of a list property of a registered object, empty when there is no such object.
func (inv *inventory) list(owner ref, property string) []ref {
	found := inv.reg.Get(owner)
	if found == nil {
		return nil
	}
	var refs []ref
	inv.locked(owner, func() {
		name := strings.ToUpper(property[:1]) + property[1:]
		if field := reflect.ValueOf(found).Elem().FieldByName(name); field.IsValid() {
			refs = slices.Clone(field.Interface().([]ref))
		}
	})
	return refs
}

// addTo puts a reference into a list property of a registered object, once.
func (inv *inventory) addTo(owner ref, property string, member ref) {
	if refs := inv.list(owner, property); !slices.Contains(refs, member) {
		inv.set(owner, change{Name: property, Val: append(refs, member)})
	}
}

// removeFrom takes a reference out of a list property of a registered object.
func (inv *inventory) removeFrom(owner ref, property string, member ref) {
	refs := inv.list(owner, property)
	if i := slices.Index(refs, member); i >= 0 {
		inv.set(owner, change{Name: property, Val: slices.Delete(refs, i, i+1)})
	}
}

// nameOf is an object's name, or its id when it has none.
func (inv *inventory) nameOf(object ref) string {
	name := ""
	if found := inv.reg.Get(object); found != nil {
		inv.locked(object, func() {
			if field := reflect.ValueOf(found).Elem().FieldByName("Name"); field.IsValid() && field.Kind() == reflect.String {
				name = field.String()
			}
			if entity, ok := found.(mo.Entity); ok && name == "" {
				name = entity.Entity().Name
			}
		})
	}
	if name == "" {
		return object.Value
	}
	return name
}

// parent of an entity; false at the root.
func (inv *inventory) parent(object ref) (ref, bool) {
	entity, ok := inv.reg.Get(object).(mo.Entity)
	if !ok {
		return ref{}, false
	}
	var parent *ref
	inv.locked(object, func() { parent = entity.Entity().Parent })
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
	found := inv.reg.Get(compute)
	if found == nil {
		return ref{}, false
	}
	inv.locked(compute, func() {
		if p, is := reflect.ValueOf(found).Elem().FieldByName("ResourcePool").Interface().(*ref); is && p != nil {
			pool, ok = *p, true
		}
	})
	return pool, ok
}

// named is the object of a name in a list property of another; false when there is none.
func (inv *inventory) named(owner ref, property, name string) (ref, bool) {
	for _, object := range inv.list(owner, property) {
		if inv.nameOf(object) == name {
			return object, true
		}
	}
	return ref{}, false
}
