// SPDX-License-Identifier: GPL-3.0-or-later

package vcenter

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"

	"livelab.dev/twin/vsphere/names"
)

// CreateDatacenter makes a datacenter without the network that the simulator puts into each.
func (vc *VCenter) CreateDatacenter(ctx *simulator.Context, req *types.CreateDatacenter) *methods.CreateDatacenterBody {
	reg := vc.Registry
	body := &methods.CreateDatacenterBody{}
	name, f := vc.freeName(req.This, req.Name)
	if f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	folder := reg.Get(req.This).(*simulator.Folder)
	reg.WithLock(ctx, req.This, func() {
		body = folder.CreateDatacenter(ctx, &types.CreateDatacenter{This: req.This, Name: name}).(*methods.CreateDatacenterBody)
	})
	if body.Res == nil {
		return body
	}
	dc := body.Res.Returnval
	for _, ref := range reg.List(dc, "network") {
		reg.RemoveFrom(dc, "network", ref)
		reg.Orphan(reg.Get(ref).(mo.Entity))
	}
	return body
}

func (vc *VCenter) CreateFolder(ctx *simulator.Context, req *types.CreateFolder) *methods.CreateFolderBody {
	reg := vc.Registry
	body := &methods.CreateFolderBody{}
	name, f := vc.freeName(req.This, req.Name)
	if f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	folder := reg.Get(req.This).(*simulator.Folder)
	// The simulator escapes the names of folders itself, but what is escaped already once more.
	reg.WithLock(ctx, req.This, func() {
		body = folder.CreateFolder(ctx, &types.CreateFolder{This: req.This, Name: names.Plain(name)}).(*methods.CreateFolderBody)
	})
	return body
}

func (vc *VCenter) CreateCluster(ctx *simulator.Context, req *types.CreateClusterEx) *methods.CreateClusterExBody {
	reg := vc.Registry
	body := &methods.CreateClusterExBody{}
	name, f := vc.freeName(req.This, req.Name)
	if f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	asked := *req
	asked.Name = name
	if dc, ok := reg.DatacenterOf(req.This); ok {
		vc.roomForNetwork(dc)
	}
	folder := reg.Get(req.This).(*simulator.Folder)
	reg.WithLock(ctx, req.This, func() { body = folder.CreateClusterEx(ctx, &asked).(*methods.CreateClusterExBody) })
	if body.Res != nil {
		reg.SetList(body.Res.Returnval, "network", nil)
	}
	return body
}

// freeName is a name for something in a folder as vCenter keeps it. Faults: DuplicateName, InvalidName.
func (vc *VCenter) freeName(folder types.ManagedObjectReference, name string) (string, *fault.Failure) {
	escaped, f := names.Check(name, folder)
	if f != nil {
		return "", f
	}
	if other := vc.Registry.Child(folder, escaped); other != nil {
		return "", fault.New(&types.DuplicateName{Name: name, Object: other.Reference()}, "The name %q is taken", name)
	}
	return escaped, nil
}

// Rename gives a folder, a datacenter or a cluster another name. Faults: DuplicateName, InvalidName, NotSupported.
func (vc *VCenter) Rename(ref types.ManagedObjectReference, name string) *fault.Failure {
	entity, ok := vc.Registry.Get(ref).(mo.Entity)
	if !ok {
		return fault.Gone(ref)
	}
	parent := entity.Entity().Parent
	if parent == nil || parent.Type != "Folder" {
		return fault.New(&types.NotSupported{}, "%s cannot be renamed", vc.Registry.NameOf(ref))
	}
	if names.Same(name, vc.Registry.NameOf(ref)) {
		return nil
	}
	escaped, f := vc.freeName(*parent, name)
	if f != nil {
		return f
	}
	vc.Registry.Change(entity, registry.Change{Name: "name", Val: escaped})
	vc.Save()
	return nil
}

// Query is what a host says of itself before it is added.
func (vc *VCenter) Query(spec types.HostConnectSpec) (types.HostConnectInfo, *fault.Failure) {
	found, f := vc.connect(spec)
	if f != nil {
		return types.HostConnectInfo{}, f
	}
	info := types.HostConnectInfo{Host: found.summary, ClusterSupported: types.NewBool(true), VimAccountNameRequired: types.NewBool(false)}
	if by := found.host.State().ManagedBy; by != "" {
		info.ServerIp = by
	}
	for _, group := range found.host.State().Network.Portgroup {
		info.Network = append(info.Network, &types.HostNewNetworkConnectInfo{
			HostConnectInfoNetworkInfo: types.HostConnectInfoNetworkInfo{Summary: &types.NetworkSummary{Name: group.Spec.Name, Accessible: true}},
		})
	}
	return info, nil
}

// RemoveCompute removes a ComputeResource or a cluster with all its hosts.
func (vc *VCenter) RemoveCompute(ref types.ManagedObjectReference) *fault.Failure {
	reg := vc.Registry
	for _, host := range reg.List(ref, "host") {
		if v := vc.viewAt(host); v != nil {
			if f := v.Removable(false); f != nil {
				return f
			}
		}
	}
	for _, host := range reg.List(ref, "host") {
		if v := vc.viewAt(host); v != nil {
			vc.Detach(v)
		}
	}
	if cluster, ok := reg.Get(ref).(*simulator.ClusterComputeResource); ok {
		reg.Remove(reg.Context(), *cluster.ResourcePool)
		reg.Orphan(cluster)
	}
	vc.Save()
	return nil
}
