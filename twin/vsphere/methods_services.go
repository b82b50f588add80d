// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// serviceMethods answers HostServiceSystem.
type serviceMethods struct {
	*overlay
	v *view
}

func (m *serviceMethods) StartService(req *types.StartService) soap.HasFault {
	body := &methods.StartServiceBody{Res: &types.StartServiceResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.setService(req.Id, true) }).SOAP()
	return body
}

func (m *serviceMethods) StopService(req *types.StopService) soap.HasFault {
	body := &methods.StopServiceBody{Res: &types.StopServiceResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.setService(req.Id, false) }).SOAP()
	return body
}

func (m *serviceMethods) RestartService(req *types.RestartService) soap.HasFault {
	body := &methods.RestartServiceBody{Res: &types.RestartServiceResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.setService(req.Id, true) }).SOAP()
	return body
}

func (m *serviceMethods) UpdateServicePolicy(req *types.UpdateServicePolicy) soap.HasFault {
	body := &methods.UpdateServicePolicyBody{Res: &types.UpdateServicePolicyResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.setServicePolicy(req.Id, req.Policy) }).SOAP()
	return body
}

func (m *serviceMethods) RefreshServices(*types.RefreshServices) soap.HasFault {
	body := &methods.RefreshServicesBody{Res: &types.RefreshServicesResponse{}}
	body.Fault_ = m.v.reachable().SOAP()
	return body
}

// dateTimeMethods answers HostDateTimeSystem. The hosts' clocks are the machine's own, so they are never set by hand.
type dateTimeMethods struct {
	*overlay
	v *view
}

func (m *dateTimeMethods) UpdateDateTimeConfig(req *types.UpdateDateTimeConfig) soap.HasFault {
	body := &methods.UpdateDateTimeConfigBody{Res: &types.UpdateDateTimeConfigResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.updateDateTime(req.Config) }).SOAP()
	return body
}

func (m *dateTimeMethods) QueryDateTime(*types.QueryDateTime) soap.HasFault {
	body := &methods.QueryDateTimeBody{Res: &types.QueryDateTimeResponse{Returnval: time.Now().UTC()}}
	body.Fault_ = m.v.reachable().SOAP()
	return body
}

func (m *dateTimeMethods) UpdateDateTime(*types.UpdateDateTime) soap.HasFault {
	return &methods.UpdateDateTimeBody{
		Fault_: fault.HostConfig("The clock of %s is that of the machine it runs on and cannot be set", m.v.name).SOAP(),
	}
}

func (m *dateTimeMethods) QueryAvailableTimeZones(*types.QueryAvailableTimeZones) soap.HasFault {
	zone := types.HostDateTimeSystemTimeZone{Key: "UTC", Name: "UTC", Description: "UTC"}
	return &methods.QueryAvailableTimeZonesBody{
		Res: &types.QueryAvailableTimeZonesResponse{Returnval: []types.HostDateTimeSystemTimeZone{zone}},
	}
}

func (m *dateTimeMethods) RefreshDateTimeSystem(*types.RefreshDateTimeSystem) soap.HasFault {
	body := &methods.RefreshDateTimeSystemBody{Res: &types.RefreshDateTimeSystemResponse{}}
	body.Fault_ = m.v.reachable().SOAP()
	return body
}
