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

// nicMethods answers HostVirtualNicManager.
type nicMethods struct {
	*registry.Overlay
	v *view.View
}

func (m *nicMethods) QueryNetConfig(req *types.QueryNetConfig) soap.HasFault {
	body := &methods.QueryNetConfigBody{Res: &types.QueryNetConfigResponse{}}
	for _, config := range m.v.Host.State().NetConfigs() {
		if config.NicType == req.NicType {
			body.Res.Returnval = &config
			return body
		}
	}
	body.Fault_ = fault.Invalid("nicType", "%q is not one of %v", req.NicType, host.NicTypes).SOAP()
	return body
}

func (m *nicMethods) SelectVnicForNicType(req *types.SelectVnicForNicType) soap.HasFault {
	body := &methods.SelectVnicForNicTypeBody{Res: &types.SelectVnicForNicTypeResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.SelectVnic(req.NicType, req.Device) }).SOAP()
	return body
}

func (m *nicMethods) DeselectVnicForNicType(req *types.DeselectVnicForNicType) soap.HasFault {
	body := &methods.DeselectVnicForNicTypeBody{Res: &types.DeselectVnicForNicTypeResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.DeselectVnic(req.NicType, req.Device) }).SOAP()
	return body
}
