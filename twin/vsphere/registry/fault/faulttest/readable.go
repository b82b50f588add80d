// SPDX-License-Identifier: GPL-3.0-or-later

// Package faulttest looks at faults as a client does that knows the API reference and believes it, such as pyVmomi: it does not read
// a fault that lacks what the reference requires, or has a value that the reference does not know.
package faulttest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// Unreadable is what such a client would stumble over in a fault, nothing when it would not.
func Unreadable(fault types.BaseMethodFault) []string {
	return look(reflect.TypeOf(fault).Elem().Name(), reflect.ValueOf(fault).Elem())
}

// look examines a value, which is at a path.
func look(path string, v reflect.Value) []string {
	switch value := v.Interface().(type) {
	case types.ManagedObjectReference:
		if !isManaged(value.Type) || value.Value == "" {
			return []string{fmt.Sprintf("%s: %q is no reference to an object", path, value)}
		}
		return nil
	case types.ResourceInUse:
		if _, data := types.TypeFunc()(value.Type); !data && !isManaged(value.Type) {
			return []string{fmt.Sprintf("%s.type: there is no type %q", path, value.Type)}
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Struct:
		return fields(path, v)
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return []string{path + ": missing"}
		}
		return look(path, v.Elem())
	case reflect.Slice:
		var found []string
		for i := range v.Len() {
			found = append(found, look(fmt.Sprintf("%s[%d]", path, i), v.Index(i))...)
		}
		return found
	case reflect.String:
		return word(path, v)
	}
	return nil
}

// fields examines what a structure has; what it may lack and lacks is left out.
func fields(path string, v reflect.Value) []string {
	var found []string
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			found = append(found, look(path, v.Field(i))...)
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("xml"), ",")
		if strings.Contains(options, "omitempty") && v.Field(i).IsZero() {
			continue
		}
		found = append(found, look(path+"."+name, v.Field(i))...)
	}
	return found
}

// word examines a text: one of an enumeration has to be in it.
func word(path string, v reflect.Value) []string {
	enumeration, ok := v.Interface().(interface{ Strings() []string })
	if ok && !slices.Contains(enumeration.Strings(), v.String()) {
		return []string{fmt.Sprintf("%s: %q is none of %s", path, v.String(), strings.Join(enumeration.Strings(), ", "))}
	}
	return nil
}

// isManaged tells whether a type of managed objects is called so.
func isManaged(name string) bool {
	return slices.Contains(types.ManagedObjectType("").Values(), types.ManagedObjectType(name))
}
