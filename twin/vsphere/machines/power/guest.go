// SPDX-License-Identifier: GPL-3.0-or-later

package power

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// rebootLimit is how long a guest may take to shut down before it counts as one that will not.
const rebootLimit = 5 * time.Minute

// Shutdown presses the power button (ACPI); the machine shows poweredOff when its guest has followed. It needs no VMware Tools.
func Shutdown(mc *machines.VM, at machines.Ref, user string) *fault.Failure {
	return press(mc, at, user, func(e types.VmEvent) types.BaseEvent { return &types.VmGuestShutdownEvent{VmEvent: e} })
}

// press presses the power button of a machine that nothing else is being done with.
func press(mc *machines.VM, at machines.Ref, user string, event func(types.VmEvent) types.BaseEvent) *fault.Failure {
	process := mc.Running()
	if mc.Power() != machines.PoweredOn || process == nil {
		return machines.PowerState(mc, machines.PoweredOn, mc.Power())
	}
	if f := mc.Begin(at); f != nil {
		return f
	}
	defer mc.End()
	mc.Tell(user, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{event(e)} })
	if err := process.Shutdown(mc.Manager.Ctx); err != nil {
		return fault.System("The power button of %s cannot be pressed: %v", mc.Name(), err)
	}
	return nil
}

// Reboot has the guest shut down, by its power button, and boots it again. A guest that does not shut down stays on.
func Reboot(inv *machines.Inventory, mc *machines.VM, at machines.Ref, user string) *fault.Failure {
	process := mc.Running()
	f := press(mc, at, user, func(e types.VmEvent) types.BaseEvent { return &types.VmGuestRebootEvent{VmEvent: e} })
	if f != nil {
		return f
	}
	inv.Manager.Background(func() {
		limited, cancel := context.WithTimeout(inv.Manager.Ctx, rebootLimit)
		defer cancel()
		select {
		case <-limited.Done():
			return
		case <-process.Done():
		}
		mc.Ended(process)
		inv.Start(inv.ContextOf(user), at, "VirtualMachine.powerOn", func(j *registry.Job) (types.AnyType, *fault.Failure) {
			if f := mc.Begin(j.Ref); f != nil {
				return nil, f
			}
			defer mc.End()
			return nil, On(mc, j)
		})
	})
	return nil
}
