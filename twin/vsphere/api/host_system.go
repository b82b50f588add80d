// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/survive"
	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/vcenter"
	"livelab.dev/twin/vsphere/view"
)

// systemMethods answers HostSystem.
type systemMethods struct {
	*registry.Overlay
	v  *view.View
	vc *vcenter.VCenter // nil at the host's own endpoint
}

func (m *systemMethods) EnterMaintenanceModeTask(ctx *simulator.Context, req *types.EnterMaintenanceMode_Task) soap.HasFault {
	return &methods.EnterMaintenanceMode_TaskBody{Res: &types.EnterMaintenanceMode_TaskResponse{
		Returnval: m.v.Reg.Task(ctx, m.Self, "HostSystem.enterMaintenanceMode", func() (types.AnyType, *fault.Failure) {
			return nil, m.v.EnterMaintenance(time.Duration(req.Timeout) * time.Second)
		}),
	}}
}

func (m *systemMethods) ExitMaintenanceModeTask(ctx *simulator.Context, _ *types.ExitMaintenanceMode_Task) soap.HasFault {
	return &methods.ExitMaintenanceMode_TaskBody{Res: &types.ExitMaintenanceMode_TaskResponse{
		Returnval: m.v.Reg.Task(ctx, m.Self, "HostSystem.exitMaintenanceMode", func() (types.AnyType, *fault.Failure) {
			f := m.v.Change(func(s *host.State) *fault.Failure {
				if !s.Maintenance {
					return fault.New(&types.InvalidState{}, "The host %s is not in maintenance mode", m.v.Name)
				}
				s.Maintenance = false
				return nil
			})
			if f == nil {
				m.v.Reg.Post(&types.ExitMaintenanceModeEvent{HostEvent: m.v.Event()})
			}
			return nil, f
		}),
	}}
}

func (m *systemMethods) DisconnectHostTask(ctx *simulator.Context, _ *types.DisconnectHost_Task) soap.HasFault {
	return &methods.DisconnectHost_TaskBody{Res: &types.DisconnectHost_TaskResponse{
		Returnval: m.v.Reg.Task(ctx, m.Self, "HostSystem.disconnect", func() (types.AnyType, *fault.Failure) {
			if m.vc == nil {
				return nil, fault.New(&types.NotSupported{}, "A host cannot be disconnected from itself")
			}
			return nil, m.vc.Disconnect(m.v)
		}),
	}}
}

func (m *systemMethods) ReconnectHostTask(ctx *simulator.Context, req *types.ReconnectHost_Task) soap.HasFault {
	return &methods.ReconnectHost_TaskBody{Res: &types.ReconnectHost_TaskResponse{
		Returnval: m.v.Reg.Task(ctx, m.Self, "HostSystem.reconnect", func() (types.AnyType, *fault.Failure) {
			if m.vc == nil {
				return nil, fault.New(&types.NotSupported{}, "A host cannot be reconnected to itself")
			}
			return nil, m.vc.Reconnect(m.v, req.CnxSpec)
		}),
	}}
}

func (m *systemMethods) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: m.v.Reg.Task(ctx, m.Self, "HostSystem.destroy", func() (types.AnyType, *fault.Failure) {
			if m.vc == nil {
				return nil, fault.New(&types.NotSupported{}, "A host cannot be removed from itself")
			}
			inCluster := m.v.System.Parent.Type == "ClusterComputeResource"
			if f := m.v.Removable(inCluster); f != nil {
				return nil, f
			}
			m.vc.Detach(m.v)
			m.vc.Save()
			return nil, nil
		}),
	}}
}

func (m *systemMethods) RebootHostTask(ctx *simulator.Context, req *types.RebootHost_Task) soap.HasFault {
	return &methods.RebootHost_TaskBody{Res: &types.RebootHost_TaskResponse{
		Returnval: m.v.Reg.Task(ctx, m.Self, "HostSystem.reboot", func() (types.AnyType, *fault.Failure) {
			if f := m.v.Reachable(); f != nil {
				return nil, f
			}
			if !req.Force && !m.v.Host.State().Maintenance {
				return nil, fault.New(&types.InvalidState{}, "The host %s is not in maintenance mode", m.v.Name)
			}
			if machine := m.v.PoweredOn(); machine != "" {
				return nil, fault.New(&types.InvalidState{}, "The host %s cannot reboot: the virtual machine %q runs on it", m.v.Name, machine)
			}
			survive.Go(m.v.Host.Logf, "vsphere: the reboot of "+m.v.Name, m.v.Host.Reboot)
			return nil, nil
		}),
	}}
}
