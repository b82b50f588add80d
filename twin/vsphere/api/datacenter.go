// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/vcenter"
)

// datacenterMethods answers what a client asks about a host before it adds it.
type datacenterMethods struct {
	*registry.Overlay
	vc *vcenter.VCenter
}

func (m *datacenterMethods) QueryConnectionInfo(req *types.QueryConnectionInfo) soap.HasFault {
	body := &methods.QueryConnectionInfoBody{Res: &types.QueryConnectionInfoResponse{}}
	info, f := m.vc.Query(types.HostConnectSpec{
		HostName: req.Hostname, Port: req.Port, UserName: req.Username, Password: req.Password, SslThumbprint: req.SslThumbprint,
	})
	body.Res.Returnval, body.Fault_ = info, f.SOAP()
	return body
}

func (m *datacenterMethods) QueryConnectionInfoViaSpec(req *types.QueryConnectionInfoViaSpec) soap.HasFault {
	body := &methods.QueryConnectionInfoViaSpecBody{Res: &types.QueryConnectionInfoViaSpecResponse{}}
	info, f := m.vc.Query(req.Spec)
	body.Res.Returnval, body.Fault_ = info, f.SOAP()
	return body
}
