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

// serviceMethods answers HostServiceSystem.
type serviceMethods struct {
	*registry.Overlay
	v *view.View
}

func (m *serviceMethods) StartService(req *types.StartService) soap.HasFault {
	body := &methods.StartServiceBody{Res: &types.StartServiceResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.SetService(req.Id, true) }).SOAP()
	return body
}

func (m *serviceMethods) StopService(req *types.StopService) soap.HasFault {
	body := &methods.StopServiceBody{Res: &types.StopServiceResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.SetService(req.Id, false) }).SOAP()
	return body
}

func (m *serviceMethods) RestartService(req *types.RestartService) soap.HasFault {
	body := &methods.RestartServiceBody{Res: &types.RestartServiceResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.SetService(req.Id, true) }).SOAP()
	return body
}

func (m *serviceMethods) UpdateServicePolicy(req *types.UpdateServicePolicy) soap.HasFault {
	body := &methods.UpdateServicePolicyBody{Res: &types.UpdateServicePolicyResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.SetServicePolicy(req.Id, req.Policy) }).SOAP()
	return body
}

func (m *serviceMethods) RefreshServices(*types.RefreshServices) soap.HasFault {
	body := &methods.RefreshServicesBody{Res: &types.RefreshServicesResponse{}}
	body.Fault_ = m.v.Reachable().SOAP()
	return body
}
