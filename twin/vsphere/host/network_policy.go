// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// teamingPolicies are the ways a standard switch can choose an uplink.
var teamingPolicies = []string{"loadbalance_ip", "loadbalance_srcmac", "loadbalance_srcid", "failover_explicit"}

// defaultPolicy is that of a new switch with the given uplinks.
func defaultPolicy(nics []string) types.HostNetworkPolicy {
	yes, no := types.NewBool(true), types.NewBool(false)
	policy := types.HostNetworkPolicy{
		Security: &types.HostNetworkSecurityPolicy{AllowPromiscuous: no, MacChanges: yes, ForgedTransmits: yes},
		NicTeaming: &types.HostNicTeamingPolicy{
			Policy: "loadbalance_srcid", ReversePolicy: yes, NotifySwitches: yes, RollingOrder: no,
			FailureCriteria: &types.HostNicFailureCriteria{
				CheckSpeed: "minimum", Speed: 10, CheckDuplex: no, FullDuplex: no,
				CheckErrorPercent: no, Percentage: 0, CheckBeacon: no,
			},
			NicOrder: &types.HostNicOrderPolicy{ActiveNic: nics},
		},
		OffloadPolicy: &types.HostNetOffloadCapabilities{CsumOffload: yes, TcpSegmentation: yes, ZeroCopyXmit: yes},
		ShapingPolicy: &types.HostNetworkTrafficShapingPolicy{Enabled: no},
	}
	return policy
}

// inherit is a policy in which everything left out is taken from a parent.
func inherit(own, parent types.HostNetworkPolicy) types.HostNetworkPolicy {
	return types.HostNetworkPolicy{
		Security:      inheritSecurity(own.Security, parent.Security),
		NicTeaming:    inheritTeaming(own.NicTeaming, parent.NicTeaming),
		OffloadPolicy: inheritOffload(own.OffloadPolicy, parent.OffloadPolicy),
		ShapingPolicy: inheritShaping(own.ShapingPolicy, parent.ShapingPolicy),
	}
}

func inheritSecurity(own, parent *types.HostNetworkSecurityPolicy) *types.HostNetworkSecurityPolicy {
	if own == nil || parent == nil {
		return first(own, parent)
	}
	return &types.HostNetworkSecurityPolicy{
		AllowPromiscuous: first(own.AllowPromiscuous, parent.AllowPromiscuous),
		MacChanges:       first(own.MacChanges, parent.MacChanges),
		ForgedTransmits:  first(own.ForgedTransmits, parent.ForgedTransmits),
	}
}

func inheritTeaming(own, parent *types.HostNicTeamingPolicy) *types.HostNicTeamingPolicy {
	if own == nil || parent == nil {
		return first(own, parent)
	}
	merged := &types.HostNicTeamingPolicy{
		Policy:          own.Policy,
		ReversePolicy:   first(own.ReversePolicy, parent.ReversePolicy),
		NotifySwitches:  first(own.NotifySwitches, parent.NotifySwitches),
		RollingOrder:    first(own.RollingOrder, parent.RollingOrder),
		FailureCriteria: inheritFailure(own.FailureCriteria, parent.FailureCriteria),
		NicOrder:        first(own.NicOrder, parent.NicOrder),
	}
	merged.Policy = cmp.Or(merged.Policy, parent.Policy)
	return merged
}

func inheritFailure(own, parent *types.HostNicFailureCriteria) *types.HostNicFailureCriteria {
	if own == nil || parent == nil {
		return first(own, parent)
	}
	merged := *own
	merged.CheckSpeed = cmp.Or(merged.CheckSpeed, parent.CheckSpeed)
	merged.Speed = cmp.Or(merged.Speed, parent.Speed)
	merged.CheckDuplex = first(own.CheckDuplex, parent.CheckDuplex)
	merged.FullDuplex = first(own.FullDuplex, parent.FullDuplex)
	merged.CheckErrorPercent = first(own.CheckErrorPercent, parent.CheckErrorPercent)
	merged.CheckBeacon = first(own.CheckBeacon, parent.CheckBeacon)
	return &merged
}

func inheritOffload(own, parent *types.HostNetOffloadCapabilities) *types.HostNetOffloadCapabilities {
	if own == nil || parent == nil {
		return first(own, parent)
	}
	return &types.HostNetOffloadCapabilities{
		CsumOffload:     first(own.CsumOffload, parent.CsumOffload),
		TcpSegmentation: first(own.TcpSegmentation, parent.TcpSegmentation),
		ZeroCopyXmit:    first(own.ZeroCopyXmit, parent.ZeroCopyXmit),
	}
}

func inheritShaping(own, parent *types.HostNetworkTrafficShapingPolicy) *types.HostNetworkTrafficShapingPolicy {
	if own == nil || parent == nil {
		return first(own, parent)
	}
	merged := *own
	merged.Enabled = first(own.Enabled, parent.Enabled)
	return &merged
}

// overrides is a port group's own policy as ESXi reports it: every part is there, and empty where the switch's holds.
func overrides(p types.HostNetworkPolicy) types.HostNetworkPolicy {
	p.Security = first(p.Security, &types.HostNetworkSecurityPolicy{})
	p.NicTeaming = first(p.NicTeaming, &types.HostNicTeamingPolicy{})
	if p.NicTeaming.FailureCriteria == nil {
		teaming := *p.NicTeaming
		teaming.FailureCriteria = &types.HostNicFailureCriteria{}
		p.NicTeaming = &teaming
	}
	p.OffloadPolicy = first(p.OffloadPolicy, &types.HostNetOffloadCapabilities{})
	p.ShapingPolicy = first(p.ShapingPolicy, &types.HostNetworkTrafficShapingPolicy{})
	return p
}

func first[T any](own, parent *T) *T {
	if own != nil {
		return own
	}
	return parent
}

// checkPolicy refuses a policy with a teaming method that does not exist or with an order of adapters that are not uplinks.
func checkPolicy(policy *types.HostNetworkPolicy, nics []string) *fault.Failure {
	if policy == nil || policy.NicTeaming == nil {
		return nil
	}
	teaming := policy.NicTeaming
	if teaming.Policy != "" && !slices.Contains(teamingPolicies, teaming.Policy) {
		return fault.Invalid("spec.policy.nicTeaming.policy", "%q is not one of %v", teaming.Policy, teamingPolicies)
	}
	if teaming.NicOrder == nil {
		return nil
	}
	for _, device := range append(append([]string{}, teaming.NicOrder.ActiveNic...), teaming.NicOrder.StandbyNic...) {
		if !slices.Contains(nics, device) {
			return fault.Invalid("spec.policy.nicTeaming.nicOrder", "%s is not an uplink of the virtual switch (%v)", device, nics)
		}
	}
	return nil
}
