// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// ApplyConfig makes the changes of UpdateNetworkConfig, all of them or none, and returns the VMkernel adapters it added.
//
// The order is that in which a configuration can need itself: what is removed first, adapters before groups before switches,
// then switches, groups and adapters are added and edited.
func (s *State) ApplyConfig(host int, config types.HostNetworkConfig) ([]string, *fault.Failure) {
	if f := s.applyRemovals(config); f != nil {
		return nil, f
	}
	for _, c := range config.Vswitch {
		if f := s.applySwitchConfig(c); f != nil {
			return nil, f
		}
	}
	for _, c := range config.Portgroup {
		if f := s.applyPortgroupConfig(c); f != nil {
			return nil, f
		}
	}
	var added []string
	for _, c := range config.Vnic {
		device, f := s.applyVnicConfig(host, c)
		if f != nil {
			return nil, f
		}
		if device != "" {
			added = append(added, device)
		}
	}
	return added, s.applyIPConfig(config)
}

func (s *State) applyRemovals(config types.HostNetworkConfig) *fault.Failure {
	for _, c := range config.Vnic {
		if c.ChangeOperation == remove {
			if f := s.RemoveVnic(c.Device); f != nil {
				return f
			}
		}
	}
	for _, c := range config.Portgroup {
		if c.ChangeOperation == remove {
			if c.Spec == nil {
				return fault.Invalid("config.portgroup.spec", "missing")
			}
			if f := s.RemovePortgroup(c.Spec.Name); f != nil {
				return f
			}
		}
	}
	for _, c := range config.Vswitch {
		if c.ChangeOperation == remove {
			if f := s.RemoveSwitch(c.Name); f != nil {
				return f
			}
		}
	}
	return nil
}

const (
	add    = string(types.HostConfigChangeOperationAdd)
	edit   = string(types.HostConfigChangeOperationEdit)
	remove = string(types.HostConfigChangeOperationRemove)
	ignore = string(types.HostConfigChangeOperationIgnore)
)

func (s *State) applySwitchConfig(c types.HostVirtualSwitchConfig) *fault.Failure {
	switch c.ChangeOperation {
	case add:
		return s.AddSwitch(c.Name, c.Spec)
	case edit:
		return s.UpdateSwitch(c.Name, c.Spec)
	}
	return checkOperation("config.vswitch", c.ChangeOperation)
}

func (s *State) applyPortgroupConfig(c types.HostPortGroupConfig) *fault.Failure {
	if c.Spec == nil {
		return fault.Invalid("config.portgroup.spec", "missing")
	}
	switch c.ChangeOperation {
	case add:
		return s.AddPortgroup(*c.Spec)
	case edit:
		return s.UpdatePortgroup(c.Spec.Name, *c.Spec)
	}
	return checkOperation("config.portgroup", c.ChangeOperation)
}

func (s *State) applyVnicConfig(host int, c types.HostVirtualNicConfig) (string, *fault.Failure) {
	spec := types.HostVirtualNicSpec{}
	if c.Spec != nil {
		spec = *c.Spec
	}
	switch c.ChangeOperation {
	case add:
		return s.AddVnic(host, c.Portgroup, spec)
	case edit:
		spec.Portgroup = cmp.Or(spec.Portgroup, c.Portgroup)
		return "", s.UpdateVnic(c.Device, spec)
	}
	return "", checkOperation("config.vnic", c.ChangeOperation)
}

func (s *State) applyIPConfig(config types.HostNetworkConfig) *fault.Failure {
	if config.DnsConfig != nil {
		if f := s.UpdateDNS(config.DnsConfig); f != nil {
			return f
		}
	}
	for _, route := range []types.BaseHostIpRouteConfig{config.IpRouteConfig, config.ConsoleIpRouteConfig} {
		if route != nil {
			if f := s.UpdateRoute(route); f != nil {
				return f
			}
		}
	}
	if config.IpV6Enabled != nil {
		s.updateIPv6(*config.IpV6Enabled)
	}
	for _, c := range config.NetStackSpec {
		if f := s.applyNetStack(c); f != nil {
			return f
		}
	}
	return nil
}

// applyNetStack edits a TCP/IP stack; the default one's DNS and routes are the host's.
func (s *State) applyNetStack(c types.HostNetworkConfigNetStackSpec) *fault.Failure {
	if c.Operation == remove || c.Operation == add {
		return fault.New(&types.NotSupported{}, "TCP/IP stacks can only be edited, not added or removed")
	}
	stack := c.NetStackInstance
	stack.Key = cmp.Or(stack.Key, defaultStack)
	if stack.Key == defaultStack {
		return s.applyIPConfig(types.HostNetworkConfig{DnsConfig: stack.DnsConfig, IpRouteConfig: stack.IpRouteConfig})
	}
	for i := range s.Network.NetStackInstance {
		own := &s.Network.NetStackInstance[i]
		if own.Key != stack.Key {
			continue
		}
		if stack.DnsConfig != nil {
			own.DnsConfig = stack.DnsConfig
		}
		if stack.IpRouteConfig != nil {
			own.IpRouteConfig = stack.IpRouteConfig
		}
		return nil
	}
	return fault.NotFound("The host has no TCP/IP stack %q", stack.Key)
}

// checkOperation accepts the operations that were done already or need nothing.
func checkOperation(what, operation string) *fault.Failure {
	if operation == "" || operation == remove || operation == ignore {
		return nil
	}
	return fault.Invalid(what+".changeOperation", "%q is not one of add, edit, remove, ignore", operation)
}
