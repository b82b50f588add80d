// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// failure is a fault of the API reference together with the sentence that a person reads.
type failure struct {
	fault types.BaseMethodFault
	text  string
}

func (f *failure) Error() string { return f.text }

// soap is the failure as a response; nil for none, so a body's Fault_ can be set unconditionally.
func (f *failure) soap() *soap.Fault {
	if f == nil {
		return nil
	}
	return simulator.Fault(f.text, f.fault)
}

func fail(fault types.BaseMethodFault, format string, args ...any) *failure {
	return &failure{fault: fault, text: fmt.Sprintf(format, args...)}
}

func invalid(property, format string, args ...any) *failure {
	return fail(&types.InvalidArgument{InvalidProperty: property},
		"A specified parameter was not correct: %s: %s", property, fmt.Sprintf(format, args...))
}

func notFound(format string, args ...any) *failure {
	return fail(&types.NotFound{}, format, args...)
}

func alreadyExists(name, format string, args ...any) *failure {
	return fail(&types.AlreadyExists{Name: name}, format, args...)
}

func inUse(kind, name, format string, args ...any) *failure {
	return fail(&types.ResourceInUse{Type: kind, Name: name}, format, args...)
}

func hostConfig(format string, args ...any) *failure {
	return fail(&types.HostConfigFault{}, format, args...)
}
