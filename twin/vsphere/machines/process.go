// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

const (
	PoweredOn  = types.VirtualMachinePowerStatePoweredOn
	PoweredOff = types.VirtualMachinePowerStatePoweredOff
	Suspended  = types.VirtualMachinePowerStateSuspended
)

// Adopt makes a process the machine's, and follows it to its end.
func (mc *VM) Adopt(process hypervisor.Machine, h ESXi) {
	mc.mu.Lock()
	mc.Process, mc.Host, mc.ending = process, h, false
	mc.Receiving, mc.ReceivingHost = nil, nil
	mc.mu.Unlock()
	mc.Manager.Background(func() {
		select {
		case <-process.Done():
			mc.Ended(process)
		case <-mc.Manager.Ctx.Done():
		}
	})
}

// Ended shows a machine whose guest has powered it off by itself, or whose process has died, as powered off.
func (mc *VM) Ended(process hypervisor.Machine) {
	mc.mu.Lock()
	// A process that is no longer the machine's has left for another host, or was ended on purpose.
	byItself := mc.Process == process && !mc.ending && process.State() == hypervisor.StateOff
	if byItself {
		mc.Process = nil
	}
	mc.mu.Unlock()
	if byItself {
		mc.ShowPower(PoweredOff)
		mc.Tell("", func(e types.VmEvent) []types.BaseEvent {
			return []types.BaseEvent{&types.VmPoweredOffEvent{VmEvent: e}}
		})
	}
}

// Halt ends the machine's process at once.
func (mc *VM) Halt(j *registry.Job) *fault.Failure {
	mc.mu.Lock()
	process := mc.Process
	mc.ending = true
	mc.mu.Unlock()
	if process != nil {
		if err := process.PowerOff(j.Ctx); err != nil {
			return fault.System("%s cannot be powered off: %v", mc.Name(), err)
		}
	}
	mc.mu.Lock()
	mc.Process = nil
	mc.mu.Unlock()
	return nil
}

// ShowPower shows the machine in a power state, and what follows from it.
func (mc *VM) ShowPower(state types.VirtualMachinePowerState) {
	changes := []registry.Change{{Name: "runtime.powerState", Val: state}, {Name: "summary.runtime.powerState", Val: state}}
	switch state {
	case PoweredOn:
		now := time.Now()
		changes = append(changes, registry.Change{Name: "runtime.bootTime", Val: now}, registry.Change{Name: "summary.runtime.bootTime", Val: now})
	case PoweredOff:
		changes = append(changes, registry.Change{Name: "runtime.bootTime"}, registry.Change{Name: "summary.runtime.bootTime"})
	}
	mc.set(changes...)
	mc.clearGuest()
}
