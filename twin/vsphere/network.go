// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// The functions on state in the network_*.go files are the rules of a host's network. They work on a state's copy and
// either change it as asked or return the fault that the API reference names.

func (s *state) vswitch(name string) *types.HostVirtualSwitch {
	for i := range s.Network.Vswitch {
		if s.Network.Vswitch[i].Name == name {
			return &s.Network.Vswitch[i]
		}
	}
	return nil
}

func (s *state) portgroup(name string) *types.HostPortGroup {
	for i := range s.Network.Portgroup {
		if s.Network.Portgroup[i].Spec.Name == name {
			return &s.Network.Portgroup[i]
		}
	}
	return nil
}

func (s *state) vnic(device string) *types.HostVirtualNic {
	for i := range s.Network.Vnic {
		if s.Network.Vnic[i].Device == device {
			return &s.Network.Vnic[i]
		}
	}
	return nil
}

func (s *state) pnic(device string) *types.PhysicalNic {
	for i := range s.Network.Pnic {
		if s.Network.Pnic[i].Device == device {
			return &s.Network.Pnic[i]
		}
	}
	return nil
}

// vnicOn is the VMkernel adapter on a port group, nil for none. A port group holds at most one.
func (s *state) vnicOn(portgroup string) *types.HostVirtualNic {
	for i := range s.Network.Vnic {
		if s.Network.Vnic[i].Portgroup == portgroup {
			return &s.Network.Vnic[i]
		}
	}
	return nil
}

func (s *state) dns() *types.HostDnsConfig { return s.Network.DnsConfig.GetHostDnsConfig() }
func (s *state) route() *types.HostIpRouteConfig {
	return s.Network.IpRouteConfig.GetHostIpRouteConfig()
}

// refresh works out what the network configuration implies: which port groups a switch has and which ports a group, how many
// ports are free, policies after inheritance, the routing table.
func (s *state) refresh() {
	for i := range s.Network.Portgroup {
		group := &s.Network.Portgroup[i]
		group.Key = groupKey(group.Spec.Name)
		group.Vswitch = switchKey(group.Spec.VswitchName)
		group.Port = nil
		if nic := s.vnicOn(group.Spec.Name); nic != nil {
			group.Port = []types.HostPortGroupPort{{Key: nic.Port, Mac: []string{nic.Spec.Mac}, Type: "host"}}
		}
		if parent := s.vswitch(group.Spec.VswitchName); parent != nil && parent.Spec.Policy != nil {
			group.ComputedPolicy = inherit(group.Spec.Policy, *parent.Spec.Policy)
		}
	}
	for i := range s.Network.Vswitch {
		s.refreshSwitch(&s.Network.Vswitch[i])
	}
	s.refreshRoutes()
	s.dropLostSelections()
}

func (s *state) refreshSwitch(sw *types.HostVirtualSwitch) {
	sw.Key = switchKey(sw.Name)
	sw.Pnic, sw.Portgroup = nil, nil
	for _, device := range uplinks(sw.Spec.Bridge) {
		sw.Pnic = append(sw.Pnic, pnicKey(device))
	}
	used := int32(len(sw.Pnic))
	for _, group := range s.Network.Portgroup {
		if group.Spec.VswitchName == sw.Name {
			sw.Portgroup = append(sw.Portgroup, group.Key)
			used += int32(len(group.Port))
		}
	}
	sw.Mtu = sw.Spec.Mtu
	sw.NumPorts = totalPorts
	sw.NumPortsAvailable = totalPorts - used
}

// totalPorts is what every standard switch reports since ESXi 5.5 made them elastic.
const totalPorts = 1536

// refreshRoutes works out the routing table: a connected route for each adapter, and the default route.
func (s *state) refreshRoutes() {
	table := &types.HostIpRouteTableInfo{}
	if gateway := s.route().DefaultGateway; gateway != "" {
		table.IpRoute = append(table.IpRoute, types.HostIpRouteEntry{
			Network: "0.0.0.0", Gateway: gateway, DeviceName: s.deviceTowards(gateway),
		})
	}
	for _, nic := range s.Network.Vnic {
		network, ok := subnet(nic.Spec.Ip)
		if !ok {
			continue
		}
		table.IpRoute = append(table.IpRoute, types.HostIpRouteEntry{
			Network: network.Masked().Addr().String(), PrefixLength: int32(network.Bits()), Gateway: "0.0.0.0", DeviceName: nic.Device,
		})
	}
	s.Network.RouteTableInfo = table
	for i := range s.Network.NetStackInstance {
		stack := &s.Network.NetStackInstance[i]
		if stack.Key != defaultStack {
			continue
		}
		stack.DnsConfig, stack.IpRouteConfig, stack.RouteTableConfig = s.Network.DnsConfig, s.Network.IpRouteConfig, nil
	}
}

// deviceTowards is the VMkernel adapter whose network an address is in, empty for none.
func (s *state) deviceTowards(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	for _, nic := range s.Network.Vnic {
		if network, ok := subnet(nic.Spec.Ip); ok && network.Contains(ip) {
			return nic.Device
		}
	}
	return ""
}

// subnet is an adapter's address with its prefix length.
func subnet(ip *types.HostIpConfig) (netip.Prefix, bool) {
	if ip == nil {
		return netip.Prefix{}, false
	}
	addr, err := netip.ParseAddr(ip.IpAddress)
	bits, ok := prefixLength(ip.SubnetMask)
	if err != nil || !ok {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, bits), true
}

// dropLostSelections takes adapters that are gone out of the services they carried and out of iSCSI port binding.
func (s *state) dropLostSelections() {
	gone := func(device string) bool { return s.vnic(device) == nil }
	for i := range s.Selected {
		s.Selected[i].Devices = slices.DeleteFunc(s.Selected[i].Devices, gone)
	}
	s.ISCSI.Bound = slices.DeleteFunc(s.ISCSI.Bound, gone)
}

// freeDevice is the lowest vmk number that is not taken.
func (s *state) freeDevice() (string, int) {
	for n := 0; ; n++ {
		if device := fmt.Sprintf("vmk%d", n); s.vnic(device) == nil {
			return device, n
		}
	}
}
