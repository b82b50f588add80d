// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// The functions here keep an inventory's references right on both sides: a child in its folder, an object in the lists that name
// it. The simulator does the same for its own objects, but not for those that are made here.

// Child is the object of a name in a folder, nil for none.
func (r *Registry) Child(folder types.ManagedObjectReference, name string) mo.Entity {
	return r.FindByName(name, r.List(folder, "childEntity"))
}

// Adopt registers an object and puts it into a folder.
func (r *Registry) Adopt(folder types.ManagedObjectReference, object mo.Entity) {
	parent := r.Get(folder).(mo.Entity)
	r.PutEntity(parent, object)
	r.AddTo(folder, "childEntity", object.Reference())
}

// Orphan takes an object out of its folder and out of the registry.
func (r *Registry) Orphan(object mo.Entity) {
	ref := object.Reference()
	if parent := object.Entity().Parent; parent != nil {
		r.RemoveFrom(*parent, "childEntity", ref)
	}
	r.Remove(r.Context(), ref)
}

// AddTo puts a reference into a list property of a registered object, once.
func (r *Registry) AddTo(owner types.ManagedObjectReference, property string, ref types.ManagedObjectReference) {
	if list := r.List(owner, property); !slices.Contains(list, ref) {
		r.SetList(owner, property, append(list, ref))
	}
}

// RemoveFrom takes a reference out of a list property of a registered object.
func (r *Registry) RemoveFrom(owner types.ManagedObjectReference, property string, ref types.ManagedObjectReference) {
	list := r.List(owner, property)
	if i := slices.Index(list, ref); i >= 0 {
		r.SetList(owner, property, slices.Delete(list, i, i+1))
	}
}

// List is a copy of a list property of a registered object, empty when there is no such object.
func (r *Registry) List(owner types.ManagedObjectReference, property string) []types.ManagedObjectReference {
	object := r.Get(owner)
	if object == nil {
		return nil
	}
	var refs []types.ManagedObjectReference
	r.WithLock(r.Context(), owner, func() {
		field := listField(object, property)
		refs = slices.Clone(field.Interface().([]types.ManagedObjectReference))
	})
	return refs
}

func (r *Registry) SetList(owner types.ManagedObjectReference, property string, refs []types.ManagedObjectReference) {
	if object := r.Get(owner); object != nil {
		r.Change(object, Change{Name: property, Val: refs})
	}
}

// listField finds a list property in an object of the simulator, whatever it is wrapped in.
func listField(object mo.Reference, property string) reflect.Value {
	name := strings.ToUpper(property[:1]) + property[1:]
	field := reflect.ValueOf(object).Elem().FieldByName(name)
	if !field.IsValid() {
		panic(fmt.Sprintf("vsphere: %T has no %s", object, name))
	}
	return field
}

// DatacenterOf is the datacenter that an entity is in.
func (r *Registry) DatacenterOf(ref types.ManagedObjectReference) (*simulator.Datacenter, bool) {
	for object := r.Get(ref); object != nil; object = r.Get(ref) {
		if dc, ok := object.(*simulator.Datacenter); ok {
			return dc, true
		}
		entity, ok := object.(mo.Entity)
		if !ok || entity.Entity().Parent == nil {
			return nil, false
		}
		ref = *entity.Entity().Parent
	}
	return nil, false
}
