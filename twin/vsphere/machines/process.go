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
	poweredOn  = types.VirtualMachinePowerStatePoweredOn
	poweredOff = types.VirtualMachinePowerStatePoweredOff
	suspended  = types.VirtualMachinePowerStateSuspended
)

// adopt makes a process the machine's, and follows it to its end.
func (mc *machine) adopt(process hypervisor.Machine, h host) {
	mc.mu.Lock()
	mc.process, mc.host, mc.ending = process, h, false
	mc.receiving, mc.receivingHost = nil, nil
	mc.mu.Unlock()
	mc.m.background(func() {
		select {
		case <-process.Done():
			mc.ended(process)
		case <-mc.m.ctx.Done():
		}
	})
}

// ended shows a machine whose guest has powered it off by itself, or whose process has died, as powered off.
func (mc *machine) ended(process hypervisor.Machine) {
	mc.mu.Lock()
	// A process that is no longer the machine's has left for another host, or was ended on purpose.
	byItself := mc.process == process && !mc.ending && process.State() == hypervisor.StateOff
	if byItself {
		mc.process = nil
	}
	mc.mu.Unlock()
	if byItself {
		mc.showPower(poweredOff)
		mc.tell("", func(e types.VmEvent) []types.BaseEvent {
			return []types.BaseEvent{&types.VmPoweredOffEvent{VmEvent: e}}
		})
	}
}

// halt ends the machine's process at once.
func (mc *machine) halt(j *registry.Job) *fault.Failure {
	mc.mu.Lock()
	process := mc.process
	mc.ending = true
	mc.mu.Unlock()
	if process != nil {
		if err := process.PowerOff(j.Ctx); err != nil {
			return fault.System("%s cannot be powered off: %v", mc.name(), err)
		}
	}
	mc.mu.Lock()
	mc.process = nil
	mc.mu.Unlock()
	return nil
}

// showPower shows the machine in a power state, and what follows from it.
func (mc *machine) showPower(state types.VirtualMachinePowerState) {
	changes := []registry.Change{{Name: "runtime.powerState", Val: state}, {Name: "summary.runtime.powerState", Val: state}}
	switch state {
	case poweredOn:
		now := time.Now()
		changes = append(changes, registry.Change{Name: "runtime.bootTime", Val: now}, registry.Change{Name: "summary.runtime.bootTime", Val: now})
	case poweredOff:
		changes = append(changes, registry.Change{Name: "runtime.bootTime"}, registry.Change{Name: "summary.runtime.bootTime"})
	}
	mc.set(changes...)
	mc.clearGuest()
}
