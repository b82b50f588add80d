// SPDX-License-Identifier: GPL-3.0-or-later

package vcenter

import (
	"cmp"
	"context"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/view"
)

// Disconnect lets go of a host.
func (vc *VCenter) Disconnect(v *view.View) *fault.Failure {
	if !v.Connected() {
		return fault.New(&types.InvalidState{}, "The host %s is not connected", v.Name)
	}
	v.SetConnection(types.HostSystemConnectionStateDisconnected)
	vc.Save()
	v.Reg.Post(&types.HostDisconnectedEvent{HostEvent: v.Event(), Reason: string(types.HostDisconnectedEventReasonCodeUserRequest)})
	return nil
}

// Reconnect connects to a host again, with new credentials when there are some.
func (vc *VCenter) Reconnect(v *view.View, spec *types.HostConnectSpec) *fault.Failure {
	if v.Connected() && (spec == nil || !spec.Force) {
		return fault.New(&types.InvalidState{}, "The host %s is connected already", v.Name)
	}
	if spec != nil && spec.UserName != "" {
		again := *spec
		again.HostName = cmp.Or(again.HostName, v.Name)
		again.Port = cmp.Or(again.Port, int32(v.Host.SdkPort()))
		found, f := vc.connect(again)
		if f != nil {
			return f
		}
		if found.host != v.Host {
			return fault.New(&types.InvalidName{Name: found.name}, "%s is another host than %s", found.name, v.Name)
		}
	} else if f := contact(v); f != nil {
		return f
	}
	v.SetConnection(types.HostSystemConnectionStateConnected)
	v.Host.Mu.Lock()
	v.Show()
	v.Host.Mu.Unlock()
	vc.Save()
	v.Reg.Post(&types.HostConnectedEvent{HostEvent: v.Event()})
	return nil
}

// contact is the fault for a host whose endpoint cannot be reached.
func contact(v *view.View) *fault.Failure {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	if _, err := PeerCertificate(ctx, v.Host.Addr().String()); err != nil {
		return fault.New(&types.NoHost{Name: v.Name}, "Cannot contact the host %s: %v", v.Name, err)
	}
	return nil
}
