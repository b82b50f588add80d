// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// AddVnic makes a VMkernel adapter on a port group and returns its device name. Faults: AlreadyExists, HostConfigFault,
// InvalidArgument, InvalidState, NotFound.
func (s *State) AddVnic(host int, portgroup string, spec types.HostVirtualNicSpec) (string, *fault.Failure) {
	portgroup = cmp.Or(portgroup, spec.Portgroup)
	if portgroup == "" && spec.DistributedVirtualPort != nil {
		return s.addVnicToSwitch(host, spec)
	}
	if s.portgroup(portgroup) == nil {
		return "", fault.NotFound("There is no port group %q", portgroup)
	}
	if nic := s.VnicOn(portgroup); nic != nil {
		return "", fault.AlreadyExists(nic.Device, "The port group %q already has the VMkernel adapter %s", portgroup, nic.Device)
	}
	return s.newVnic(host, portgroup, nil, spec)
}

// newVnic makes a VMkernel adapter on a port group, or on a port of a distributed switch.
func (s *State) newVnic(host int, portgroup string, port *types.DistributedVirtualSwitchPortConnection, spec types.HostVirtualNicSpec) (string, *fault.Failure) {
	device, number := s.freeDevice()
	nic := types.HostVirtualNic{
		Device: device, Key: vnicKey(device), Portgroup: portgroup, Port: portKey(host, number),
		Spec: types.HostVirtualNicSpec{
			Mac: vmkMAC(host, number), Portgroup: portgroup, Mtu: defaultMTU,
			TsoEnabled: types.NewBool(true), NetStackInstanceKey: defaultStack, DistributedVirtualPort: port,
		},
	}
	if spec.Ip == nil {
		spec.Ip = &types.HostIpConfig{Dhcp: true}
	}
	if f := s.applyVnic(&nic, spec); f != nil {
		return "", f
	}
	s.Network.Vnic = append(s.Network.Vnic, nic)
	if stack := nic.Spec.NetStackInstanceKey; stack == NicVMotion || stack == nicProvisioning {
		s.SelectNic(stack, device) // An adapter on a stack of its own carries that stack's traffic and no other.
	}
	s.refresh()
	return device, nil
}

// UpdateVnic reconfigures a VMkernel adapter; what spec leaves out keeps its value. Faults: HostConfigFault, InvalidArgument,
// InvalidState, NotFound.
func (s *State) UpdateVnic(device string, spec types.HostVirtualNicSpec) *fault.Failure {
	nic := s.Vnic(device)
	if nic == nil {
		return fault.NotFound("There is no VMkernel adapter %q", device)
	}
	if spec.NetStackInstanceKey != "" && spec.NetStackInstanceKey != nic.Spec.NetStackInstanceKey {
		return fault.Invalid("nic.netStackInstanceKey", "the TCP/IP stack of %s cannot be changed", device)
	}
	if group := spec.Portgroup; group != "" && group != nic.Portgroup {
		if s.portgroup(group) == nil {
			return fault.NotFound("There is no port group %q", group)
		}
		if other := s.VnicOn(group); other != nil {
			return fault.AlreadyExists(other.Device, "The port group %q already has the VMkernel adapter %s", group, other.Device)
		}
		nic.Portgroup, nic.Spec.Portgroup = group, group
	}
	if f := s.applyVnic(nic, spec); f != nil {
		return f
	}
	s.refresh()
	return nil
}

// RemoveVnic takes a VMkernel adapter away. Faults: HostConfigFault, NotFound, ResourceInUse.
func (s *State) RemoveVnic(device string) *fault.Failure {
	if s.Vnic(device) == nil {
		return fault.NotFound("There is no VMkernel adapter %q", device)
	}
	if slices.Contains(s.ISCSI.Bound, device) {
		return fault.InUse(types.HostVirtualNic{}, device, "The VMkernel adapter %s is bound to the iSCSI adapter %s", device, iscsiAdapter)
	}
	if selected := s.Carriers(nicManagement); len(selected) == 1 && selected[0] == device {
		return fault.HostConfig("The VMkernel adapter %s is the only one for management traffic", device)
	}
	s.Network.Vnic = slices.DeleteFunc(s.Network.Vnic, func(n types.HostVirtualNic) bool { return n.Device == device })
	s.refresh()
	return nil
}

// applyVnic checks a specification and puts what it names into an adapter.
func (s *State) applyVnic(nic *types.HostVirtualNic, spec types.HostVirtualNicSpec) *fault.Failure {
	if spec.Mtu != 0 && (spec.Mtu < minMTU || spec.Mtu > maxMTU) {
		return fault.Invalid("nic.mtu", "%d: an MTU is %d to %d bytes", spec.Mtu, minMTU, maxMTU)
	}
	if stack := spec.NetStackInstanceKey; stack != "" {
		if !slices.ContainsFunc(s.Network.NetStackInstance, func(n types.HostNetStackInstance) bool { return n.Key == stack }) {
			return fault.Invalid("nic.netStackInstanceKey", "the host has no TCP/IP stack %q", stack)
		}
		nic.Spec.NetStackInstanceKey = stack
	}
	if spec.Ip != nil {
		ip, f := s.checkIP(nic, *spec.Ip)
		if f != nil {
			return f
		}
		nic.Spec.Ip = ip
	}
	if spec.Mtu != 0 {
		nic.Spec.Mtu = spec.Mtu
	}
	if spec.Mac != "" {
		nic.Spec.Mac = strings.ToLower(spec.Mac)
	}
	nic.Spec.TsoEnabled = first(spec.TsoEnabled, nic.Spec.TsoEnabled)
	nic.Spec.IpRouteSpec = first(spec.IpRouteSpec, nic.Spec.IpRouteSpec)
	return nil
}

// checkIP is the address an adapter gets from a configuration.
func (s *State) checkIP(nic *types.HostVirtualNic, ip types.HostIpConfig) (*types.HostIpConfig, *fault.Failure) {
	if ip.IpV6Config != nil && !*s.Network.IpV6Enabled && len(ip.IpV6Config.IpV6Address) > 0 {
		return nil, fault.New(&types.InvalidState{}, "IPv6 is off on this host, so %s cannot have an IPv6 address", nic.Device)
	}
	if ip.Dhcp {
		return dhcpAddress(nic, ip), nil
	}
	if ip.IpAddress == "" && nic.Spec.Ip != nil {
		ip.IpAddress, ip.SubnetMask = nic.Spec.Ip.IpAddress, nic.Spec.Ip.SubnetMask
	}
	addr, err := netip.ParseAddr(ip.IpAddress)
	if err != nil || !addr.Is4() || addr.IsMulticast() || addr.IsUnspecified() {
		return nil, fault.Invalid("nic.ip.ipAddress", "%q is not the IPv4 address of an adapter", ip.IpAddress)
	}
	if bits, ok := prefixLength(ip.SubnetMask); !ok || bits == 0 || bits > 30 {
		return nil, fault.Invalid("nic.ip.subnetMask", "%q is not an IPv4 network mask", ip.SubnetMask)
	}
	for _, other := range s.Network.Vnic {
		if other.Device != nic.Device && other.Spec.Ip != nil && other.Spec.Ip.IpAddress == ip.IpAddress {
			return nil, fault.HostConfig("The address %s is already that of %s", ip.IpAddress, other.Device)
		}
	}
	return &ip, nil
}

// dhcpAddress is what DHCP gives: no server answers on these networks, so an adapter keeps the address it has, and one that has
// none takes a link-local one, as ESXi does.
func dhcpAddress(nic *types.HostVirtualNic, ip types.HostIpConfig) *types.HostIpConfig {
	result := types.HostIpConfig{Dhcp: true, IpV6Config: ip.IpV6Config}
	if nic.Spec.Ip != nil && nic.Spec.Ip.IpAddress != "" {
		result.IpAddress, result.SubnetMask = nic.Spec.Ip.IpAddress, nic.Spec.Ip.SubnetMask
		return &result
	}
	var a, b int
	if _, err := fmt.Sscanf(nic.Spec.Mac[len(nic.Spec.Mac)-5:], "%x:%x", &a, &b); err == nil {
		result.IpAddress, result.SubnetMask = fmt.Sprintf("169.254.%d.%d", a, b+1), "255.255.0.0"
	}
	return &result
}

// fitsMTU refuses a change after which a VMkernel adapter sends longer frames than its switch takes. What was so before stays.
func (s *State) fitsMTU(before *State) *fault.Failure {
	for i := range s.Network.Vnic {
		nic := &s.Network.Vnic[i]
		own, limit := s.mtus(nic.Device)
		if own <= limit {
			continue
		}
		if was, had := before.mtus(nic.Device); was == own && had == limit {
			continue
		}
		return fault.HostConfig("The MTU of %s is %d, more than the %d of its virtual switch", nic.Device, own, limit)
	}
	return nil
}

// mtus are the MTUs of a VMkernel adapter and of the switch that it is on; 0 for what is not there.
func (s *State) mtus(device string) (own, limit int32) {
	nic := s.Vnic(device)
	if nic == nil {
		return 0, 0
	}
	if group := s.portgroup(nic.Portgroup); group != nil {
		if sw := s.vswitch(group.Spec.VswitchName); sw != nil {
			return nic.Spec.Mtu, sw.Spec.Mtu
		}
	}
	return nic.Spec.Mtu, nic.Spec.Mtu
}
