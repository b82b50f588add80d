// SPDX-License-Identifier: GPL-3.0-or-later

// Package power switches machines on and off.
package power

import (
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// On boots the machine on its host, or lets a suspended one go on.
func On(mc *machines.VM, j *registry.Job) *fault.Failure {
	if mc.Power() == machines.Suspended {
		return resume(mc, j)
	}
	hw := mc.Hardware()
	mc.Tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmStartingEvent{VmEvent: e}} })
	f := boot(mc, j, hw)
	if f != nil {
		mc.Tell(j.User, func(e types.VmEvent) []types.BaseEvent {
			return []types.BaseEvent{machines.Say(&types.VmFailedToPowerOnEvent{VmEvent: e, Reason: *f.Localized()},
				"Cannot power on %s on %s: %s", hw.Name, e.Host.Name, f.Text)}
		})
		return f
	}
	mc.ShowPower(machines.PoweredOn)
	mc.Tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmPoweredOnEvent{VmEvent: e}} })
	return nil
}

// boot starts the machine's process.
func boot(mc *machines.VM, j *registry.Job, hw machines.Hardware) *fault.Failure {
	h := mc.On()
	if f := bootable(mc, j, hw, h); f != nil {
		return f
	}
	spec, f := mc.Spec(hw, h)
	if f != nil {
		return f
	}
	process, err := mc.Manager.Cfg.Backing.Start(j.Ctx, spec)
	if err != nil {
		if f := j.Cancelled(); f != nil {
			return f
		}
		return fault.New(&types.GenericVmConfigFault{Reason: err.Error()}, "%s cannot be powered on: %v", hw.Name, err)
	}
	mc.Adopt(process, h)
	return nil
}

// bootable is what stands in the way of powering on, nil for nothing.
func bootable(mc *machines.VM, j *registry.Job, hw machines.Hardware, h machines.ESXi) *fault.Failure {
	switch {
	case hw.Template:
		return fault.New(&types.InvalidState{}, "%s is a template", hw.Name)
	case mc.Running() != nil:
		return machines.PowerState(mc, machines.PoweredOff, mc.Power())
	case h.InMaintenance():
		return fault.New(&types.InvalidState{}, "The host %s is in maintenance mode", h.Name())
	case !j.ByHost() && !h.Connected():
		return fault.New(&types.HostNotConnected{}, "The host %s is not connected", h.Name())
	}
	if failures := append(machines.LacksNetworks(hw.Nics, h), machines.LacksDisks(hw, h)...); len(failures) > 0 {
		return failures[0]
	}
	if free, lacks := mc.Manager.LacksMemory(mc, hw, h); lacks {
		return fault.New(&types.InsufficientMemoryResourcesFault{Unreserved: free, Requested: hw.MemoryMB << 20},
			"The host %s has %d MB of memory left; %s needs %d MB", h.Name(), free>>20, hw.Name, hw.MemoryMB)
	}
	return nil
}

// Off ends the machine at once, as pulling its plug would.
func Off(mc *machines.VM, j *registry.Job) *fault.Failure {
	if mc.Power() == machines.PoweredOff {
		return machines.PowerState(mc, machines.PoweredOn, machines.PoweredOff)
	}
	mc.Tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmStoppingEvent{VmEvent: e}} })
	if f := mc.Halt(j); f != nil {
		return f
	}
	mc.ShowPower(machines.PoweredOff)
	mc.Tell(j.User, func(e types.VmEvent) []types.BaseEvent {
		return []types.BaseEvent{&types.VmPoweredOffEvent{VmEvent: e}}
	})
	return nil
}

// Reset restarts the machine, as its reset button would.
func Reset(mc *machines.VM, j *registry.Job) *fault.Failure {
	process := mc.Running()
	if mc.Power() != machines.PoweredOn || process == nil {
		return machines.PowerState(mc, machines.PoweredOn, mc.Power())
	}
	if err := process.Reset(j.Ctx); err != nil {
		return fault.System("%s cannot be reset: %v", mc.Name(), err)
	}
	mc.ShowPower(machines.PoweredOn)
	mc.Tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmResettingEvent{VmEvent: e}} })
	return nil
}

// Suspend stops the machine's processors. Its memory stays on the host.
func Suspend(mc *machines.VM, j *registry.Job) *fault.Failure {
	process := mc.Running()
	if mc.Power() != machines.PoweredOn || process == nil {
		return machines.PowerState(mc, machines.PoweredOn, mc.Power())
	}
	if err := process.Pause(j.Ctx); err != nil {
		return fault.System("%s cannot be suspended: %v", mc.Name(), err)
	}
	mc.ShowPower(machines.Suspended)
	mc.Tell(j.User, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmSuspendedEvent{VmEvent: e}} })
	return nil
}

// resume lets a suspended machine go on.
func resume(mc *machines.VM, j *registry.Job) *fault.Failure {
	process := mc.Running()
	if process == nil {
		return machines.PowerState(mc, machines.PoweredOn, mc.Power())
	}
	if err := process.Resume(j.Ctx); err != nil {
		return fault.System("%s cannot go on: %v", mc.Name(), err)
	}
	mc.ShowPower(machines.PoweredOn)
	mc.Tell(j.User, func(e types.VmEvent) []types.BaseEvent {
		return []types.BaseEvent{&types.VmResumingEvent{VmEvent: e}, &types.VmPoweredOnEvent{VmEvent: e}}
	})
	return nil
}
