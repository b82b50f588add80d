// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"cmp"
	"context"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// systemMethods answers HostSystem.
type systemMethods struct {
	*overlay
	v *view
}

func (m *systemMethods) EnterMaintenanceModeTask(ctx *simulator.Context, req *types.EnterMaintenanceMode_Task) soap.HasFault {
	return &methods.EnterMaintenanceMode_TaskBody{Res: &types.EnterMaintenanceMode_TaskResponse{
		Returnval: m.v.reg.task(ctx, m.Self, "HostSystem.enterMaintenanceMode", func() (types.AnyType, *fault.Failure) {
			return nil, m.v.enterMaintenance(time.Duration(req.Timeout) * time.Second)
		}),
	}}
}

func (m *systemMethods) ExitMaintenanceModeTask(ctx *simulator.Context, _ *types.ExitMaintenanceMode_Task) soap.HasFault {
	return &methods.ExitMaintenanceMode_TaskBody{Res: &types.ExitMaintenanceMode_TaskResponse{
		Returnval: m.v.reg.task(ctx, m.Self, "HostSystem.exitMaintenanceMode", func() (types.AnyType, *fault.Failure) {
			f := m.v.change(func(s *state) *fault.Failure {
				if !s.Maintenance {
					return fault.New(&types.InvalidState{}, "The host %s is not in maintenance mode", m.v.name)
				}
				s.Maintenance = false
				return nil
			})
			if f == nil {
				m.v.reg.post(&types.ExitMaintenanceModeEvent{HostEvent: m.v.event()})
			}
			return nil, f
		}),
	}}
}

// evacuationPoll is how often a host looks whether its last machine is gone.
const evacuationPoll = 200 * time.Millisecond

// enterMaintenance waits until no machine runs on the host, as long as limit (0: for ever), then lets none in.
func (v *view) enterMaintenance(limit time.Duration) *fault.Failure {
	start := time.Now()
	for v.poweredOn() != "" {
		if limit > 0 && time.Since(start) > limit {
			return fault.New(&types.Timedout{}, "The host %s is not free after %s: %q still runs on it", v.name, limit, v.poweredOn())
		}
		time.Sleep(evacuationPoll)
	}
	f := v.change(func(s *state) *fault.Failure {
		if s.Maintenance {
			return fault.New(&types.InvalidState{}, "The host %s is in maintenance mode already", v.name)
		}
		s.Maintenance = true
		return nil
	})
	if f == nil {
		v.reg.post(&types.EnteredMaintenanceModeEvent{HostEvent: v.event()})
	}
	return f
}

func (m *systemMethods) DisconnectHostTask(ctx *simulator.Context, _ *types.DisconnectHost_Task) soap.HasFault {
	return &methods.DisconnectHost_TaskBody{Res: &types.DisconnectHost_TaskResponse{
		Returnval: m.v.reg.task(ctx, m.Self, "HostSystem.disconnect", func() (types.AnyType, *fault.Failure) {
			return nil, m.v.disconnect()
		}),
	}}
}

func (v *view) disconnect() *fault.Failure {
	if v.reg.IsESX() {
		return fault.New(&types.NotSupported{}, "A host cannot be disconnected from itself")
	}
	if !v.connected() {
		return fault.New(&types.InvalidState{}, "The host %s is not connected", v.name)
	}
	v.setConnection(types.HostSystemConnectionStateDisconnected)
	v.host.server.vcenter.save()
	v.reg.post(&types.HostDisconnectedEvent{HostEvent: v.event(), Reason: string(types.HostDisconnectedEventReasonCodeUserRequest)})
	return nil
}

func (m *systemMethods) ReconnectHostTask(ctx *simulator.Context, req *types.ReconnectHost_Task) soap.HasFault {
	return &methods.ReconnectHost_TaskBody{Res: &types.ReconnectHost_TaskResponse{
		Returnval: m.v.reg.task(ctx, m.Self, "HostSystem.reconnect", func() (types.AnyType, *fault.Failure) {
			return nil, m.v.reconnect(req.CnxSpec)
		}),
	}}
}

// reconnect connects to a host again, with new credentials when there are some.
func (v *view) reconnect(spec *types.HostConnectSpec) *fault.Failure {
	if v.reg.IsESX() {
		return fault.New(&types.NotSupported{}, "A host cannot be reconnected to itself")
	}
	if v.connected() && (spec == nil || !spec.Force) {
		return fault.New(&types.InvalidState{}, "The host %s is connected already", v.name)
	}
	vc := v.host.server.vcenter
	if spec != nil && spec.UserName != "" {
		again := *spec
		again.HostName = cmp.Or(again.HostName, v.name)
		again.Port = cmp.Or(again.Port, int32(v.host.sdkPort()))
		found, f := vc.connect(again)
		if f != nil {
			return f
		}
		if found.host != v.host {
			return fault.New(&types.InvalidName{Name: found.name}, "%s is another host than %s", found.name, v.name)
		}
	} else if f := v.answers(); f != nil {
		return f
	}
	v.setConnection(types.HostSystemConnectionStateConnected)
	v.host.mu.Lock()
	v.show()
	v.host.mu.Unlock()
	vc.save()
	v.reg.post(&types.HostConnectedEvent{HostEvent: v.event()})
	return nil
}

// answers is the fault for a host whose endpoint cannot be reached.
func (v *view) answers() *fault.Failure {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	if _, err := peerCertificate(ctx, v.host.endpoint.addr().String()); err != nil {
		return fault.New(&types.NoHost{Name: v.name}, "Cannot contact the host %s: %v", v.name, err)
	}
	return nil
}

func (m *systemMethods) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: m.v.reg.task(ctx, m.Self, "HostSystem.destroy", func() (types.AnyType, *fault.Failure) {
			if m.v.reg.IsESX() {
				return nil, fault.New(&types.NotSupported{}, "A host cannot be removed from itself")
			}
			inCluster := m.v.system.Parent.Type == "ClusterComputeResource"
			if f := m.v.removable(inCluster); f != nil {
				return nil, f
			}
			vc := m.v.host.server.vcenter
			vc.detach(m.v)
			vc.save()
			return nil, nil
		}),
	}}
}

// removable is the fault for a host that cannot leave the inventory: one with machines, and one in a cluster that still works.
func (v *view) removable(inCluster bool) *fault.Failure {
	if machines := v.reg.list(v.system.Self, "vm"); len(machines) > 0 {
		return fault.InUse("HostSystem", v.name, "The host %s still has %d virtual machines", v.name, len(machines))
	}
	if inCluster && v.connected() && !v.host.state().Maintenance {
		return fault.New(&types.InvalidState{}, "The host %s must be in maintenance mode or disconnected to leave its cluster", v.name)
	}
	return nil
}

func (m *systemMethods) RebootHostTask(ctx *simulator.Context, req *types.RebootHost_Task) soap.HasFault {
	return &methods.RebootHost_TaskBody{Res: &types.RebootHost_TaskResponse{
		Returnval: m.v.reg.task(ctx, m.Self, "HostSystem.reboot", func() (types.AnyType, *fault.Failure) {
			if f := m.v.reachable(); f != nil {
				return nil, f
			}
			if !req.Force && !m.v.host.state().Maintenance {
				return nil, fault.New(&types.InvalidState{}, "The host %s is not in maintenance mode", m.v.name)
			}
			if machine := m.v.poweredOn(); machine != "" {
				return nil, fault.New(&types.InvalidState{}, "The host %s cannot reboot: the virtual machine %q runs on it", m.v.name, machine)
			}
			go m.v.host.reboot()
			return nil, nil
		}),
	}}
}

// bootDelay lets the client that asked for a reboot see that it was accepted.
const bootDelay = 500 * time.Millisecond

// reboot takes the host's endpoint away for as long as a boot takes, and brings it back with what only a boot puts into effect.
func (h *Host) reboot() {
	time.Sleep(bootDelay)
	at := h.endpoint.addr()
	vcenter := h.server.vcenter.viewOf(h)
	if vcenter != nil && vcenter.connected() {
		vcenter.setConnection(types.HostSystemConnectionStateNotResponding)
	}
	_ = h.endpoint.close()
	time.Sleep(h.server.cfg.BootTime)

	h.mu.Lock()
	if f := h.changeLocked(func(s *state) *fault.Failure { s.boot(); return nil }); f != nil {
		h.server.logf("%s: boot: %v", h.label(), f)
	}
	h.mu.Unlock()
	if err := h.endpoint.listen(context.Background(), at); err != nil {
		h.server.logf("%s: boot: %v", h.label(), err)
		return
	}
	if f := h.rescan(context.Background(), scanAll); f != nil {
		h.server.logf("%s: boot: %v", h.label(), f)
	}
	if vcenter != nil && !vcenter.connected() && *vcenter.away.Load() == types.HostSystemConnectionStateNotResponding {
		vcenter.setConnection(types.HostSystemConnectionStateConnected)
		h.mu.Lock()
		vcenter.show()
		h.mu.Unlock()
	}
}
