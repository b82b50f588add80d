// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
)

// taskMethods answers for a task that runs.
type taskMethods struct {
	*registry.Overlay
	job *registry.Job
}

// CancelTask has the work stop, where it can.
func (t *taskMethods) CancelTask(*types.CancelTask) soap.HasFault {
	if f := t.job.End(); f != nil {
		return &methods.CancelTaskBody{Fault_: f.SOAP()}
	}
	return &methods.CancelTaskBody{Res: &types.CancelTaskResponse{}}
}
