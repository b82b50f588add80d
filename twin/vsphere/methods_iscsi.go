// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// iscsiMethods answers IscsiManager.
type iscsiMethods struct {
	*overlay
	v *view
}

func (m *iscsiMethods) QueryBoundVnics(req *types.QueryBoundVnics) soap.HasFault {
	body := &methods.QueryBoundVnicsBody{Res: &types.QueryBoundVnicsResponse{}}
	s := m.v.host.state()
	body.Res.Returnval = m.v.portInfos(s.ISCSI.Bound)
	body.Fault_ = fault.First(m.v.reachable(), s.checkHBA(req.IScsiHbaName)).SOAP()
	return body
}

func (m *iscsiMethods) QueryCandidateNics(req *types.QueryCandidateNics) soap.HasFault {
	body := &methods.QueryCandidateNicsBody{Res: &types.QueryCandidateNicsResponse{}}
	s := m.v.host.state()
	body.Res.Returnval = m.v.portInfos(s.candidates())
	body.Fault_ = fault.First(m.v.reachable(), s.checkHBA(req.IScsiHbaName)).SOAP()
	return body
}

func (m *iscsiMethods) BindVnic(req *types.BindVnic) soap.HasFault {
	body := &methods.BindVnicBody{Res: &types.BindVnicResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.bindVnic(req.IScsiHbaName, req.VnicDevice) }).SOAP()
	return body
}

func (m *iscsiMethods) UnbindVnic(req *types.UnbindVnic) soap.HasFault {
	body := &methods.UnbindVnicBody{Res: &types.UnbindVnicResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure {
		return s.unbindVnic(req.IScsiHbaName, req.VnicDevice, req.Force, m.v.host.storage.Load().activePaths())
	}).SOAP()
	return body
}

func (m *iscsiMethods) QueryVnicStatus(req *types.QueryVnicStatus) soap.HasFault {
	body := &methods.QueryVnicStatusBody{Res: &types.QueryVnicStatusResponse{}}
	s := m.v.host.state()
	if s.vnic(req.VnicDevice) == nil {
		body.Fault_ = fault.New(&types.IscsiFaultVnicNotFound{VnicDevice: req.VnicDevice}, "The host has no VMkernel adapter %q", req.VnicDevice).SOAP()
		return body
	}
	body.Res.Returnval = *s.portInfo(req.VnicDevice, false).ComplianceStatus
	return body
}

func (m *iscsiMethods) QueryPnicStatus(req *types.QueryPnicStatus) soap.HasFault {
	body := &methods.QueryPnicStatusBody{Res: &types.QueryPnicStatusResponse{}}
	if m.v.host.state().pnic(req.PnicDevice) == nil {
		body.Fault_ = fault.NotFound("The host has no physical adapter %q", req.PnicDevice).SOAP()
	}
	return body
}

// portInfos is what there is to say of some VMkernel adapters.
func (v *view) portInfos(devices []string) []types.IscsiPortInfo {
	var infos []types.IscsiPortInfo
	for _, device := range devices {
		infos = append(infos, v.host.state().portInfo(device, v.host.storage.Load().activePaths()))
	}
	return infos
}
