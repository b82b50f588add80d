// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/view"
)

// dateTimeMethods answers HostDateTimeSystem. The hosts' clocks are the machine's own, so they are never set by hand.
type dateTimeMethods struct {
	*registry.Overlay
	v *view.View
}

func (m *dateTimeMethods) UpdateDateTimeConfig(req *types.UpdateDateTimeConfig) soap.HasFault {
	body := &methods.UpdateDateTimeConfigBody{Res: &types.UpdateDateTimeConfigResponse{}}
	body.Fault_ = m.v.Change(func(s *host.State) *fault.Failure { return s.UpdateDateTime(req.Config) }).SOAP()
	return body
}

func (m *dateTimeMethods) QueryDateTime(*types.QueryDateTime) soap.HasFault {
	body := &methods.QueryDateTimeBody{Res: &types.QueryDateTimeResponse{Returnval: time.Now().UTC()}}
	body.Fault_ = m.v.Reachable().SOAP()
	return body
}

func (m *dateTimeMethods) UpdateDateTime(*types.UpdateDateTime) soap.HasFault {
	return &methods.UpdateDateTimeBody{
		Fault_: fault.HostConfig("The clock of %s is that of the machine it runs on and cannot be set", m.v.Name).SOAP(),
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
	body.Fault_ = m.v.Reachable().SOAP()
	return body
}
