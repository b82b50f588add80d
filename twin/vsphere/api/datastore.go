// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/view"
)

// datastoreObject answers Datastore.
type datastoreObject struct {
	*registry.Overlay
	reg   *registry.Registry
	hosts func() []*host.Host
}

// view is that of a host that has the datastore mounted, nil for none.
func (m *datastoreObject) view() *view.View {
	for _, h := range m.hosts() {
		for _, viewer := range h.ShownBy() {
			v, ok := viewer.(*view.View)
			if !ok || v.Reg != m.reg || !v.Connected() {
				continue
			}
			if _, ok := v.VolumeOf(m.Self); ok {
				return v
			}
		}
	}
	return nil
}

func (m *datastoreObject) RefreshDatastore(*types.RefreshDatastore) soap.HasFault {
	body := &methods.RefreshDatastoreBody{Res: &types.RefreshDatastoreResponse{}}
	if v := m.view(); v != nil {
		body.Fault_ = v.Host.Rescan(context.Background(), host.ScanVolumes).SOAP()
	} else {
		body.Fault_ = fault.NotFound("No host that is connected has the datastore %s", m.reg.NameOf(m.Self)).SOAP()
	}
	return body
}

func (m *datastoreObject) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: m.reg.Task(ctx, m.Self, "Datastore.destroy", func() (types.AnyType, *fault.Failure) {
			v := m.view()
			if v == nil {
				return nil, fault.NotFound("No host that is connected has the datastore %s", m.reg.NameOf(m.Self))
			}
			if f := v.RemoveDatastore(m.Self); f != nil {
				return nil, f
			}
			for _, h := range m.hosts() {
				_ = h.Rescan(context.Background(), host.ScanVolumes) // The datastore is gone; a host that cannot look now sees it later.
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
		Returnval: m.reg.Task(ctx, m.Self, "Datastore.rename", func() (types.AnyType, *fault.Failure) { return nil, m.rename(req.NewName) }),
	}}
}

// rename gives a host's local datastore another name. A shared one keeps the label that its volume was made with.
func (m *datastoreObject) rename(name string) *fault.Failure {
	v := m.view()
	if v == nil {
		return fault.NotFound("No host that is connected has the datastore %s", m.reg.NameOf(m.Self))
	}
	if f := host.CheckDatastoreName(name); f != nil {
		return f
	}
	if f := v.FreeDatastoreName(name); f != nil {
		return f
	}
	if volume, _ := v.VolumeOf(m.Self); !volume.Local {
		return fault.New(&types.NotSupported{}, "The shared datastore %q cannot be renamed", volume.Label)
	}
	return v.Change(func(s *host.State) *fault.Failure {
		s.Local.Name = name
		return nil
	})
}
