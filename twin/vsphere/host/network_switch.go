// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// Limits of a standard switch, from VMware's Configuration Maximums and the API reference.
const (
	maxSwitchName = 31
	maxPorts      = 4088
	minMTU        = 1280
	maxMTU        = 9000
	defaultMTU    = 1500
	defaultPorts  = 128
)

// uplinks are the physical adapters of a bridge, in order.
func uplinks(bridge types.BaseHostVirtualSwitchBridge) []string {
	switch b := bridge.(type) {
	case *types.HostVirtualSwitchBondBridge:
		return b.NicDevice
	case *types.HostVirtualSwitchSimpleBridge:
		return []string{b.NicDevice}
	case *types.HostVirtualSwitchAutoBridge:
		return nil
	}
	return nil
}

// AddSwitch makes a switch. Faults: AlreadyExists, InvalidArgument, ResourceInUse.
func (s *State) AddSwitch(name string, spec *types.HostVirtualSwitchSpec) *fault.Failure {
	if name == "" || len(name) > maxSwitchName {
		return fault.Invalid("vswitchName", "%q: a name has 1 to %d characters", name, maxSwitchName)
	}
	if s.vswitch(name) != nil {
		return fault.AlreadyExists(name, "The virtual switch %q already exists", name)
	}
	if spec == nil {
		spec = &types.HostVirtualSwitchSpec{}
	}
	sw := types.HostVirtualSwitch{Name: name, Spec: types.HostVirtualSwitchSpec{NumPorts: defaultPorts, Mtu: defaultMTU}}
	if f := s.applySwitch(&sw, spec); f != nil {
		return f
	}
	s.Network.Vswitch = append(s.Network.Vswitch, sw)
	s.refresh()
	return nil
}

// UpdateSwitch reconfigures a switch. What spec leaves out keeps its value, except the bridge: without one the switch loses its
// uplinks. Faults: NotFound, InvalidArgument, ResourceInUse.
func (s *State) UpdateSwitch(name string, spec *types.HostVirtualSwitchSpec) *fault.Failure {
	sw := s.vswitch(name)
	if sw == nil {
		return fault.NotFound("There is no virtual switch %q", name)
	}
	if spec == nil {
		return fault.Invalid("spec", "missing")
	}
	if f := s.applySwitch(sw, spec); f != nil {
		return f
	}
	s.refresh()
	return nil
}

// RemoveSwitch takes a switch away with its port groups. Faults: NotFound, ResourceInUse.
func (s *State) RemoveSwitch(name string) *fault.Failure {
	if s.vswitch(name) == nil {
		return fault.NotFound("There is no virtual switch %q", name)
	}
	for _, group := range s.Network.Portgroup {
		if nic := s.VnicOn(group.Spec.Name); nic != nil && group.Spec.VswitchName == name {
			return fault.InUse(types.HostVirtualSwitch{}, name, "The virtual switch %q is in use: its port group %q carries %s", name, group.Spec.Name, nic.Device)
		}
	}
	s.Network.Portgroup = slices.DeleteFunc(s.Network.Portgroup, func(g types.HostPortGroup) bool { return g.Spec.VswitchName == name })
	s.Network.Vswitch = slices.DeleteFunc(s.Network.Vswitch, func(v types.HostVirtualSwitch) bool { return v.Name == name })
	s.refresh()
	return nil
}

// applySwitch checks a specification and puts it into a switch.
func (s *State) applySwitch(sw *types.HostVirtualSwitch, spec *types.HostVirtualSwitchSpec) *fault.Failure {
	if spec.NumPorts < 0 || spec.NumPorts > maxPorts {
		return fault.Invalid("spec.numPorts", "%d: a virtual switch has 1 to %d ports", spec.NumPorts, maxPorts)
	}
	if spec.Mtu != 0 && (spec.Mtu < minMTU || spec.Mtu > maxMTU) {
		return fault.Invalid("spec.mtu", "%d: an MTU is %d to %d bytes", spec.Mtu, minMTU, maxMTU)
	}
	nics := uplinks(spec.Bridge)
	if f := s.checkUplinks(sw.Name, nics); f != nil {
		return f
	}
	if f := checkPolicy(spec.Policy, nics); f != nil {
		return f
	}
	if spec.NumPorts != 0 {
		sw.Spec.NumPorts = spec.NumPorts
	}
	if spec.Mtu != 0 {
		sw.Spec.Mtu = spec.Mtu
	}
	sw.Spec.Bridge = bond(spec.Bridge)
	sw.Spec.Policy = switchPolicy(sw.Spec.Policy, spec.Policy, nics)
	return nil
}

// checkUplinks refuses adapters that the host does not have or that another switch has.
func (s *State) checkUplinks(name string, nics []string) *fault.Failure {
	for i, device := range nics {
		if s.Pnic(device) == nil {
			return fault.Invalid("spec.bridge.nicDevice", "the host has no physical adapter %q", device)
		}
		if slices.Index(nics, device) != i {
			return fault.Invalid("spec.bridge.nicDevice", "%q is named twice", device)
		}
		for _, other := range s.Network.Vswitch {
			if other.Name != name && slices.Contains(uplinks(other.Spec.Bridge), device) {
				return fault.InUse(types.PhysicalNic{}, device, "The physical adapter %q is in use by the virtual switch %q", device, other.Name)
			}
		}
		for _, other := range s.Network.ProxySwitch {
			if slices.Contains(other.Pnic, pnicKey(device)) {
				return fault.InUse(types.PhysicalNic{}, device, "The physical adapter %q is in use by the distributed switch %q", device, other.DvsName)
			}
		}
	}
	return nil
}

// bond is any bridge as ESXi reports it: a bond, with its beacon and discovery settings.
func bond(bridge types.BaseHostVirtualSwitchBridge) types.BaseHostVirtualSwitchBridge {
	nics := uplinks(bridge)
	if len(nics) == 0 {
		return nil
	}
	result := &types.HostVirtualSwitchBondBridge{NicDevice: nics}
	if given, ok := bridge.(*types.HostVirtualSwitchBondBridge); ok {
		result.Beacon, result.LinkDiscoveryProtocolConfig = given.Beacon, given.LinkDiscoveryProtocolConfig
	}
	if result.Beacon == nil {
		result.Beacon = &types.HostVirtualSwitchBeaconConfig{Interval: 1}
	}
	if result.LinkDiscoveryProtocolConfig == nil {
		result.LinkDiscoveryProtocolConfig = &types.LinkDiscoveryProtocolConfig{Protocol: "cdp", Operation: "listen"}
	}
	return result
}

// switchPolicy is the policy after an update: what the new one leaves out stays, and the order of adapters follows the uplinks.
func switchPolicy(old, update *types.HostNetworkPolicy, nics []string) *types.HostNetworkPolicy {
	base := defaultPolicy(nics)
	if old != nil {
		base = inherit(*old, base)
	}
	if update != nil {
		base = inherit(*update, base)
	}
	order := &types.HostNicOrderPolicy{}
	if given := base.NicTeaming.NicOrder; given != nil {
		order.ActiveNic = slices.DeleteFunc(slices.Clone(given.ActiveNic), func(d string) bool { return !slices.Contains(nics, d) })
		order.StandbyNic = slices.DeleteFunc(slices.Clone(given.StandbyNic), func(d string) bool { return !slices.Contains(nics, d) })
	}
	if update == nil || update.NicTeaming == nil || update.NicTeaming.NicOrder == nil {
		for _, device := range nics {
			if !slices.Contains(order.ActiveNic, device) && !slices.Contains(order.StandbyNic, device) {
				order.ActiveNic = append(order.ActiveNic, device)
			}
		}
	}
	teaming := *base.NicTeaming
	teaming.NicOrder = order
	base.NicTeaming = &teaming
	return &base
}
