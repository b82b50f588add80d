// SPDX-License-Identifier: GPL-3.0-or-later

package move

import (
	"net/netip"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// VmotionPort is the TCP port of vMotion, on the VMkernel adapters that carry it.
const VmotionPort = 8000

// migrate moves the machine while it runs. When it fails, the machine goes on where it was.
func (mv *move) migrate(j *registry.Job) *fault.Failure {
	receive := mv.inv.Manager.Arrivals(mv.to)
	receive.Lock() // The destination has one vMotion port.
	defer receive.Unlock()
	// What was true before may have changed while another machine was being received.
	if problems := mv.problems(); len(problems) > 0 {
		return problems[0]
	}
	spec, f := mv.mc.Spec(mv.hw, mv.to)
	if f != nil {
		return f
	}
	source := mv.mc.Running()
	from, _ := mv.from.VMotionAddress()
	to, _ := mv.to.VMotionAddress()
	listen := netip.AddrPortFrom(to, VmotionPort)
	receiver, err := mv.inv.Manager.Cfg.Backing.Incoming(j.Ctx, spec, listen)
	if err != nil {
		if f := j.Cancelled(); f != nil {
			return f
		}
		issue := mv.interfaceIssue(false)
		return fault.New(&issue, "The host %s cannot receive %s at %s: %v", mv.to.Name(), mv.hw.Name, listen, err)
	}
	mv.mc.Receive(receiver, mv.to)
	told := newAccount(from, to)
	told.open(mv)
	result, err := source.Migrate(j.Ctx, receiver, listen, hypervisor.MigrateOptions{
		BandwidthBps: mv.inv.Manager.Cfg.BandwidthBps, Source: from,
		Progress: func(s hypervisor.MigrationStatus) { j.Progress(s.Percent) },
	})
	if err != nil {
		mv.mc.Receive(nil, nil)
		if f := j.Cancelled(); f != nil {
			return f
		}
		return fault.New(&types.MigrationFault{}, "The migration of %s from %s to %s failed; it goes on at %s: %v",
			mv.hw.Name, mv.from.Name(), mv.to.Name(), mv.from.Name(), err)
	}
	mv.mc.Adopt(receiver, mv.to)
	told.result = result
	if err := told.close(mv); err != nil {
		// The machine has arrived; that its log cannot be written takes nothing away from that.
		mv.inv.Manager.Cfg.Logf("%s: its log cannot be written: %v", mv.hw.Name, err)
	}
	return nil
}
