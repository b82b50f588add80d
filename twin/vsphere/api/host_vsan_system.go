// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/view"
)

// vsanMethods answers HostVsanSystem, as a host that is in no vSAN cluster does: clients ask every host.
type vsanMethods struct {
	*registry.Overlay
	v *view.View
}

func (m *vsanMethods) QueryHostStatus(*types.QueryHostStatus) soap.HasFault {
	body := &methods.QueryHostStatusBody{Res: &types.QueryHostStatusResponse{}}
	body.Res.Returnval = types.VsanHostClusterStatus{
		Uuid: "", NodeUuid: m.v.Host.Uuid(),
		Health:    string(types.VsanHostHealthStateUnhealthy),
		NodeState: types.VsanHostClusterStatusState{State: string(types.VsanHostNodeStateError)},
	}
	body.Fault_ = m.v.Reachable().SOAP()
	return body
}
