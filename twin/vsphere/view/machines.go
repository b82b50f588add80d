// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/names"
)

// eachMachine calls f with every machine on the host, in every registry that shows it, until f returns false.
func (v *View) eachMachine(f func(*simulator.VirtualMachine) bool) {
	for _, viewer := range v.Host.ShownBy() {
		other, ok := viewer.(*View)
		if !ok {
			continue
		}
		for _, ref := range other.Reg.List(other.System.Self, "vm") {
			machine, ok := other.Reg.Get(ref).(*simulator.VirtualMachine)
			if !ok {
				continue
			}
			more := true
			other.Reg.WithLock(other.Reg.Context(), ref, func() { more = f(machine) })
			if !more {
				return
			}
		}
	}
}

// PoweredOn is the name of a machine that runs on the host, empty for none.
func (v *View) PoweredOn() (name string) {
	v.eachMachine(func(m *simulator.VirtualMachine) bool {
		if m.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
			name = m.Name
		}
		return name == ""
	})
	return name
}

// MachineOn is the name of a machine on the host with an adapter on a port group, empty for none.
func (v *View) MachineOn(portgroup string) (name string) {
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
	return ok && names.Same(backing.DeviceName, portgroup)
}
