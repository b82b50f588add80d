// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
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
