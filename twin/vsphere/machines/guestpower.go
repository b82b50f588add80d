// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// rebootLimit is how long a guest may take to shut down before it counts as one that will not.
const rebootLimit = 5 * time.Minute

// ShutdownGuest presses the power button (ACPI) and returns; the machine shows poweredOff when its guest has followed. It needs no
// VMware Tools.
func (v *vmMethods) ShutdownGuest(ctx *simulator.Context, _ *types.ShutdownGuest) soap.HasFault {
	f := v.press(ctx, func(e types.VmEvent) types.BaseEvent { return &types.VmGuestShutdownEvent{VmEvent: e} })
	if f != nil {
		return &methods.ShutdownGuestBody{Fault_: f.SOAP()}
	}
	return &methods.ShutdownGuestBody{Res: &types.ShutdownGuestResponse{}}
}

// press presses the power button of a machine that nothing else is being done with.
func (v *vmMethods) press(ctx *simulator.Context, event func(types.VmEvent) types.BaseEvent) *fault.Failure {
	process := v.mc.running()
	if v.mc.power() != poweredOn || process == nil {
		return powerState(v.mc, poweredOn, v.mc.power())
	}
	if f := v.mc.begin(v.Self); f != nil {
		return f
	}
	defer v.mc.end()
	v.mc.post(userOf(ctx), func(e types.VmEvent) []types.BaseEvent { return []types.BaseEvent{event(e)} })
	if err := process.Shutdown(v.inv.m.ctx); err != nil {
		return fault.System("The power button of %s cannot be pressed: %v", v.mc.name(), err)
	}
	return nil
}

// RebootGuest has the guest shut down, by its power button, and boots it again. A guest that does not shut down stays on.
func (v *vmMethods) RebootGuest(ctx *simulator.Context, _ *types.RebootGuest) soap.HasFault {
	process := v.mc.running()
	f := v.press(ctx, func(e types.VmEvent) types.BaseEvent { return &types.VmGuestRebootEvent{VmEvent: e} })
	if f != nil {
		return &methods.RebootGuestBody{Fault_: f.SOAP()}
	}
	user := userOf(ctx)
	v.inv.m.background(func() {
		limited, cancel := context.WithTimeout(v.inv.m.ctx, rebootLimit)
		defer cancel()
		select {
		case <-limited.Done():
			return
		case <-process.Done():
		}
		v.mc.ended(process)
		v.inv.start(v.inv.context(user), v.Self, "VirtualMachine.powerOn", func(j *job) (types.AnyType, *fault.Failure) {
			if f := v.mc.begin(j.task); f != nil {
				return nil, f
			}
			defer v.mc.end()
			return nil, v.mc.powerOn(j)
		})
	})
	return &methods.RebootGuestBody{Res: &types.RebootGuestResponse{}}
}

// StandbyGuest needs VMware Tools in the guest, which there are none of.
func (v *vmMethods) StandbyGuest(*types.StandbyGuest) soap.HasFault {
	f := fault.New(&types.ToolsUnavailable{}, "Cannot complete the operation because VMware Tools is not running in %s", v.mc.name())
	return &methods.StandbyGuestBody{Fault_: f.SOAP()}
}
