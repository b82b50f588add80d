// SPDX-License-Identifier: GPL-3.0-or-later

// Package fault is what a method of the vSphere API says when it refuses.
package fault

import (
	"fmt"
	"reflect"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Failure is a fault of the API reference together with the sentence that a person reads.
type Failure struct {
	Fault types.BaseMethodFault
	Text  string
}

// Error implements error.
func (f *Failure) Error() string { return f.Text }

// SOAP is the failure as a response; nil for none, so a body's Fault_ can be set unconditionally.
func (f *Failure) SOAP() *soap.Fault {
	if f == nil {
		return nil
	}
	return simulator.Fault(f.Text, f.Fault)
}

// Localized is the failure as tasks, leases and events carry it.
func (f *Failure) Localized() *types.LocalizedMethodFault {
	return &types.LocalizedMethodFault{Fault: f.Fault, LocalizedMessage: f.Text}
}

// New is a failure with any fault.
func New(fault types.BaseMethodFault, format string, args ...any) *Failure {
	return &Failure{Fault: fault, Text: fmt.Sprintf(format, args...)}
}

// Invalid is the failure of a property with a value that cannot be.
func Invalid(property, format string, args ...any) *Failure {
	return New(&types.InvalidArgument{InvalidProperty: property},
		"A specified parameter was not correct: %s: %s", property, fmt.Sprintf(format, args...))
}

// NotFound is the failure of a name or a reference that nothing has.
func NotFound(format string, args ...any) *Failure {
	return New(&types.NotFound{}, format, args...)
}

// AlreadyExists is the failure of a name that is taken, where the API has no duplicate names.
func AlreadyExists(name, format string, args ...any) *Failure {
	return New(&types.AlreadyExists{Name: name}, format, args...)
}

// InUse is the failure of something that cannot go because something else needs it. kind is a value of its type in the API
// reference, such as types.HostPortGroup{} or mo.Datastore{}: the fault names that type, and clients look it up.
func InUse(kind any, name, format string, args ...any) *Failure {
	return New(&types.ResourceInUse{Type: reflect.TypeOf(kind).Name(), Name: name}, format, args...)
}

// HostConfig is the failure of a host that cannot be as it is asked to be.
func HostConfig(format string, args ...any) *Failure {
	return New(&types.HostConfigFault{}, format, args...)
}

// Gone is the failure of a reference to something that is not there (any more).
func Gone(ref types.ManagedObjectReference) *Failure {
	return New(&types.ManagedObjectNotFound{Obj: ref}, "The object %s has already been deleted or has not been completely created", ref)
}

// System is the failure of what should not happen at all.
func System(format string, args ...any) *Failure {
	text := fmt.Sprintf(format, args...)
	return New(&types.SystemError{Reason: text}, "A general system error occurred: %s", text)
}

// First is the first of several that is one; nil when none is.
func First(failures ...*Failure) *Failure {
	for _, f := range failures {
		if f != nil {
			return f
		}
	}
	return nil
}
