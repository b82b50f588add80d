// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
)

// Take takes over the machines of a registry.
func (m *Manager) Take(reg *registry.Registry, hostOf func(Ref) ESXi) *Inventory {
	inv := &Inventory{Registry: reg, Manager: m, HostOf: hostOf, byRef: map[Ref]*VM{}}
	inv.mendEvents()
	reg.AddHandler(&watcher{Ref{Type: "Watcher", Value: "machines.faces"}, inv})
	reg.Guard(func(method *simulator.Method) types.BaseMethodFault {
		if method.Name == "Login" {
			m.Align() // Whoever logs in sees what is so now, not what was a second ago.
		}
		if inv.blocked(method) {
			return &types.MethodDisabled{}
		}
		return nil
	})
	m.mu.Lock()
	m.inventories = append(m.inventories, inv)
	m.mu.Unlock()
	return inv
}
