// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/fault"
)

type failure = fault.Failure

func fail(kind types.BaseMethodFault, format string, args ...any) *failure {
	return fault.New(kind, format, args...)
}

func invalid(property, format string, args ...any) *failure {
	return fault.Invalid(property, format, args...)
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
