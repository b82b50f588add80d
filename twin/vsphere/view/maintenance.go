// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry/fault"
)

// evacuationPoll is how often a host looks whether its last machine is gone.
const evacuationPoll = 200 * time.Millisecond

// EnterMaintenance waits until no machine runs on the host, as long as limit (0: for ever), then lets none in.
func (v *View) EnterMaintenance(limit time.Duration) *fault.Failure {
	start := time.Now()
	for v.PoweredOn() != "" {
		if limit > 0 && time.Since(start) > limit {
			return fault.New(&types.Timedout{}, "The host %s is not free after %s: %q still runs on it", v.Name, limit, v.PoweredOn())
		}
		time.Sleep(evacuationPoll)
	}
	f := v.Change(func(s *host.State) *fault.Failure {
		if s.Maintenance {
			return fault.New(&types.InvalidState{}, "The host %s is in maintenance mode already", v.Name)
		}
		s.Maintenance = true
		return nil
	})
	if f == nil {
		v.Reg.Post(&types.EnteredMaintenanceModeEvent{HostEvent: v.Event()})
	}
	return f
}

// Removable is the fault for a host that cannot leave the inventory: one with machines, and one in a cluster that still works.
func (v *View) Removable(inCluster bool) *fault.Failure {
	if machines := v.Reg.List(v.System.Self, "vm"); len(machines) > 0 {
		return fault.InUse(mo.HostSystem{}, v.Name, "The host %s still has %d virtual machines", v.Name, len(machines))
	}
	if inCluster && v.Connected() && !v.Host.State().Maintenance {
		return fault.New(&types.InvalidState{}, "The host %s must be in maintenance mode or disconnected to leave its cluster", v.Name)
	}
	return nil
}
