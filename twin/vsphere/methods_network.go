// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"slices"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// networkMethods answers HostNetworkSystem.
type networkMethods struct {
	*overlay
	v *view
}

func (m *networkMethods) AddVirtualSwitch(req *types.AddVirtualSwitch) soap.HasFault {
	body := &methods.AddVirtualSwitchBody{Res: &types.AddVirtualSwitchResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.addSwitch(req.VswitchName, req.Spec) }).SOAP()
	return body
}

func (m *networkMethods) UpdateVirtualSwitch(req *types.UpdateVirtualSwitch) soap.HasFault {
	body := &methods.UpdateVirtualSwitchBody{Res: &types.UpdateVirtualSwitchResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.updateSwitch(req.VswitchName, &req.Spec) }).SOAP()
	return body
}

func (m *networkMethods) RemoveVirtualSwitch(req *types.RemoveVirtualSwitch) soap.HasFault {
	body := &methods.RemoveVirtualSwitchBody{Res: &types.RemoveVirtualSwitchResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure {
		for _, group := range s.Network.Portgroup {
			if f := m.unusedByMachines(group.Spec.Name); f != nil && group.Spec.VswitchName == req.VswitchName {
				return f
			}
		}
		return s.removeSwitch(req.VswitchName)
	}).SOAP()
	return body
}

func (m *networkMethods) AddPortGroup(req *types.AddPortGroup) soap.HasFault {
	body := &methods.AddPortGroupBody{Res: &types.AddPortGroupResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.addPortgroup(req.Portgrp) }).SOAP()
	return body
}

func (m *networkMethods) UpdatePortGroup(req *types.UpdatePortGroup) soap.HasFault {
	body := &methods.UpdatePortGroupBody{Res: &types.UpdatePortGroupResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.updatePortgroup(req.PgName, req.Portgrp) }).SOAP()
	return body
}

func (m *networkMethods) RemovePortGroup(req *types.RemovePortGroup) soap.HasFault {
	body := &methods.RemovePortGroupBody{Res: &types.RemovePortGroupResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure {
		if f := m.unusedByMachines(req.PgName); f != nil {
			return f
		}
		return s.removePortgroup(req.PgName)
	}).SOAP()
	return body
}

func (m *networkMethods) AddVirtualNic(req *types.AddVirtualNic) soap.HasFault {
	body := &methods.AddVirtualNicBody{Res: &types.AddVirtualNicResponse{}}
	body.Fault_ = m.v.change(func(s *state) (f *fault.Failure) {
		body.Res.Returnval, f = s.addVnic(m.v.host.cfg.Number, req.Portgroup, req.Nic)
		return f
	}).SOAP()
	return body
}

func (m *networkMethods) UpdateVirtualNic(req *types.UpdateVirtualNic) soap.HasFault {
	body := &methods.UpdateVirtualNicBody{Res: &types.UpdateVirtualNicResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.updateVnic(req.Device, req.Nic) }).SOAP()
	return body
}

func (m *networkMethods) RemoveVirtualNic(req *types.RemoveVirtualNic) soap.HasFault {
	body := &methods.RemoveVirtualNicBody{Res: &types.RemoveVirtualNicResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.removeVnic(req.Device) }).SOAP()
	return body
}

func (m *networkMethods) UpdateNetworkConfig(req *types.UpdateNetworkConfig) soap.HasFault {
	body := &methods.UpdateNetworkConfigBody{Res: &types.UpdateNetworkConfigResponse{}}
	if req.ChangeMode != string(types.HostConfigChangeModeModify) {
		body.Fault_ = fault.New(&types.NotSupported{}, "The change mode %q is not supported: use %q", req.ChangeMode, types.HostConfigChangeModeModify).SOAP()
		return body
	}
	body.Fault_ = m.v.change(func(s *state) (f *fault.Failure) {
		body.Res.Returnval.VnicDevice, f = s.applyConfig(m.v.host.cfg.Number, req.Config)
		return f
	}).SOAP()
	return body
}

func (m *networkMethods) UpdateDnsConfig(req *types.UpdateDnsConfig) soap.HasFault {
	body := &methods.UpdateDnsConfigBody{Res: &types.UpdateDnsConfigResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.updateDNS(req.Config) }).SOAP()
	return body
}

func (m *networkMethods) UpdateIpRouteConfig(req *types.UpdateIpRouteConfig) soap.HasFault {
	body := &methods.UpdateIpRouteConfigBody{Res: &types.UpdateIpRouteConfigResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.updateRoute(req.Config) }).SOAP()
	return body
}

func (m *networkMethods) UpdateConsoleIpRouteConfig(req *types.UpdateConsoleIpRouteConfig) soap.HasFault {
	body := &methods.UpdateConsoleIpRouteConfigBody{Res: &types.UpdateConsoleIpRouteConfigResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.updateRoute(req.Config) }).SOAP()
	return body
}

func (m *networkMethods) QueryNetworkHint(req *types.QueryNetworkHint) soap.HasFault {
	body := &methods.QueryNetworkHintBody{Res: &types.QueryNetworkHintResponse{}}
	if f := m.v.reachable(); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	var f *fault.Failure
	body.Res.Returnval, f = m.v.host.state().hints(req.Device)
	body.Fault_ = f.SOAP()
	return body
}

func (m *networkMethods) RefreshNetworkSystem(*types.RefreshNetworkSystem) soap.HasFault {
	body := &methods.RefreshNetworkSystemBody{Res: &types.RefreshNetworkSystemResponse{}}
	body.Fault_ = m.v.reachable().SOAP()
	return body
}

// unusedByMachines is the fault for a port group that a machine is connected to.
func (m *networkMethods) unusedByMachines(portgroup string) *fault.Failure {
	if machine := m.v.machineOn(portgroup); machine != "" {
		return fault.InUse("PortGroup", portgroup, "The port group %q is in use by the virtual machine %q", portgroup, machine)
	}
	return nil
}

// hints are the networks seen on physical adapters, all of them when none is named: those of the VMkernel adapters behind them.
func (s *state) hints(devices []string) ([]types.PhysicalNicHintInfo, *fault.Failure) {
	if len(devices) == 0 {
		for _, nic := range s.Network.Pnic {
			devices = append(devices, nic.Device)
		}
	}
	var hints []types.PhysicalNicHintInfo
	for _, device := range devices {
		if s.pnic(device) == nil {
			return nil, fault.NotFound("The host has no physical adapter %q", device)
		}
		hints = append(hints, types.PhysicalNicHintInfo{Device: device, Subnet: s.subnetsBehind(device)})
	}
	return hints, nil
}

func (s *state) subnetsBehind(pnic string) []types.PhysicalNicIpHint {
	var subnets []types.PhysicalNicIpHint
	for _, group := range s.Network.Portgroup {
		sw, nic := s.vswitch(group.Spec.VswitchName), s.vnicOn(group.Spec.Name)
		if sw == nil || nic == nil || !slices.Contains(uplinks(sw.Spec.Bridge), pnic) {
			continue
		}
		if network, ok := subnet(nic.Spec.Ip); ok {
			subnets = append(subnets, types.PhysicalNicIpHint{
				PhysicalNicHint: types.PhysicalNicHint{VlanId: group.Spec.VlanId}, IpSubnet: network.Masked().String(),
			})
		}
	}
	return subnets
}
