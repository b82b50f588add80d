// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// powerOn boots the machine on its host, or lets a suspended one go on.
func powerOn(mc *machine, j *registry.Job) *fault.Failure {
	if mc.power() == suspended {
		return resume(mc, j)
	}
	hw := mc.hardware()
	mc.tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmStartingEvent{VmEvent: e}} })
	f := boot(mc, j, hw)
	if f != nil {
		mc.tell(j.User, func(e types.VmEvent) []types.BaseEvent {
			return []types.BaseEvent{say(&types.VmFailedToPowerOnEvent{VmEvent: e, Reason: *f.Localized()},
				"Cannot power on %s on %s: %s", hw.name, e.Host.Name, f.Text)}
		})
		return f
	}
	mc.showPower(poweredOn)
	mc.tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmPoweredOnEvent{VmEvent: e}} })
	return nil
}

// boot starts the machine's process.
func boot(mc *machine, j *registry.Job, hw hardware) *fault.Failure {
	h := mc.on()
	if f := bootable(mc, hw, h); f != nil {
		return f
	}
	spec, f := mc.spec(hw, h)
	if f != nil {
		return f
	}
	process, err := mc.m.cfg.Backing.Start(j.Ctx, spec)
	if err != nil {
		if f := j.Cancelled(); f != nil {
			return f
		}
		return fault.New(&types.GenericVmConfigFault{Reason: err.Error()}, "%s cannot be powered on: %v", hw.name, err)
	}
	mc.adopt(process, h)
	return nil
}

// bootable is what stands in the way of powering on, nil for nothing.
func bootable(mc *machine, hw hardware, h host) *fault.Failure {
	switch {
	case hw.template:
		return fault.New(&types.InvalidState{}, "%s is a template", hw.name)
	case mc.running() != nil:
		return powerState(mc, poweredOff, mc.power())
	case h.InMaintenance():
		return fault.New(&types.InvalidState{}, "The host %s is in maintenance mode", h.Name())
	case !reachable(mc, h):
		return fault.New(&types.HostNotConnected{}, "The host %s is not connected", h.Name())
	}
	if failures := append(lacksNetworks(hw.nics, h), lacksDisks(hw, h)...); len(failures) > 0 {
		return failures[0]
	}
	if free, lacks := mc.m.lacksMemory(mc, hw, h); lacks {
		return fault.New(&types.InsufficientMemoryResourcesFault{Unreserved: free, Requested: hw.memoryMB << 20},
			"The host %s has %d MB of memory left; %s needs %d MB", h.Name(), free>>20, hw.name, hw.memoryMB)
	}
	return nil
}

// reachable tells whether who shows the machine has a connection to the host; a host always has one to itself.
func reachable(mc *machine, h host) bool {
	inv, _, ok := mc.face()
	return ok && (inv.IsESX() || h.Connected())
}

// powerOff ends the machine at once, as pulling its plug would.
func powerOff(mc *machine, j *registry.Job) *fault.Failure {
	if mc.power() == poweredOff {
		return powerState(mc, poweredOn, poweredOff)
	}
	mc.tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmStoppingEvent{VmEvent: e}} })
	if f := mc.halt(j); f != nil {
		return f
	}
	mc.showPower(poweredOff)
	mc.tell(j.User, func(e types.VmEvent) []types.BaseEvent {
		return []types.BaseEvent{&types.VmPoweredOffEvent{VmEvent: e}}
	})
	return nil
}

// reset restarts the machine, as its reset button would.
func reset(mc *machine, j *registry.Job) *fault.Failure {
	process := mc.running()
	if mc.power() != poweredOn || process == nil {
		return powerState(mc, poweredOn, mc.power())
	}
	if err := process.Reset(j.Ctx); err != nil {
		return fault.System("%s cannot be reset: %v", mc.name(), err)
	}
	mc.showPower(poweredOn)
	mc.tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmResettingEvent{VmEvent: e}} })
	return nil
}

// suspend stops the machine's processors. Its memory stays on the host.
func suspend(mc *machine, j *registry.Job) *fault.Failure {
	process := mc.running()
	if mc.power() != poweredOn || process == nil {
		return powerState(mc, poweredOn, mc.power())
	}
	if err := process.Pause(j.Ctx); err != nil {
		return fault.System("%s cannot be suspended: %v", mc.name(), err)
	}
	mc.showPower(suspended)
	mc.tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmSuspendedEvent{VmEvent: e}} })
	return nil
}

// resume lets a suspended machine go on.
func resume(mc *machine, j *registry.Job) *fault.Failure {
	process := mc.running()
	if process == nil {
		return powerState(mc, poweredOn, mc.power())
	}
	if err := process.Resume(j.Ctx); err != nil {
		return fault.System("%s cannot go on: %v", mc.name(), err)
	}
	mc.showPower(poweredOn)
	mc.tell(j.User, func(e types.VmEvent) []types.BaseEvent {
		return []types.BaseEvent{&types.VmResumingEvent{VmEvent: e}, &types.VmPoweredOnEvent{VmEvent: e}}
	})
	return nil
}
