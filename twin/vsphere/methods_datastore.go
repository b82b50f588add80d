// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// datastoreMethods answers HostDatastoreSystem.
type datastoreMethods struct {
	*overlay
	v *view
}

func (m *datastoreMethods) QueryAvailableDisksForVmfs(*types.QueryAvailableDisksForVmfs) soap.HasFault {
	body := &methods.QueryAvailableDisksForVmfsBody{Res: &types.QueryAvailableDisksForVmfsResponse{}}
	body.Res.Returnval = m.v.host.availableDisks()
	body.Fault_ = m.v.reachable().SOAP()
	return body
}

func (m *datastoreMethods) QueryVmfsDatastoreCreateOptions(req *types.QueryVmfsDatastoreCreateOptions) soap.HasFault {
	body := &methods.QueryVmfsDatastoreCreateOptionsBody{Res: &types.QueryVmfsDatastoreCreateOptionsResponse{}}
	options, f := m.v.host.createOptions(req.DevicePath, req.VmfsMajorVersion)
	body.Res.Returnval = options
	body.Fault_ = fault.First(m.v.reachable(), f).SOAP()
	return body
}

// QueryVmfsDatastoreExpandOptions finds nothing: a volume takes all of its disk from the start.
func (m *datastoreMethods) QueryVmfsDatastoreExpandOptions(req *types.QueryVmfsDatastoreExpandOptions) soap.HasFault {
	body := &methods.QueryVmfsDatastoreExpandOptionsBody{Res: &types.QueryVmfsDatastoreExpandOptionsResponse{}}
	if _, ok := m.v.volumeOf(req.Datastore); !ok {
		body.Fault_ = fault.NotFound("The host %s has no datastore %s", m.v.name, m.v.reg.nameOf(req.Datastore)).SOAP()
	}
	return body
}

func (m *datastoreMethods) CreateVmfsDatastore(req *types.CreateVmfsDatastore) soap.HasFault {
	body := &methods.CreateVmfsDatastoreBody{Res: &types.CreateVmfsDatastoreResponse{}}
	if f := m.v.reachable(); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	ref, f := m.v.createDatastore(req.Spec)
	body.Res.Returnval, body.Fault_ = ref, f.SOAP()
	return body
}

func (m *datastoreMethods) RemoveDatastore(req *types.RemoveDatastore) soap.HasFault {
	body := &methods.RemoveDatastoreBody{Res: &types.RemoveDatastoreResponse{}}
	body.Fault_ = fault.First(m.v.reachable(), m.v.removeDatastore(req.Datastore)).SOAP()
	return body
}

// datastoreObject answers Datastore.
type datastoreObject struct {
	*overlay
	reg    *registry
	server *Server
}

// view is that of a host that has the datastore mounted, nil for none.
func (m *datastoreObject) view() *view {
	for _, h := range m.server.hosts {
		for _, v := range h.viewsNow() {
			if _, ok := v.volumeOf(m.Self); ok && v.reg == m.reg && v.connected() {
				return v
			}
		}
	}
	return nil
}

func (m *datastoreObject) RefreshDatastore(*types.RefreshDatastore) soap.HasFault {
	body := &methods.RefreshDatastoreBody{Res: &types.RefreshDatastoreResponse{}}
	if v := m.view(); v != nil {
		body.Fault_ = v.host.rescan(context.Background(), scanVolumes).SOAP()
	} else {
		body.Fault_ = fault.NotFound("No host that is connected has the datastore %s", m.reg.nameOf(m.Self)).SOAP()
	}
	return body
}

func (m *datastoreObject) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: m.reg.task(ctx, m.Self, "Datastore.destroy", func() (types.AnyType, *fault.Failure) {
			v := m.view()
			if v == nil {
				return nil, fault.NotFound("No host that is connected has the datastore %s", m.reg.nameOf(m.Self))
			}
			if f := v.removeDatastore(m.Self); f != nil {
				return nil, f
			}
			for _, h := range m.server.hosts {
				h.rescan(context.Background(), scanVolumes)
			}
			return nil, nil
		}),
	}}
}

func (m *datastoreObject) RenameDatastore(req *types.RenameDatastore) soap.HasFault {
	return &methods.RenameDatastoreBody{Res: &types.RenameDatastoreResponse{}, Fault_: m.rename(req.NewName).SOAP()}
}

func (m *datastoreObject) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	return &methods.Rename_TaskBody{Res: &types.Rename_TaskResponse{
		Returnval: m.reg.task(ctx, m.Self, "Datastore.rename", func() (types.AnyType, *fault.Failure) { return nil, m.rename(req.NewName) }),
	}}
}

// rename gives a host's local datastore another name. A shared one keeps the label that its volume was made with.
func (m *datastoreObject) rename(name string) *fault.Failure {
	v := m.view()
	if v == nil {
		return fault.NotFound("No host that is connected has the datastore %s", m.reg.nameOf(m.Self))
	}
	if f := checkDatastoreName(name); f != nil {
		return f
	}
	if f := v.freeDatastoreName(name); f != nil {
		return f
	}
	if volume, _ := v.volumeOf(m.Self); !volume.local {
		return fault.New(&types.NotSupported{}, "The shared datastore %q cannot be renamed", volume.Label)
	}
	return v.change(func(s *state) *fault.Failure {
		s.Local.Name = name
		return nil
	})
}
