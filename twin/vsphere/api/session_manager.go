// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// sessionMethods answers SessionManager.
type sessionMethods struct {
	*registry.Overlay
	reg  *registry.Registry
	host func() string
}

// AcquireGenericServiceTicket gives a ticket for one transfer of a file.
func (m *sessionMethods) AcquireGenericServiceTicket(*types.AcquireGenericServiceTicket) soap.HasFault {
	return &methods.AcquireGenericServiceTicketBody{Res: &types.AcquireGenericServiceTicketResponse{
		Returnval: types.SessionManagerGenericServiceTicket{Id: m.reg.Ticket(), HostName: m.host()},
	}}
}

// LoginByToken lets nobody in: there is no single sign-on service here whose tokens could be checked, and the simulator takes any.
func (m *sessionMethods) LoginByToken(*types.LoginByToken) soap.HasFault {
	return &methods.LoginByTokenBody{Fault_: fault.New(&types.InvalidLogin{}, "Tokens are not accepted here: log in with user name and password").SOAP()}
}
