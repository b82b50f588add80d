// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/view"
)

// datastoreMethods answers HostDatastoreSystem.
type datastoreMethods struct {
	*registry.Overlay
	v *view.View
}

func (m *datastoreMethods) QueryAvailableDisksForVmfs(*types.QueryAvailableDisksForVmfs) soap.HasFault {
	body := &methods.QueryAvailableDisksForVmfsBody{Res: &types.QueryAvailableDisksForVmfsResponse{}}
	body.Res.Returnval = m.v.Host.AvailableDisks()
	body.Fault_ = m.v.Reachable().SOAP()
	return body
}

func (m *datastoreMethods) QueryVmfsDatastoreCreateOptions(req *types.QueryVmfsDatastoreCreateOptions) soap.HasFault {
	body := &methods.QueryVmfsDatastoreCreateOptionsBody{Res: &types.QueryVmfsDatastoreCreateOptionsResponse{}}
	options, f := m.v.Host.CreateOptions(req.DevicePath, req.VmfsMajorVersion)
	body.Res.Returnval = options
	body.Fault_ = fault.First(m.v.Reachable(), f).SOAP()
	return body
}

// QueryVmfsDatastoreExpandOptions finds nothing: a volume takes all of its disk from the start.
func (m *datastoreMethods) QueryVmfsDatastoreExpandOptions(req *types.QueryVmfsDatastoreExpandOptions) soap.HasFault {
	body := &methods.QueryVmfsDatastoreExpandOptionsBody{Res: &types.QueryVmfsDatastoreExpandOptionsResponse{}}
	if _, ok := m.v.VolumeOf(req.Datastore); !ok {
		body.Fault_ = fault.NotFound("The host %s has no datastore %s", m.v.Name, m.v.Reg.NameOf(req.Datastore)).SOAP()
	}
	return body
}

func (m *datastoreMethods) CreateVmfsDatastore(req *types.CreateVmfsDatastore) soap.HasFault {
	body := &methods.CreateVmfsDatastoreBody{Res: &types.CreateVmfsDatastoreResponse{}}
	if f := m.v.Reachable(); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	ref, f := m.v.CreateDatastore(req.Spec)
	body.Res.Returnval, body.Fault_ = ref, f.SOAP()
	return body
}

func (m *datastoreMethods) RemoveDatastore(req *types.RemoveDatastore) soap.HasFault {
	body := &methods.RemoveDatastoreBody{Res: &types.RemoveDatastoreResponse{}}
	body.Fault_ = fault.First(m.v.Reachable(), m.v.RemoveDatastore(req.Datastore)).SOAP()
	return body
}
