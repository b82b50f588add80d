// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// folderMethods answers what vCenter's folders do otherwise than the simulator's.
type folderMethods struct {
	*overlay
	vc *vcenter
}

func (m *folderMethods) CreateDatacenter(ctx *simulator.Context, req *types.CreateDatacenter) soap.HasFault {
	body := m.createDatacenter(ctx, req)
	m.vc.save()
	return body
}

// createDatacenter makes a datacenter without the network that the simulator puts into each.
func (m *folderMethods) createDatacenter(ctx *simulator.Context, req *types.CreateDatacenter) *methods.CreateDatacenterBody {
	reg := m.vc.registry
	body := &methods.CreateDatacenterBody{}
	if f := m.nameFree(req.Name); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	folder := reg.Get(m.Self).(*simulator.Folder)
	reg.WithLock(ctx, m.Self, func() { body = folder.CreateDatacenter(ctx, req).(*methods.CreateDatacenterBody) })
	if body.Res == nil {
		return body
	}
	dc := body.Res.Returnval
	for _, ref := range reg.list(dc, "network") {
		reg.removeFrom(dc, "network", ref)
		reg.orphan(reg.Get(ref).(mo.Entity))
	}
	return body
}

func (m *folderMethods) CreateFolder(ctx *simulator.Context, req *types.CreateFolder) soap.HasFault {
	body := m.createFolder(ctx, req)
	m.vc.save()
	return body
}

func (m *folderMethods) createFolder(ctx *simulator.Context, req *types.CreateFolder) *methods.CreateFolderBody {
	reg := m.vc.registry
	body := &methods.CreateFolderBody{}
	if f := m.nameFree(req.Name); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	folder := reg.Get(m.Self).(*simulator.Folder)
	reg.WithLock(ctx, m.Self, func() { body = folder.CreateFolder(ctx, req).(*methods.CreateFolderBody) })
	return body
}

func (m *folderMethods) CreateClusterEx(ctx *simulator.Context, req *types.CreateClusterEx) soap.HasFault {
	body := m.createCluster(ctx, req)
	m.vc.save()
	return body
}

func (m *folderMethods) createCluster(ctx *simulator.Context, req *types.CreateClusterEx) *methods.CreateClusterExBody {
	reg := m.vc.registry
	body := &methods.CreateClusterExBody{}
	if f := m.nameFree(req.Name); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	if dc, ok := reg.datacenterOf(m.Self); ok {
		m.vc.roomForNetwork(dc)
	}
	folder := reg.Get(m.Self).(*simulator.Folder)
	reg.WithLock(ctx, m.Self, func() { body = folder.CreateClusterEx(ctx, req).(*methods.CreateClusterExBody) })
	if body.Res != nil {
		reg.setList(body.Res.Returnval, "network", nil)
	}
	return body
}

func (m *folderMethods) AddStandaloneHostTask(ctx *simulator.Context, req *types.AddStandaloneHost_Task) soap.HasFault {
	return &methods.AddStandaloneHost_TaskBody{Res: &types.AddStandaloneHost_TaskResponse{
		Returnval: m.vc.registry.task(ctx, m.Self, "Folder.addStandaloneHost", func() (types.AnyType, *fault.Failure) {
			v, f := m.vc.addHost(m.Self, req.Spec, req.AddConnected)
			if f != nil {
				return nil, f
			}
			return *v.system.Parent, nil
		}),
	}}
}

// nameFree refuses names that are empty, too long or taken.
func (m *folderMethods) nameFree(name string) *fault.Failure {
	if name == "" || len(name) > 80 {
		return fault.New(&types.InvalidName{Name: name, Entity: &m.Self}, "%q is not a name: it has 1 to 80 characters", name)
	}
	if other := m.vc.registry.child(m.Self, name); other != nil {
		return fault.New(&types.DuplicateName{Name: name, Object: other.Reference()}, "The name %q is taken", name)
	}
	return nil
}

// datacenterMethods answers what a client asks about a host before it adds it.
type datacenterMethods struct {
	*overlay
	vc *vcenter
}

func (m *datacenterMethods) QueryConnectionInfo(req *types.QueryConnectionInfo) soap.HasFault {
	body := &methods.QueryConnectionInfoBody{Res: &types.QueryConnectionInfoResponse{}}
	info, f := m.vc.query(types.HostConnectSpec{
		HostName: req.Hostname, Port: req.Port, UserName: req.Username, Password: req.Password, SslThumbprint: req.SslThumbprint,
	})
	body.Res.Returnval, body.Fault_ = info, f.SOAP()
	return body
}

func (m *datacenterMethods) QueryConnectionInfoViaSpec(req *types.QueryConnectionInfoViaSpec) soap.HasFault {
	body := &methods.QueryConnectionInfoViaSpecBody{Res: &types.QueryConnectionInfoViaSpecResponse{}}
	info, f := m.vc.query(req.Spec)
	body.Res.Returnval, body.Fault_ = info, f.SOAP()
	return body
}

// query is what a host says of itself before it is added.
func (vc *vcenter) query(spec types.HostConnectSpec) (types.HostConnectInfo, *fault.Failure) {
	found, f := vc.connect(spec)
	if f != nil {
		return types.HostConnectInfo{}, f
	}
	info := types.HostConnectInfo{Host: found.summary, ClusterSupported: types.NewBool(true), VimAccountNameRequired: types.NewBool(false)}
	if by := found.host.state().ManagedBy; by != "" {
		info.ServerIp = by
	}
	for _, group := range found.host.state().Network.Portgroup {
		info.Network = append(info.Network, &types.HostNewNetworkConnectInfo{
			HostConnectInfoNetworkInfo: types.HostConnectInfoNetworkInfo{Summary: &types.NetworkSummary{Name: group.Spec.Name, Accessible: true}},
		})
	}
	return info, nil
}

// clusterMethods answers what vCenter's clusters do otherwise than the simulator's.
type clusterMethods struct {
	*overlay
	vc *vcenter
}

func (m *clusterMethods) AddHostTask(ctx *simulator.Context, req *types.AddHost_Task) soap.HasFault {
	return &methods.AddHost_TaskBody{Res: &types.AddHost_TaskResponse{
		Returnval: m.vc.registry.task(ctx, m.Self, "ClusterComputeResource.addHost", func() (types.AnyType, *fault.Failure) {
			v, f := m.vc.addHost(m.Self, req.Spec, req.AsConnected)
			if f != nil {
				return nil, f
			}
			return v.system.Self, nil
		}),
	}}
}

func (m *clusterMethods) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return destroyTask(ctx, m.vc, m.Self)
}

// computeMethods answers for the ComputeResource of a host that is in no cluster.
type computeMethods struct {
	*overlay
	vc *vcenter
}

func (m *computeMethods) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return destroyTask(ctx, m.vc, m.Self)
}

// destroyTask removes a ComputeResource or a cluster with all its hosts.
func destroyTask(ctx *simulator.Context, vc *vcenter, ref types.ManagedObjectReference) soap.HasFault {
	reg := vc.registry
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: reg.task(ctx, ref, ref.Type+".destroy", func() (types.AnyType, *fault.Failure) {
			for _, host := range reg.list(ref, "host") {
				if v := vc.viewAt(host); v != nil {
					if f := v.removable(false); f != nil {
						return nil, f
					}
				}
			}
			for _, host := range reg.list(ref, "host") {
				if v := vc.viewAt(host); v != nil {
					vc.detach(v)
				}
			}
			if cluster, ok := reg.Get(ref).(*simulator.ClusterComputeResource); ok {
				reg.Remove(reg.context(), *cluster.ResourcePool)
				reg.orphan(cluster)
			}
			vc.save()
			return nil, nil
		}),
	}}
}
