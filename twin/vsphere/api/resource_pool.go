// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/machines/imports"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// poolMethods answers ResourcePool and VirtualApp.
type poolMethods struct {
	*registry.Overlay
	inv *machines.Inventory
	im  *imports.Imports
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
		dc, ok := p.inv.Above(p.Self, "Datacenter")
		if !ok {
			body.Fault_ = fault.Gone(p.Self).SOAP()
			return body
		}
		folder = registry.Read(p.inv.Registry, dc, func(dc *simulator.Datacenter) *machines.Ref { vm := dc.VmFolder; return &vm })
	}
	where, f := p.inv.PlaceFor(*folder, p.Self, req.Host, &spec.ConfigSpec)
	if f == nil {
		imports.DirectoryFree(where, &spec.ConfigSpec)
		f = imports.RoomFor(where, &spec.ConfigSpec)
	}
	if f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	l := p.im.NewLease(p.inv)
	p.inv.Start(ctx, p.Self, "ResourcePool.ImportVAppLRO", func(j *registry.Job) (types.AnyType, *fault.Failure) {
		return imports.ImportVM(p.inv, j, l, where, &spec.ConfigSpec)
	})
	body.Res = &types.ImportVAppResponse{Returnval: l.Self}
	return body
}
