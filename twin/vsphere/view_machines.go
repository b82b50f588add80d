// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// eachMachine calls f with every machine on the host, in every registry that shows it, until f returns false.
func (v *view) eachMachine(f func(*simulator.VirtualMachine) bool) {
	for _, other := range []*view{v, v.host.server.vcenter.viewOf(v.host)} {
		if other == nil {
			continue
		}
		for _, ref := range other.reg.list(other.system.Self, "vm") {
			machine, ok := other.reg.Get(ref).(*simulator.VirtualMachine)
			if !ok {
				continue
			}
			more := true
			other.reg.WithLock(other.reg.context(), ref, func() { more = f(machine) })
			if !more {
				return
			}
		}
	}
}

// poweredOn is the name of a machine that runs on the host, empty for none.
func (v *view) poweredOn() (name string) {
	v.eachMachine(func(m *simulator.VirtualMachine) bool {
		if m.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
			name = m.Name
		}
		return name == ""
	})
	return name
}

// machineOn is the name of a machine on the host with an adapter on a port group, empty for none.
func (v *view) machineOn(portgroup string) (name string) {
	v.eachMachine(func(m *simulator.VirtualMachine) bool {
		if m.Config != nil && slices.ContainsFunc(m.Config.Hardware.Device, func(d types.BaseVirtualDevice) bool { return onNetwork(d, portgroup) }) {
			name = m.Name
		}
		return name == ""
	})
	return name
}

func onNetwork(device types.BaseVirtualDevice, portgroup string) bool {
	card, ok := device.(types.BaseVirtualEthernetCard)
	if !ok {
		return false
	}
	backing, ok := card.GetVirtualEthernetCard().Backing.(*types.VirtualEthernetCardNetworkBackingInfo)
	return ok && backing.DeviceName == portgroup
}
