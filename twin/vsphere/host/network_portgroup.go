// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// maxVLAN is "all VLANs" (guest tagging); 1 to 4094 are VLANs, 0 is none.
const maxVLAN = 4095

// AddPortgroup makes a port group on a switch. Faults: AlreadyExists, InvalidArgument, NotFound.
func (s *State) AddPortgroup(spec types.HostPortGroupSpec) *fault.Failure {
	if s.portgroup(spec.Name) != nil {
		return fault.AlreadyExists(spec.Name, "The port group %q already exists", spec.Name)
	}
	if f := s.checkPortgroup(spec); f != nil {
		return f
	}
	spec.Policy = overrides(spec.Policy)
	s.Network.Portgroup = append(s.Network.Portgroup, types.HostPortGroup{Spec: spec})
	s.refresh()
	return nil
}

// UpdatePortgroup reconfigures, renames or moves a port group. Faults: AlreadyExists, InvalidArgument, NotFound.
func (s *State) UpdatePortgroup(name string, spec types.HostPortGroupSpec) *fault.Failure {
	group := s.portgroup(name)
	if group == nil {
		return fault.NotFound("There is no port group %q", name)
	}
	spec.Name = cmp.Or(spec.Name, name)
	spec.VswitchName = cmp.Or(spec.VswitchName, group.Spec.VswitchName)
	if spec.Name != name && s.portgroup(spec.Name) != nil {
		return fault.AlreadyExists(spec.Name, "The port group %q already exists", spec.Name)
	}
	if f := s.checkPortgroup(spec); f != nil {
		return f
	}
	if nic := s.VnicOn(name); nic != nil {
		nic.Portgroup, nic.Spec.Portgroup = spec.Name, spec.Name
	}
	spec.Policy = overrides(spec.Policy)
	group.Spec = spec
	s.refresh()
	return nil
}

// RemovePortgroup takes a port group away. Faults: NotFound, ResourceInUse.
func (s *State) RemovePortgroup(name string) *fault.Failure {
	if s.portgroup(name) == nil {
		return fault.NotFound("There is no port group %q", name)
	}
	if nic := s.VnicOn(name); nic != nil {
		return fault.InUse(types.HostPortGroup{}, name, "The port group %q is in use by %s", name, nic.Device)
	}
	s.Network.Portgroup = slices.DeleteFunc(s.Network.Portgroup, func(g types.HostPortGroup) bool { return g.Spec.Name == name })
	s.refresh()
	return nil
}

func (s *State) checkPortgroup(spec types.HostPortGroupSpec) *fault.Failure {
	if spec.Name == "" {
		return fault.Invalid("portgrp.name", "a port group needs a name")
	}
	if spec.VlanId < 0 || spec.VlanId > maxVLAN {
		return fault.Invalid("portgrp.vlanId", "%d: a VLAN id is 0 (none), 1 to 4094, or %d (all)", spec.VlanId, maxVLAN)
	}
	sw := s.vswitch(spec.VswitchName)
	if sw == nil {
		return fault.NotFound("There is no virtual switch %q", spec.VswitchName)
	}
	return checkPolicy(&spec.Policy, uplinks(sw.Spec.Bridge))
}
