// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	managementNetwork = "Management Network"
	vmNetwork         = "VM Network"
	defaultStack      = "defaultTcpipStack"
)

// freshState is a host that the installer just left: vSwitch0 on vmnic0 with the management and the VM network, vmk0 on the
// management network, IPv6 on, SSH off, no iSCSI, one local datastore.
func freshState(hc Config) *State {
	template := (&State{
		Network:  *esx.HostConfigInfo.Network,
		Services: esx.HostConfigInfo.Service.Service,
	}).clone()
	s := &State{
		Services: template.Services,
		DateTime: freshDateTime(),
		Local:    localDatastore{Name: "datastore1", UUID: volumeUUID(hc.Number)},
	}
	s.Network = freshNetwork(hc, template.Network)
	s.Selected = []nicSelection{{NicType: nicManagement, Devices: []string{"vmk0"}}}
	for i := range s.Services {
		service := &s.Services[i]
		if service.Key == "TSM" || service.Key == "TSM-SSH" || service.Key == "ntpd" {
			service.Running, service.Policy = false, string(types.HostServicePolicyOff)
		}
	}
	s.refresh()
	return s
}

func freshNetwork(hc Config, template types.HostNetworkInfo) types.HostNetworkInfo {
	name, domain, _ := strings.Cut(hc.Name, ".")
	dns := types.HostDnsConfig{HostName: name, DomainName: domain}
	if domain != "" {
		dns.SearchDomain = []string{domain}
	}
	route := types.HostIpRouteConfig{DefaultGateway: hc.Gateway, GatewayDevice: "vmk0"}
	network := types.HostNetworkInfo{
		Vswitch:           template.Vswitch,
		Portgroup:         template.Portgroup,
		DnsConfig:         &dns,
		IpRouteConfig:     &route,
		IpV6Enabled:       types.NewBool(true),
		AtBootIpV6Enabled: types.NewBool(true),
		NetStackInstance:  template.NetStackInstance,
	}
	for i := 0; i < hc.NICs; i++ {
		network.Pnic = append(network.Pnic, freshPnic(hc.Number, i, template.Pnic[0]))
	}
	for i := range network.Vswitch {
		network.Vswitch[i].Spec.Mtu = defaultMTU
	}
	for i := range network.Portgroup {
		network.Portgroup[i].Spec.Policy = overrides(types.HostNetworkPolicy{})
	}
	network.Vnic = []types.HostVirtualNic{{
		Device:    "vmk0",
		Key:       vnicKey("vmk0"),
		Portgroup: managementNetwork,
		Port:      portKey(hc.Number, 0),
		Spec: types.HostVirtualNicSpec{
			Ip:                  &types.HostIpConfig{IpAddress: hc.Addr.Addr().String(), SubnetMask: hc.Netmask},
			Mac:                 pnicMAC(hc.Number, 0),
			Portgroup:           managementNetwork,
			Mtu:                 1500,
			TsoEnabled:          types.NewBool(true),
			NetStackInstanceKey: defaultStack,
		},
	}}
	return network
}

func freshPnic(host, index int, template types.PhysicalNic) types.PhysicalNic {
	nic := template
	nic.Device = fmt.Sprintf("vmnic%d", index)
	nic.Key = pnicKey(nic.Device)
	nic.Pci = fmt.Sprintf("0000:%02x:00.0", 0x0b+8*index)
	nic.Mac = pnicMAC(host, index)
	nic.LinkSpeed = &types.PhysicalNicLinkInfo{SpeedMb: 1000, Duplex: true}
	nic.ValidLinkSpecification = []types.PhysicalNicLinkInfo{{SpeedMb: 1000, Duplex: true}}
	nic.Spec = types.PhysicalNicSpec{
		Ip:        &types.HostIpConfig{},
		LinkSpeed: &types.PhysicalNicLinkInfo{SpeedMb: 1000, Duplex: true},
	}
	nic.FcoeConfiguration = nil
	return nic
}

func freshDateTime() types.HostDateTimeInfo {
	return types.HostDateTimeInfo{
		TimeZone:  types.HostDateTimeSystemTimeZone{Key: "UTC", Name: "UTC", Description: "UTC", GmtOffset: 0},
		NtpConfig: &types.HostNtpConfig{},
	}
}

func pnicKey(device string) string { return "key-vim.host.PhysicalNic-" + device }
func vnicKey(device string) string { return "key-vim.host.VirtualNic-" + device }
func switchKey(name string) string { return "key-vim.host.VirtualSwitch-" + name }
func groupKey(name string) string  { return "key-vim.host.PortGroup-" + name }

// portKey names a virtual switch port; ESXi numbers them from 33554432 (0x2000000) up.
func portKey(host, vmk int) string {
	return fmt.Sprintf("key-vim.host.PortGroup.Port-%d", 0x2000000+host*0x1000+vmk+4)
}

// pnicMAC is a physical adapter's address: VMware's prefix for virtual hardware, host, adapter.
func pnicMAC(host, index int) string {
	return net.HardwareAddr{0x00, 0x0c, 0x29, 0x10, byte(host), byte(index)}.String()
}

// vmkMAC is a VMkernel adapter's address; vmk0 has that of vmnic0 instead.
func vmkMAC(host, index int) string {
	return net.HardwareAddr{0x00, 0x50, 0x56, 0x60, byte(host), byte(index)}.String()
}

func volumeUUID(host int) string {
	return fmt.Sprintf("5a1ab000-%08x-0000-000c2910%02x00", host, host)
}

// prefixLength is the number of leading ones of an IPv4 mask.
func prefixLength(mask string) (int, bool) {
	ip, err := netip.ParseAddr(mask)
	if err != nil || !ip.Is4() {
		return 0, false
	}
	b := ip.As4()
	ones, bits := net.IPv4Mask(b[0], b[1], b[2], b[3]).Size()
	return ones, bits != 0
}
