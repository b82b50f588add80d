// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// rebootLimit is how long a guest may take to shut down before it counts as one that will not.
const rebootLimit = 5 * time.Minute

// shutdown presses the power button (ACPI); the machine shows poweredOff when its guest has followed. It needs no VMware Tools.
func shutdown(mc *machine, at ref, user string) *fault.Failure {
	return press(mc, at, user, func(e types.VmEvent) types.BaseEvent { return &types.VmGuestShutdownEvent{VmEvent: e} })
}

// press presses the power button of a machine that nothing else is being done with.
func press(mc *machine, at ref, user string, event func(types.VmEvent) types.BaseEvent) *fault.Failure {
	process := mc.running()
	if mc.power() != poweredOn || process == nil {
		return powerState(mc, poweredOn, mc.power())
	}
	if f := mc.begin(at); f != nil {
		return f
	}
	defer mc.end()
	mc.tell(user, func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{event(e)} })
	if err := process.Shutdown(mc.m.ctx); err != nil {
		return fault.System("The power button of %s cannot be pressed: %v", mc.name(), err)
	}
	return nil
}

// reboot has the guest shut down, by its power button, and boots it again. A guest that does not shut down stays on.
func reboot(inv *inventory, mc *machine, at ref, user string) *fault.Failure {
	process := mc.running()
	f := press(mc, at, user, func(e types.VmEvent) types.BaseEvent { return &types.VmGuestRebootEvent{VmEvent: e} })
	if f != nil {
		return f
	}
	inv.m.background(func() {
		limited, cancel := context.WithTimeout(inv.m.ctx, rebootLimit)
		defer cancel()
		select {
		case <-limited.Done():
			return
		case <-process.Done():
		}
		mc.ended(process)
		inv.start(inv.ContextOf(user), at, "VirtualMachine.powerOn", func(j *registry.Job) (types.AnyType, *fault.Failure) {
			if f := mc.begin(j.Ref); f != nil {
				return nil, f
			}
			defer mc.end()
			return nil, powerOn(mc, j)
		})
	})
	return nil
}
