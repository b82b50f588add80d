// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"

	"livelab.dev/twin/vsphere/registry/fault"
)

const (
	poweredOn  = types.VirtualMachinePowerStatePoweredOn
	poweredOff = types.VirtualMachinePowerStatePoweredOff
	suspended  = types.VirtualMachinePowerStateSuspended
)

// vmMethods answers VirtualMachine.
type vmMethods struct {
	*overlay
	inv *inventory
	mc  *machine
}

// run does something with the machine as a task, and nothing else with it at the same time.
func (v *vmMethods) run(ctx *simulator.Context, what string, work func(*job) (types.AnyType, *fault.Failure)) ref {
	var busy *fault.Failure
	begin := func(task ref) { busy = v.mc.begin(task) }
	return v.inv.startAfter(ctx, v.Self, "VirtualMachine."+what, begin, func(j *job) (types.AnyType, *fault.Failure) {
		if busy != nil {
			return nil, busy
		}
		defer v.mc.end()
		return work(j)
	})
}

// PowerOnVMTask boots the machine on its host, or lets a suspended one go on.
func (v *vmMethods) PowerOnVMTask(ctx *simulator.Context, _ *types.PowerOnVM_Task) soap.HasFault {
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{
		Returnval: v.run(ctx, "powerOn", func(j *job) (types.AnyType, *fault.Failure) { return nil, v.mc.powerOn(j) }),
	}}
}

// datacenterMethods answers Datacenter.
type datacenterMethods struct {
	*overlay
	inv *inventory
}

// PowerOnMultiVMTask powers machines on, each as a task of its own that the result names.
func (d *datacenterMethods) PowerOnMultiVMTask(ctx *simulator.Context, req *types.PowerOnMultiVM_Task) soap.HasFault {
	return &methods.PowerOnMultiVM_TaskBody{Res: &types.PowerOnMultiVM_TaskResponse{
		Returnval: d.inv.start(ctx, d.Self, "Datacenter.powerOnMultiVM", func(*job) (types.AnyType, *fault.Failure) {
			var result types.ClusterPowerOnVmResult
			for _, object := range req.Vm {
				mc := d.inv.machine(object)
				if mc == nil {
					result.NotAttempted = append(result.NotAttempted, types.ClusterNotAttemptedVmInfo{Vm: object, Fault: *fault.Gone(object).Localized()})
					continue
				}
				v := &vmMethods{&overlay{object}, d.inv, mc}
				task := v.run(ctx, "powerOn", func(j *job) (types.AnyType, *fault.Failure) { return nil, mc.powerOn(j) })
				result.Attempted = append(result.Attempted, types.ClusterAttemptedVmInfo{Vm: object, Task: &task})
			}
			return result, nil
		}),
	}}
}

func (mc *machine) powerOn(j *job) *fault.Failure {
	if mc.power() == suspended {
		return mc.resume(j)
	}
	hw := mc.hardware()
	mc.post(j.user, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmStartingEvent{VmEvent: e}} })
	f := mc.boot(j, hw)
	if f != nil {
		mc.post(j.user, func(e types.VmEvent) []types.BaseEvent {
			return []types.BaseEvent{say(&types.VmFailedToPowerOnEvent{VmEvent: e, Reason: *f.Localized()},
				"Cannot power on %s on %s: %s", hw.name, e.Host.Name, f.Text)}
		})
		return f
	}
	mc.showPower(poweredOn)
	mc.post(j.user, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmPoweredOnEvent{VmEvent: e}} })
	return nil
}

// boot starts the machine's process.
func (mc *machine) boot(j *job, hw hardware) *fault.Failure {
	h := mc.on()
	if f := mc.bootable(hw, h); f != nil {
		return f
	}
	spec, f := mc.spec(hw, h)
	if f != nil {
		return f
	}
	process, err := mc.m.cfg.Backing.Start(j.ctx, spec)
	if err != nil {
		if f := j.cancelled(); f != nil {
			return f
		}
		return fault.New(&types.GenericVmConfigFault{Reason: err.Error()}, "%s cannot be powered on: %v", hw.name, err)
	}
	mc.adopt(process, h)
	return nil
}

// bootable is what stands in the way of powering on, nil for nothing.
func (mc *machine) bootable(hw hardware, h host) *fault.Failure {
	switch {
	case hw.template:
		return fault.New(&types.InvalidState{}, "%s is a template", hw.name)
	case mc.running() != nil:
		return powerState(mc, poweredOff, mc.power())
	case h.InMaintenance():
		return fault.New(&types.InvalidState{}, "The host %s is in maintenance mode", h.Name())
	case !mc.reachable(h):
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
func (mc *machine) reachable(h host) bool {
	inv, _, ok := mc.face()
	return ok && (inv.reg.IsESX() || h.Connected())
}

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
		mc.post("", func(e types.VmEvent) []types.BaseEvent {
			return []types.BaseEvent{&types.VmPoweredOffEvent{VmEvent: e}}
		})
	}
}

// halt ends the machine's process at once.
func (mc *machine) halt(j *job) *fault.Failure {
	mc.mu.Lock()
	process := mc.process
	mc.ending = true
	mc.mu.Unlock()
	if process != nil {
		if err := process.PowerOff(j.ctx); err != nil {
			return fault.System("%s cannot be powered off: %v", mc.name(), err)
		}
	}
	mc.mu.Lock()
	mc.process = nil
	mc.mu.Unlock()
	return nil
}

// PowerOffVMTask ends the machine at once, as pulling its plug would.
func (v *vmMethods) PowerOffVMTask(ctx *simulator.Context, _ *types.PowerOffVM_Task) soap.HasFault {
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{
		Returnval: v.run(ctx, "powerOff", func(j *job) (types.AnyType, *fault.Failure) {
			if v.mc.power() == poweredOff {
				return nil, powerState(v.mc, poweredOn, poweredOff)
			}
			v.mc.post(j.user, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmStoppingEvent{VmEvent: e}} })
			if f := v.mc.halt(j); f != nil {
				return nil, f
			}
			v.mc.showPower(poweredOff)
			v.mc.post(j.user, func(e types.VmEvent) []types.BaseEvent {
				return []types.BaseEvent{&types.VmPoweredOffEvent{VmEvent: e}}
			})
			return nil, nil
		}),
	}}
}

// ResetVMTask restarts the machine, as its reset button would.
func (v *vmMethods) ResetVMTask(ctx *simulator.Context, _ *types.ResetVM_Task) soap.HasFault {
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{
		Returnval: v.run(ctx, "reset", func(j *job) (types.AnyType, *fault.Failure) {
			process := v.mc.running()
			if v.mc.power() != poweredOn || process == nil {
				return nil, powerState(v.mc, poweredOn, v.mc.power())
			}
			if err := process.Reset(j.ctx); err != nil {
				return nil, fault.System("%s cannot be reset: %v", v.mc.name(), err)
			}
			v.mc.showPower(poweredOn)
			v.mc.post(j.user, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmResettingEvent{VmEvent: e}} })
			return nil, nil
		}),
	}}
}

// SuspendVMTask stops the machine's processors. Its memory stays on the host.
func (v *vmMethods) SuspendVMTask(ctx *simulator.Context, _ *types.SuspendVM_Task) soap.HasFault {
	return &methods.SuspendVM_TaskBody{Res: &types.SuspendVM_TaskResponse{
		Returnval: v.run(ctx, "suspend", func(j *job) (types.AnyType, *fault.Failure) {
			process := v.mc.running()
			if v.mc.power() != poweredOn || process == nil {
				return nil, powerState(v.mc, poweredOn, v.mc.power())
			}
			if err := process.Pause(j.ctx); err != nil {
				return nil, fault.System("%s cannot be suspended: %v", v.mc.name(), err)
			}
			v.mc.showPower(suspended)
			v.mc.post(j.user, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{&types.VmSuspendedEvent{VmEvent: e}} })
			return nil, nil
		}),
	}}
}

// resume lets a suspended machine go on.
func (mc *machine) resume(j *job) *fault.Failure {
	process := mc.running()
	if process == nil {
		return powerState(mc, poweredOn, mc.power())
	}
	if err := process.Resume(j.ctx); err != nil {
		return fault.System("%s cannot go on: %v", mc.name(), err)
	}
	mc.showPower(poweredOn)
	mc.post(j.user, func(e types.VmEvent) []types.BaseEvent {
		return []types.BaseEvent{&types.VmResumingEvent{VmEvent: e}, &types.VmPoweredOnEvent{VmEvent: e}}
	})
	return nil
}

// showPower shows the machine in a power state, and what follows from it.
func (mc *machine) showPower(state types.VirtualMachinePowerState) {
	changes := []change{{Name: "runtime.powerState", Val: state}, {Name: "summary.runtime.powerState", Val: state}}
	switch state {
	case poweredOn:
		now := time.Now()
		changes = append(changes, change{Name: "runtime.bootTime", Val: now}, change{Name: "summary.runtime.bootTime", Val: now})
	case poweredOff:
		changes = append(changes, change{Name: "runtime.bootTime"}, change{Name: "summary.runtime.bootTime"})
	}
	mc.set(changes...)
	mc.clearGuest()
}
