// SPDX-License-Identifier: GPL-3.0-or-later

package machines

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

// localized is the failure as tasks, leases and events carry it.
func (f *failure) localized() *types.LocalizedMethodFault {
	return &types.LocalizedMethodFault{Fault: f.fault, LocalizedMessage: f.text}
}

func fail(fault types.BaseMethodFault, format string, args ...any) *failure {
	return &failure{fault: fault, text: fmt.Sprintf(format, args...)}
}

func invalid(property, format string, args ...any) *failure {
	return fail(&types.InvalidArgument{InvalidProperty: property},
		"A specified parameter was not correct: %s: %s", property, fmt.Sprintf(format, args...))
}

// gone is the fault for a reference to something that is not there (any more).
func gone(ref types.ManagedObjectReference) *failure {
	return fail(&types.ManagedObjectNotFound{Obj: ref}, "The object %s has already been deleted or has not been completely created", ref)
}

func powerState(m *machine, wanted, is types.VirtualMachinePowerState) *failure {
	return fail(&types.InvalidPowerState{RequestedState: wanted, ExistingState: is},
		"The attempted operation cannot be performed on %s in the current state (%s); it would have to be %s", m.name(), is, wanted)
}

// systemError is the fault for what should not happen at all.
func systemError(format string, args ...any) *failure {
	text := fmt.Sprintf(format, args...)
	return fail(&types.SystemError{Reason: text}, "A general system error occurred: %s", text)
}
