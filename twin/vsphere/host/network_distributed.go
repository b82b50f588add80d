// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// A distributed switch is vCenter's; what a host has of it is a proxy switch, with the host's own uplinks.

// proxySwitch is the host's part of a distributed switch, nil when it is not a member.
func (s *State) proxySwitch(uuid string) *types.HostProxySwitch {
	for i := range s.Network.ProxySwitch {
		if s.Network.ProxySwitch[i].DvsUuid == uuid {
			return &s.Network.ProxySwitch[i]
		}
	}
	return nil
}

// SwitchUplinks are the physical adapters that the host has given a distributed switch.
func (s *State) SwitchUplinks(uuid string) (nics []string) {
	if proxy := s.proxySwitch(uuid); proxy != nil {
		for _, spec := range proxy.Spec.Backing.(*types.DistributedVirtualSwitchHostMemberPnicBacking).PnicSpec {
			nics = append(nics, spec.PnicDevice)
		}
	}
	return nics
}

// JoinSwitch makes the host a member of a distributed switch, with physical adapters as its uplinks. Faults: AlreadyExists,
// InvalidArgument, ResourceInUse.
func (s *State) JoinSwitch(uuid, name string, nics []string) *fault.Failure {
	if s.proxySwitch(uuid) != nil {
		return fault.AlreadyExists(name, "The host is a member of the distributed switch %q already", name)
	}
	if f := s.checkUplinks("", nics); f != nil {
		return f
	}
	backing := &types.DistributedVirtualSwitchHostMemberPnicBacking{}
	proxy := types.HostProxySwitch{
		DvsUuid: uuid, DvsName: name, Key: "DvsPortset-" + uuid, NumPorts: totalPorts, NumPortsAvailable: totalPorts - int32(len(nics)), Mtu: defaultMTU,
	}
	for _, device := range nics {
		proxy.Pnic = append(proxy.Pnic, pnicKey(device))
		backing.PnicSpec = append(backing.PnicSpec, types.DistributedVirtualSwitchHostMemberPnicSpec{PnicDevice: device})
	}
	proxy.Spec.Backing = backing
	s.Network.ProxySwitch = append(s.Network.ProxySwitch, proxy)
	s.refresh()
	return nil
}

// LeaveSwitch ends the host's membership of a distributed switch. Faults: NotFound, ResourceInUse.
func (s *State) LeaveSwitch(uuid, name string) *fault.Failure {
	if s.proxySwitch(uuid) == nil {
		return fault.NotFound("The host is no member of the distributed switch %q", name)
	}
	for _, nic := range s.Network.Vnic {
		if port := nic.Spec.DistributedVirtualPort; port != nil && port.SwitchUuid == uuid {
			return fault.InUse(types.HostProxySwitch{}, name, "The distributed switch %q is in use: it carries %s", name, nic.Device)
		}
	}
	s.Network.ProxySwitch = slices.DeleteFunc(s.Network.ProxySwitch, func(p types.HostProxySwitch) bool { return p.DvsUuid == uuid })
	s.refresh()
	return nil
}

// addVnicToSwitch makes a VMkernel adapter on a port of a distributed switch and returns its device name. Faults: HostConfigFault,
// InvalidArgument, InvalidState, NotFound.
func (s *State) addVnicToSwitch(host int, spec types.HostVirtualNicSpec) (string, *fault.Failure) {
	port := *spec.DistributedVirtualPort
	if s.proxySwitch(port.SwitchUuid) == nil {
		return "", fault.NotFound("The host is no member of a distributed switch with the UUID %q", port.SwitchUuid)
	}
	return s.newVnic(host, "", &port, spec)
}
