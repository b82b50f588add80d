// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"
	"net/netip"
	"regexp"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// hostLabel is one part of a host name (RFC 1123).
var hostLabel = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// domainName is one or more labels.
var domainName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

// UpdateDNS sets host name, domain and name servers. Faults: HostConfigFault, InvalidArgument, NotFound.
func (s *State) UpdateDNS(config types.BaseHostDnsConfig) *fault.Failure {
	if config == nil {
		return fault.Invalid("config", "missing")
	}
	dns := *config.GetHostDnsConfig()
	dns.HostName = cmp.Or(dns.HostName, s.dns().HostName)
	if !hostLabel.MatchString(dns.HostName) {
		return fault.Invalid("config.hostName", "%q is not a host name: letters, digits and hyphens, at most 63, no domain", dns.HostName)
	}
	if dns.DomainName != "" && !domainName.MatchString(dns.DomainName) {
		return fault.Invalid("config.domainName", "%q is not a domain name", dns.DomainName)
	}
	for _, address := range dns.Address {
		if _, err := netip.ParseAddr(address); err != nil {
			return fault.Invalid("config.address", "%q is not an IP address", address)
		}
	}
	if dns.Dhcp {
		if s.Vnic(dns.VirtualNicDevice) == nil {
			return fault.NotFound("There is no VMkernel adapter %q to take DNS settings from", dns.VirtualNicDevice)
		}
	} else {
		dns.VirtualNicDevice = ""
	}
	s.Network.DnsConfig = &dns
	s.refresh()
	return nil
}

// UpdateRoute sets the default gateway. Faults: HostConfigFault, InvalidArgument.
func (s *State) UpdateRoute(config types.BaseHostIpRouteConfig) *fault.Failure {
	if config == nil {
		return fault.Invalid("config", "missing")
	}
	route := *config.GetHostIpRouteConfig()
	if gateway := route.DefaultGateway; gateway != "" {
		ip, err := netip.ParseAddr(gateway)
		if err != nil || !ip.Is4() {
			return fault.Invalid("config.defaultGateway", "%q is not an IPv4 address", gateway)
		}
		if s.deviceTowards(gateway) == "" {
			return fault.HostConfig("The default gateway %s is not in the network of any VMkernel adapter", gateway)
		}
	}
	if gateway := route.IpV6DefaultGateway; gateway != "" {
		if ip, err := netip.ParseAddr(gateway); err != nil || !ip.Is6() {
			return fault.Invalid("config.ipV6DefaultGateway", "%q is not an IPv6 address", gateway)
		}
	}
	if device := route.GatewayDevice; device != "" && s.Vnic(device) == nil {
		return fault.Invalid("config.gatewayDevice", "the host has no VMkernel adapter %q", device)
	}
	s.Network.IpRouteConfig = &route
	s.refresh()
	return nil
}

// updateIPv6 turns IPv6 on or off, from the next boot on.
func (s *State) updateIPv6(enabled bool) { s.Network.AtBootIpV6Enabled = &enabled }

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}
