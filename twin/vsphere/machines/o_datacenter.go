// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// machineDatacenter answers what a datacenter does with virtual machines.
type machineDatacenter struct {
	*registry.Overlay
	inv *inventory
}

// PowerOnMultiVMTask powers machines on, each as a task of its own that the result names.
func (d *machineDatacenter) PowerOnMultiVMTask(ctx *simulator.Context, req *types.PowerOnMultiVM_Task) soap.HasFault {
	return &methods.PowerOnMultiVM_TaskBody{Res: &types.PowerOnMultiVM_TaskResponse{
		Returnval: d.inv.start(ctx, d.Self, "Datacenter.powerOnMultiVM", func(*registry.Job) (types.AnyType, *fault.Failure) {
			var result types.ClusterPowerOnVmResult
			for _, object := range req.Vm {
				mc := d.inv.machine(object)
				if mc == nil {
					result.NotAttempted = append(result.NotAttempted, types.ClusterNotAttemptedVmInfo{Vm: object, Fault: *fault.Gone(object).Localized()})
					continue
				}
				v := &vmMethods{&registry.Overlay{Self: object}, d.inv, mc}
				task := v.do(ctx, "powerOn", func(j *registry.Job) *fault.Failure { return powerOn(mc, j) })
				result.Attempted = append(result.Attempted, types.ClusterAttemptedVmInfo{Vm: object, Task: &task})
			}
			return result, nil
		}),
	}}
}
