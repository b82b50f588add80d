// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"slices"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/machines/move"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// instanceMethods answers ServiceInstance.
type instanceMethods struct {
	*registry.Overlay
	inv *machines.Inventory
}

// compatibilities are the kinds that QueryVMotionCompatibility examines. All hosts have the same processors.
var compatibilities = []string{string(types.VMotionCompatibilityTypeCpu), string(types.VMotionCompatibilityTypeSoftware)}

// QueryVMotionCompatibility says of each host which kinds of compatibility it has with the machine.
func (s *instanceMethods) QueryVMotionCompatibility(req *types.QueryVMotionCompatibility) soap.HasFault {
	mc := s.inv.Machine(req.Vm)
	if mc == nil {
		return &methods.QueryVMotionCompatibilityBody{Fault_: fault.Gone(req.Vm).SOAP()}
	}
	asked := req.Compatibility
	if len(asked) == 0 {
		asked = compatibilities
	}
	body := &methods.QueryVMotionCompatibilityBody{Res: &types.QueryVMotionCompatibilityResponse{}}
	for _, target := range req.Host {
		fit := types.HostVMotionCompatibility{Host: target}
		software := len(move.CheckHost(s.inv, mc, req.Vm, target).Error) == 0
		for _, kind := range compatibilities {
			if slices.Contains(asked, kind) && (software || kind == string(types.VMotionCompatibilityTypeCpu)) {
				fit.Compatibility = append(fit.Compatibility, kind)
			}
		}
		body.Res.Returnval = append(body.Res.Returnval, fit)
	}
	return body
}
