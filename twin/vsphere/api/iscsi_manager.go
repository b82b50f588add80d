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

// iscsiMethods answers IscsiManager.
type iscsiMethods struct {
	*registry.Overlay
	v *view.View
}

func (m *iscsiMethods) QueryBoundVnics(req *types.QueryBoundVnics) soap.HasFault {
	body := &methods.QueryBoundVnicsBody{Res: &types.QueryBoundVnicsResponse{}}
	s := m.v.Host.State()
	body.Res.Returnval = m.v.Host.PortInfos(s.ISCSI.Bound)
	body.Fault_ = fault.First(m.v.Reachable(), s.CheckHBA(req.IScsiHbaName)).SOAP()
	return body
}

func (m *iscsiMethods) QueryCandidateNics(req *types.QueryCandidateNics) soap.HasFault {
	body := &methods.QueryCandidateNicsBody{Res: &types.QueryCandidateNicsResponse{}}
	s := m.v.Host.State()
	body.Res.Returnval = m.v.Host.PortInfos(s.Candidates())
	body.Fault_ = fault.First(m.v.Reachable(), s.CheckHBA(req.IScsiHbaName)).SOAP()
	return body
}

func (m *iscsiMethods) BindVnic(req *types.BindVnic) soap.HasFault {
	body := &methods.BindVnicBody{Res: &types.BindVnicResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.BindVnic(req.IScsiHbaName, req.VnicDevice) }).SOAP()
	return body
}

func (m *iscsiMethods) UnbindVnic(req *types.UnbindVnic) soap.HasFault {
	body := &methods.UnbindVnicBody{Res: &types.UnbindVnicResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure {
		return s.UnbindVnic(req.IScsiHbaName, req.VnicDevice, req.Force, m.v.Host.Storage.Load().ActivePaths())
	}).SOAP()
	return body
}

func (m *iscsiMethods) QueryVnicStatus(req *types.QueryVnicStatus) soap.HasFault {
	body := &methods.QueryVnicStatusBody{Res: &types.QueryVnicStatusResponse{}}
	s := m.v.Host.State()
	if s.Vnic(req.VnicDevice) == nil {
		body.Fault_ = fault.New(&types.IscsiFaultVnicNotFound{VnicDevice: req.VnicDevice}, "The host has no VMkernel adapter %q", req.VnicDevice).SOAP()
		return body
	}
	body.Res.Returnval = *s.PortInfo(req.VnicDevice, false).ComplianceStatus
	return body
}

func (m *iscsiMethods) QueryPnicStatus(req *types.QueryPnicStatus) soap.HasFault {
	body := &methods.QueryPnicStatusBody{Res: &types.QueryPnicStatusResponse{}}
	if m.v.Host.State().Pnic(req.PnicDevice) == nil {
		body.Fault_ = fault.NotFound("The host has no physical adapter %q", req.PnicDevice).SOAP()
	}
	return body
}
