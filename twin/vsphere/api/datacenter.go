// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/machines/power"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/vcenter"
)

// datacenterMethods answers what a client asks about a host before it adds it.
type datacenterMethods struct {
	*registry.Overlay
	vc *vcenter.VCenter
}

func (m *datacenterMethods) QueryConnectionInfo(req *types.QueryConnectionInfo) soap.HasFault {
	body := &methods.QueryConnectionInfoBody{Res: &types.QueryConnectionInfoResponse{}}
	info, f := m.vc.Query(types.HostConnectSpec{
		HostName: req.Hostname, Port: req.Port, UserName: req.Username, Password: req.Password, SslThumbprint: req.SslThumbprint,
	})
	body.Res.Returnval, body.Fault_ = info, f.SOAP()
	return body
}

func (m *datacenterMethods) QueryConnectionInfoViaSpec(req *types.QueryConnectionInfoViaSpec) soap.HasFault {
	body := &methods.QueryConnectionInfoViaSpecBody{Res: &types.QueryConnectionInfoViaSpecResponse{}}
	info, f := m.vc.Query(req.Spec)
	body.Res.Returnval, body.Fault_ = info, f.SOAP()
	return body
}

// machineDatacenter answers what a datacenter does with virtual machines.
type machineDatacenter struct {
	*registry.Overlay
	inv *machines.Inventory
}

// PowerOnMultiVMTask powers machines on, each as a task of its own that the result names.
func (d *machineDatacenter) PowerOnMultiVMTask(ctx *simulator.Context, req *types.PowerOnMultiVM_Task) soap.HasFault {
	return &methods.PowerOnMultiVM_TaskBody{Res: &types.PowerOnMultiVM_TaskResponse{
		Returnval: d.inv.Start(ctx, d.Self, "Datacenter.powerOnMultiVM", func(*registry.Job) (types.AnyType, *fault.Failure) {
			var result types.ClusterPowerOnVmResult
			for _, object := range req.Vm {
				mc := d.inv.Machine(object)
				if mc == nil {
					result.NotAttempted = append(result.NotAttempted, types.ClusterNotAttemptedVmInfo{Vm: object, Fault: *fault.Gone(object).Localized()})
					continue
				}
				v := &vmMethods{&registry.Overlay{Self: object}, d.inv, mc}
				task := v.do(ctx, "powerOn", func(j *registry.Job) *fault.Failure { return power.On(mc, j) })
				result.Attempted = append(result.Attempted, types.ClusterAttemptedVmInfo{Vm: object, Task: &task})
			}
			return result, nil
		}),
	}}
}

// RenameTask gives it another name.
func (m *datacenterMethods) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return renameTask(ctx, m.vc, m.Self, req.NewName)
}
