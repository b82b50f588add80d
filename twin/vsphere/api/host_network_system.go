// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/view"
)

// networkMethods answers HostNetworkSystem.
type networkMethods struct {
	*registry.Overlay
	v *view.View
}

func (m *networkMethods) AddVirtualSwitch(req *types.AddVirtualSwitch) soap.HasFault {
	body := &methods.AddVirtualSwitchBody{Res: &types.AddVirtualSwitchResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.AddSwitch(req.VswitchName, req.Spec) }).SOAP()
	return body
}

func (m *networkMethods) UpdateVirtualSwitch(req *types.UpdateVirtualSwitch) soap.HasFault {
	body := &methods.UpdateVirtualSwitchBody{Res: &types.UpdateVirtualSwitchResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.UpdateSwitch(req.VswitchName, &req.Spec) }).SOAP()
	return body
}

func (m *networkMethods) RemoveVirtualSwitch(req *types.RemoveVirtualSwitch) soap.HasFault {
	body := &methods.RemoveVirtualSwitchBody{Res: &types.RemoveVirtualSwitchResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure {
		if f := m.switchUnused(s, req.VswitchName); f != nil {
			return f
		}
		return s.RemoveSwitch(req.VswitchName)
	}).SOAP()
	return body
}

func (m *networkMethods) AddPortGroup(req *types.AddPortGroup) soap.HasFault {
	body := &methods.AddPortGroupBody{Res: &types.AddPortGroupResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.AddPortgroup(req.Portgrp) }).SOAP()
	return body
}

func (m *networkMethods) UpdatePortGroup(req *types.UpdatePortGroup) soap.HasFault {
	body := &methods.UpdatePortGroupBody{Res: &types.UpdatePortGroupResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.UpdatePortgroup(req.PgName, req.Portgrp) }).SOAP()
	return body
}

func (m *networkMethods) RemovePortGroup(req *types.RemovePortGroup) soap.HasFault {
	body := &methods.RemovePortGroupBody{Res: &types.RemovePortGroupResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure {
		if f := m.unusedByMachines(req.PgName); f != nil {
			return f
		}
		return s.RemovePortgroup(req.PgName)
	}).SOAP()
	return body
}

func (m *networkMethods) AddVirtualNic(req *types.AddVirtualNic) soap.HasFault {
	body := &methods.AddVirtualNicBody{Res: &types.AddVirtualNicResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) (f *fault.Failure) {
		body.Res.Returnval, f = s.AddVnic(m.v.Host.Cfg.Number, req.Portgroup, req.Nic)
		return f
	}).SOAP()
	return body
}

func (m *networkMethods) UpdateVirtualNic(req *types.UpdateVirtualNic) soap.HasFault {
	body := &methods.UpdateVirtualNicBody{Res: &types.UpdateVirtualNicResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.UpdateVnic(req.Device, req.Nic) }).SOAP()
	return body
}

func (m *networkMethods) RemoveVirtualNic(req *types.RemoveVirtualNic) soap.HasFault {
	body := &methods.RemoveVirtualNicBody{Res: &types.RemoveVirtualNicResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.RemoveVnic(req.Device) }).SOAP()
	return body
}

func (m *networkMethods) UpdateNetworkConfig(req *types.UpdateNetworkConfig) soap.HasFault {
	body := &methods.UpdateNetworkConfigBody{Res: &types.UpdateNetworkConfigResponse{}}
	if req.ChangeMode != string(types.HostConfigChangeModeModify) {
		body.Fault_ = fault.New(&types.NotSupported{}, "The change mode %q is not supported: use %q", req.ChangeMode, types.HostConfigChangeModeModify).SOAP()
		return body
	}
	body.Fault_ = m.v.Change(func(s *host.State) (f *fault.Failure) {
		if f := m.removesUnused(s, req.Config); f != nil {
			return f
		}
		body.Res.Returnval.VnicDevice, f = s.ApplyConfig(m.v.Host.Cfg.Number, req.Config)
		return f
	}).SOAP()
	return body
}

func (m *networkMethods) UpdateDnsConfig(req *types.UpdateDnsConfig) soap.HasFault {
	body := &methods.UpdateDnsConfigBody{Res: &types.UpdateDnsConfigResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.UpdateDNS(req.Config) }).SOAP()
	return body
}

func (m *networkMethods) UpdateIpRouteConfig(req *types.UpdateIpRouteConfig) soap.HasFault {
	body := &methods.UpdateIpRouteConfigBody{Res: &types.UpdateIpRouteConfigResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.UpdateRoute(req.Config) }).SOAP()
	return body
}

func (m *networkMethods) UpdateConsoleIpRouteConfig(req *types.UpdateConsoleIpRouteConfig) soap.HasFault {
	body := &methods.UpdateConsoleIpRouteConfigBody{Res: &types.UpdateConsoleIpRouteConfigResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.UpdateRoute(req.Config) }).SOAP()
	return body
}

func (m *networkMethods) QueryNetworkHint(req *types.QueryNetworkHint) soap.HasFault {
	body := &methods.QueryNetworkHintBody{Res: &types.QueryNetworkHintResponse{}}
	if f := m.v.Reachable(); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	var f *fault.Failure
	body.Res.Returnval, f = m.v.Host.State().Hints(req.Device)
	body.Fault_ = f.SOAP()
	return body
}

func (m *networkMethods) RefreshNetworkSystem(*types.RefreshNetworkSystem) soap.HasFault {
	body := &methods.RefreshNetworkSystemBody{Res: &types.RefreshNetworkSystemResponse{}}
	body.Fault_ = m.v.Reachable().SOAP()
	return body
}

// removesUnused is the fault for a configuration that takes away what a machine is connected to.
func (m *networkMethods) removesUnused(s *host.State, config types.HostNetworkConfig) *fault.Failure {
	const remove = string(types.HostConfigChangeOperationRemove)
	for _, c := range config.Portgroup {
		if c.ChangeOperation == remove && c.Spec != nil {
			if f := m.unusedByMachines(c.Spec.Name); f != nil {
				return f
			}
		}
	}
	for _, c := range config.Vswitch {
		if c.ChangeOperation == remove {
			if f := m.switchUnused(s, c.Name); f != nil {
				return f
			}
		}
	}
	return nil
}

// switchUnused is the fault for a virtual switch that a machine is connected to.
func (m *networkMethods) switchUnused(s *host.State, name string) *fault.Failure {
	for _, group := range s.Network.Portgroup {
		if group.Spec.VswitchName != name {
			continue
		}
		if machine := m.v.MachineOn(group.Spec.Name); machine != "" {
			return fault.InUse(types.HostVirtualSwitch{}, name, "The virtual switch %q is in use: the virtual machine %q is on its port group %q",
				name, machine, group.Spec.Name)
		}
	}
	return nil
}

// unusedByMachines is the fault for a port group that a machine is connected to.
func (m *networkMethods) unusedByMachines(portgroup string) *fault.Failure {
	if machine := m.v.MachineOn(portgroup); machine != "" {
		return fault.InUse(types.HostPortGroup{}, portgroup, "The port group %q is in use by the virtual machine %q", portgroup, machine)
	}
	return nil
}
