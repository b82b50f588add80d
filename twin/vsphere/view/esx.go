// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/mo"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
)

// NewESX is the view of a host's own endpoint, in a registry of its own: the simulator's ESX model, turned into this host.
func NewESX(h *host.Host, answer Objects) *View {
	content := esx.ServiceContent
	content.About = h.About
	reg := registry.New(content, esx.RootFolder, h.Env.Logf)
	reg.WatchMachines(func() {})
	system := reg.Get(esx.HostSystem.Self).(*simulator.HostSystem)
	v := New(h, reg, system, esx.Datacenter.Self, answer)

	// The simulator starts with a Network that is nobody's; the host's own takes its place.
	reg.Orphan(reg.Get(esx.Datacenter.Network[0]).(mo.Entity))
	reg.SetList(esx.Datacenter.Self, "network", nil)
	reg.SetList(system.Self, "network", nil)
	v.Show()
	return v
}
