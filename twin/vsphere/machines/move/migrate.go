// SPDX-License-Identifier: GPL-3.0-or-later

package move

import (
	"net/netip"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// VmotionPort is the TCP port of vMotion, on the VMkernel adapters that carry it.
const VmotionPort = 8000

// MigrationFiguresEvent is the eventTypeId of the EventEx that says what a vMotion took.
const MigrationFiguresEvent = "dev.livelab.vm.MigrationFigures"

// migrate moves the machine while it runs. When it fails, the machine goes on where it was.
func (mv *move) migrate(j *registry.Job) ([]types.KeyAnyValue, *fault.Failure) {
	receive := mv.inv.Manager.Arrivals(mv.to)
	receive.Lock() // The destination has one vMotion port.
	defer receive.Unlock()
	// What was true before may have changed while another machine was being received.
	if problems := mv.problems(); len(problems) > 0 {
		return nil, problems[0]
	}
	spec, f := mv.mc.Spec(mv.hw, mv.to)
	if f != nil {
		return nil, f
	}
	source := mv.mc.Running()
	from, _ := mv.from.VMotionAddress()
	to, _ := mv.to.VMotionAddress()
	listen := netip.AddrPortFrom(to, VmotionPort)
	receiver, err := mv.inv.Manager.Cfg.Backing.Incoming(j.Ctx, spec, listen)
	if err != nil {
		if f := j.Cancelled(); f != nil {
			return nil, f
		}
		issue := mv.interfaceIssue(false)
		return nil, fault.New(&issue, "The host %s cannot receive %s at %s: %v", mv.to.Name(), mv.hw.Name, listen, err)
	}
	mv.mc.Receive(receiver, mv.to)
	result, err := source.Migrate(j.Ctx, receiver, listen, hypervisor.MigrateOptions{
		BandwidthBps: mv.inv.Manager.Cfg.BandwidthBps, Source: from,
		Progress: func(s hypervisor.MigrationStatus) { j.Progress(s.Percent) },
	})
	if err != nil {
		mv.mc.Receive(nil, nil)
		if f := j.Cancelled(); f != nil {
			return nil, f
		}
		return nil, fault.New(&types.MigrationFault{}, "The migration of %s from %s to %s failed; it goes on at %s: %v",
			mv.hw.Name, mv.from.Name(), mv.to.Name(), mv.from.Name(), err)
	}
	mv.mc.Adopt(receiver, mv.to)
	return mv.figures(j, result), nil
}

// figures are what a vMotion took, as the package's documentation lists them.
func (mv *move) figures(j *registry.Job, r hypervisor.MigrationResult) []types.KeyAnyValue {
	return []types.KeyAnyValue{
		{Key: "task", Value: j.Ref.Value},
		{Key: "source", Value: mv.from.Name()},
		{Key: "destination", Value: mv.to.Name()},
		{Key: "total_ms", Value: r.TotalTime.Milliseconds()},
		{Key: "setup_ms", Value: r.SetupTime.Milliseconds()},
		{Key: "precopy_ms", Value: r.PreCopyTime.Milliseconds()},
		{Key: "downtime_ms", Value: r.Downtime.Milliseconds()},
		{Key: "switchover_ms", Value: r.SwitchOver.Milliseconds()},
		{Key: "transferred_bytes", Value: r.TransferredBytes},
		{Key: "rounds", Value: int32(r.Rounds)},
		{Key: "memory_mb", Value: mv.hw.MemoryMB},
		{Key: "measured", Value: r.Measured},
		{Key: "accelerator", Value: mv.inv.Manager.Cfg.Backing.Accel()},
	}
}

func figuresEvent(at types.VmEvent, object machines.Ref, figures []types.KeyAnyValue) *types.EventEx {
	event := &types.EventEx{
		Event: at.Event, EventTypeId: MigrationFiguresEvent, Severity: string(types.EventEventSeverityInfo),
		Message: "What the migration took", ObjectType: object.Type, ObjectId: object.Value, ObjectName: at.Vm.Name,
		Arguments: figures,
	}
	event.FullFormattedMessage = event.Message
	return event
}
