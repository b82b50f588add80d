// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// The functions on state in the network_*.go files are the rules of a host's network. They work on a state's copy and
// either change it as asked or return the fault that the API reference names.

func (s *State) vswitch(name string) *types.HostVirtualSwitch {
	for i := range s.Network.Vswitch {
		if s.Network.Vswitch[i].Name == name {
			return &s.Network.Vswitch[i]
		}
	}
	return nil
}

func (s *State) portgroup(name string) *types.HostPortGroup {
	for i := range s.Network.Portgroup {
		if s.Network.Portgroup[i].Spec.Name == name {
			return &s.Network.Portgroup[i]
		}
	}
	return nil
}

func (s *State) Vnic(device string) *types.HostVirtualNic {
	for i := range s.Network.Vnic {
		if s.Network.Vnic[i].Device == device {
			return &s.Network.Vnic[i]
		}
	}
	return nil
}

func (s *State) Pnic(device string) *types.PhysicalNic {
	for i := range s.Network.Pnic {
		if s.Network.Pnic[i].Device == device {
			return &s.Network.Pnic[i]
		}
	}
	return nil
}

// VnicOn is the VMkernel adapter on a port group, nil for none. A port group holds at most one.
func (s *State) VnicOn(portgroup string) *types.HostVirtualNic {
	for i := range s.Network.Vnic {
		if s.Network.Vnic[i].Portgroup == portgroup {
			return &s.Network.Vnic[i]
		}
	}
	return nil
}

func (s *State) dns() *types.HostDnsConfig { return s.Network.DnsConfig.GetHostDnsConfig() }
func (s *State) route() *types.HostIpRouteConfig {
	return s.Network.IpRouteConfig.GetHostIpRouteConfig()
}

// refresh works out what the network configuration implies: which port groups a switch has and which ports a group, how many
// ports are free, policies after inheritance, the routing table.
func (s *State) refresh() {
	for i := range s.Network.Portgroup {
		group := &s.Network.Portgroup[i]
		group.Key = groupKey(group.Spec.Name)
		group.Vswitch = switchKey(group.Spec.VswitchName)
		group.Port = nil
		if nic := s.VnicOn(group.Spec.Name); nic != nil {
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

func (s *State) refreshSwitch(sw *types.HostVirtualSwitch) {
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
func (s *State) refreshRoutes() {
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
func (s *State) deviceTowards(address string) string {
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
func (s *State) dropLostSelections() {
	gone := func(device string) bool { return s.Vnic(device) == nil }
	for i := range s.Selected {
		s.Selected[i].Devices = slices.DeleteFunc(s.Selected[i].Devices, gone)
	}
	s.ISCSI.Bound = slices.DeleteFunc(s.ISCSI.Bound, gone)
}

// freeDevice is the lowest vmk number that is not taken.
func (s *State) freeDevice() (string, int) {
	for n := 0; ; n++ {
		if device := fmt.Sprintf("vmk%d", n); s.Vnic(device) == nil {
			return device, n
		}
	}
}

// Hints are the networks seen on physical adapters, all of them when none is named: those of the VMkernel adapters behind them.
func (s *State) Hints(devices []string) ([]types.PhysicalNicHintInfo, *fault.Failure) {
	if len(devices) == 0 {
		for _, nic := range s.Network.Pnic {
			devices = append(devices, nic.Device)
		}
	}
	var hints []types.PhysicalNicHintInfo
	for _, device := range devices {
		if s.Pnic(device) == nil {
			return nil, fault.NotFound("The host has no physical adapter %q", device)
		}
		hints = append(hints, types.PhysicalNicHintInfo{Device: device, Subnet: s.subnetsBehind(device)})
	}
	return hints, nil
}

func (s *State) subnetsBehind(pnic string) []types.PhysicalNicIpHint {
	var subnets []types.PhysicalNicIpHint
	for _, group := range s.Network.Portgroup {
		sw, nic := s.vswitch(group.Spec.VswitchName), s.VnicOn(group.Spec.Name)
		if sw == nil || nic == nil || !slices.Contains(uplinks(sw.Spec.Bridge), pnic) {
			continue
		}
		if network, ok := subnet(nic.Spec.Ip); ok {
			subnets = append(subnets, types.PhysicalNicIpHint{
				PhysicalNicHint: types.PhysicalNicHint{VlanId: group.Spec.VlanId}, IpSubnet: network.Masked().String(),
			})
		}
	}
	return subnets
}

// FullName is host name and domain.
func (s *State) FullName() string {
	if domain := s.dns().DomainName; domain != "" {
		return s.dns().HostName + "." + domain
	}
	return s.dns().HostName
}

// NetworkConfig is the network as a client would send it back.
func (s *State) NetworkConfig() types.HostNetworkConfig {
	config := types.HostNetworkConfig{
		DnsConfig: s.Network.DnsConfig, IpRouteConfig: s.Network.IpRouteConfig, IpV6Enabled: s.Network.AtBootIpV6Enabled,
	}
	for i := range s.Network.Vswitch {
		sw := &s.Network.Vswitch[i]
		config.Vswitch = append(config.Vswitch, types.HostVirtualSwitchConfig{Name: sw.Name, Spec: &sw.Spec})
	}
	for i := range s.Network.Portgroup {
		config.Portgroup = append(config.Portgroup, types.HostPortGroupConfig{Spec: &s.Network.Portgroup[i].Spec})
	}
	for i := range s.Network.Pnic {
		config.Pnic = append(config.Pnic, types.PhysicalNicConfig{Device: s.Network.Pnic[i].Device, Spec: s.Network.Pnic[i].Spec})
	}
	for i := range s.Network.Vnic {
		nic := &s.Network.Vnic[i]
		config.Vnic = append(config.Vnic, types.HostVirtualNicConfig{Device: nic.Device, Portgroup: nic.Portgroup, Spec: &nic.Spec})
	}
	return config
}
