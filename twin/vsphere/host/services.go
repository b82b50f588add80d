// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

func (s *State) service(id string) *types.HostService {
	for i := range s.Services {
		if s.Services[i].Key == id {
			return &s.Services[i]
		}
	}
	return nil
}

// SetService starts or stops a service. Faults: HostConfigFault, NotFound, and InvalidState for one that already is so.
func (s *State) SetService(id string, running bool) *fault.Failure {
	service := s.service(id)
	if service == nil {
		return fault.NotFound("The host has no service %q", id)
	}
	if !running && service.Required {
		return fault.HostConfig("The service %q is required and cannot be stopped", id)
	}
	if !running && !service.Running {
		return fault.New(&types.InvalidState{}, "The service %q is not running", id)
	}
	service.Running = running
	return nil
}

// SetServicePolicy says when a service starts by itself: "on" with the host, "off" never, "automatic" with its firewall ports.
func (s *State) SetServicePolicy(id, policy string) *fault.Failure {
	service := s.service(id)
	if service == nil {
		return fault.NotFound("The host has no service %q", id)
	}
	allowed := []string{
		string(types.HostServicePolicyOn), string(types.HostServicePolicyOff), string(types.HostServicePolicyAutomatic),
	}
	if !slices.Contains(allowed, policy) {
		return fault.Invalid("policy", "%q is not one of %v", policy, allowed)
	}
	service.Policy = policy
	return nil
}

// boot is what a restart of the host does to its configuration: IPv6 as asked for, services by their policies.
func (s *State) boot() {
	s.Network.IpV6Enabled = types.NewBool(*s.Network.AtBootIpV6Enabled)
	for i := range s.Services {
		service := &s.Services[i]
		service.Running = service.Required || service.Policy == string(types.HostServicePolicyOn) ||
			service.Policy == string(types.HostServicePolicyAutomatic) && service.Running
	}
}

// UpdateDateTime sets NTP servers and time zone. Faults: HostConfigFault, InvalidArgument.
func (s *State) UpdateDateTime(config types.HostDateTimeConfig) *fault.Failure {
	if zone := config.TimeZone; zone != "" {
		location, err := time.LoadLocation(zone)
		if err != nil {
			return fault.Invalid("config.timeZone", "%q is not a time zone", zone)
		}
		_, offset := time.Now().In(location).Zone()
		s.DateTime.TimeZone = types.HostDateTimeSystemTimeZone{
			Key: zone, Name: zone, Description: zone, GmtOffset: int32(offset),
		}
	}
	if config.NtpConfig != nil {
		for _, server := range config.NtpConfig.Server {
			if !domainName.MatchString(server) && !isAddress(server) {
				return fault.Invalid("config.ntpConfig.server", "%q is neither a name nor an address", server)
			}
		}
		s.DateTime.NtpConfig = config.NtpConfig
	}
	if config.Protocol != "" {
		s.DateTime.SystemClockProtocol = config.Protocol
	}
	return nil
}
