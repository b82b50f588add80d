// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// nicMethods answers HostVirtualNicManager.
type nicMethods struct {
	*overlay
	v *view
}

func (m *nicMethods) QueryNetConfig(req *types.QueryNetConfig) soap.HasFault {
	body := &methods.QueryNetConfigBody{Res: &types.QueryNetConfigResponse{}}
	for _, config := range m.v.host.state().netConfigs() {
		if config.NicType == req.NicType {
			body.Res.Returnval = &config
			return body
		}
	}
	body.Fault_ = fault.Invalid("nicType", "%q is not one of %v", req.NicType, nicTypes).SOAP()
	return body
}

func (m *nicMethods) SelectVnicForNicType(req *types.SelectVnicForNicType) soap.HasFault {
	body := &methods.SelectVnicForNicTypeBody{Res: &types.SelectVnicForNicTypeResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.selectVnic(req.NicType, req.Device) }).SOAP()
	return body
}

func (m *nicMethods) DeselectVnicForNicType(req *types.DeselectVnicForNicType) soap.HasFault {
	body := &methods.DeselectVnicForNicTypeBody{Res: &types.DeselectVnicForNicTypeResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure { return s.deselectVnic(req.NicType, req.Device) }).SOAP()
	return body
}

// vmotionMethods answers HostVMotionSystem, the interface that HostVirtualNicManager replaced and old clients still use. It knows
// one adapter for vMotion at a time.
type vmotionMethods struct {
	*overlay
	v *view
}

func (m *vmotionMethods) SelectVnic(req *types.SelectVnic) soap.HasFault {
	body := &methods.SelectVnicBody{Res: &types.SelectVnicResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure {
		if f := s.checkSelection(nicVMotion, req.Device); f != nil {
			return f
		}
		s.clearSelection(nicVMotion)
		s.selectNic(nicVMotion, req.Device)
		return nil
	}).SOAP()
	return body
}

func (m *vmotionMethods) DeselectVnic(*types.DeselectVnic) soap.HasFault {
	body := &methods.DeselectVnicBody{Res: &types.DeselectVnicResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure {
		s.clearSelection(nicVMotion)
		return nil
	}).SOAP()
	return body
}

func (m *vmotionMethods) UpdateIpConfig(req *types.UpdateIpConfig) soap.HasFault {
	body := &methods.UpdateIpConfigBody{Res: &types.UpdateIpConfigResponse{}}
	body.Fault_ = m.v.change(func(s *state) *fault.Failure {
		devices := s.selected(nicVMotion)
		if len(devices) == 0 {
			return fault.New(&types.NotFound{}, "No VMkernel adapter carries vMotion traffic")
		}
		return s.updateVnic(devices[0], types.HostVirtualNicSpec{Ip: &req.IpConfig})
	}).SOAP()
	return body
}

// clearSelection takes a kind of traffic from every adapter.
func (s *state) clearSelection(nicType string) {
	for i := range s.Selected {
		if s.Selected[i].NicType == nicType {
			s.Selected[i].Devices = nil
		}
	}
}
