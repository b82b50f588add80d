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

// poolMethods answers ResourcePool and VirtualApp.
type poolMethods struct {
	*registry.Overlay
	inv *inventory
	im  *imports
}

// ImportVApp makes a machine and a lease under which its disks are uploaded. The machine is there at once, but cannot be used
// before the lease is completed; when that does not happen, nothing of it stays.
func (p *poolMethods) ImportVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	body := &methods.ImportVAppBody{}
	spec, ok := req.Spec.(*types.VirtualMachineImportSpec)
	if !ok {
		body.Fault_ = fault.Invalid("spec", "%T is not possible: only single machines can be imported", req.Spec).SOAP()
		return body
	}
	folder := req.Folder
	if folder == nil {
		dc, ok := p.inv.above(p.Self, "Datacenter")
		if !ok {
			body.Fault_ = fault.Gone(p.Self).SOAP()
			return body
		}
		folder = registry.Read(p.inv.Registry, dc, func(dc *simulator.Datacenter) *ref { vm := dc.VmFolder; return &vm })
	}
	where, f := p.inv.placeFor(*folder, p.Self, req.Host, &spec.ConfigSpec)
	if f == nil {
		directoryFree(where, &spec.ConfigSpec)
		f = roomFor(where, &spec.ConfigSpec)
	}
	if f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	l := p.im.newLease(p.inv)
	p.inv.start(ctx, p.Self, "ResourcePool.ImportVAppLRO", func(j *registry.Job) (types.AnyType, *fault.Failure) {
		return importVM(p.inv, j, l, where, &spec.ConfigSpec)
	})
	body.Res = &types.ImportVAppResponse{Returnval: l.Self}
	return body
}
