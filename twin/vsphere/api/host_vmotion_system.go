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

// vmotionMethods answers HostVMotionSystem, the interface that HostVirtualNicManager replaced and old clients still use. It knows
// one adapter for vMotion at a time.
type vmotionMethods struct {
	*registry.Overlay
	v *view.View
}

func (m *vmotionMethods) SelectVnic(req *types.SelectVnic) soap.HasFault {
	body := &methods.SelectVnicBody{Res: &types.SelectVnicResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure {
		if f := s.CheckSelection(host.NicVMotion, req.Device); f != nil {
			return f
		}
		s.ClearSelection(host.NicVMotion)
		s.SelectNic(host.NicVMotion, req.Device)
		return nil
	}).SOAP()
	return body
}

func (m *vmotionMethods) DeselectVnic(*types.DeselectVnic) soap.HasFault {
	body := &methods.DeselectVnicBody{Res: &types.DeselectVnicResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure {
		s.ClearSelection(host.NicVMotion)
		return nil
	}).SOAP()
	return body
}

func (m *vmotionMethods) UpdateIpConfig(req *types.UpdateIpConfig) soap.HasFault {
	body := &methods.UpdateIpConfigBody{Res: &types.UpdateIpConfigResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure {
		devices := s.Carriers(host.NicVMotion)
		if len(devices) == 0 {
			return fault.New(&types.NotFound{}, "No VMkernel adapter carries vMotion traffic")
		}
		return s.UpdateVnic(devices[0], types.HostVirtualNicSpec{Ip: &req.IpConfig})
	}).SOAP()
	return body
}
