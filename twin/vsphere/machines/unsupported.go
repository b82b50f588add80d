// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// The simulator makes snapshots and clones in its inventory only. Of machines that really have disks and memory that would be a lie.

func (v *vmMethods) notSupported(what string) *soap.Fault {
	return fault.New(&types.NotSupported{}, "%s of %s is not supported", what, v.mc.name()).SOAP()
}

// CloneVMTask is not supported.
func (v *vmMethods) CloneVMTask(*types.CloneVM_Task) soap.HasFault {
	return &methods.CloneVM_TaskBody{Fault_: v.notSupported("A clone")}
}

// CreateSnapshotTask is not supported.
func (v *vmMethods) CreateSnapshotTask(*types.CreateSnapshot_Task) soap.HasFault {
	return &methods.CreateSnapshot_TaskBody{Fault_: v.notSupported("A snapshot")}
}

// CreateSnapshotExTask is not supported.
func (v *vmMethods) CreateSnapshotExTask(*types.CreateSnapshotEx_Task) soap.HasFault {
	return &methods.CreateSnapshotEx_TaskBody{Fault_: v.notSupported("A snapshot")}
}
