// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"os"
	"path/filepath"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// DestroyTask removes the machine with its disks. When a disk cannot be removed the machine stays, and destroying it can be tried
// again.
func (v *vmMethods) DestroyTask(ctx *simulator.Context, _ *types.Destroy_Task) soap.HasFault {
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{
		Returnval: v.run(ctx, "destroy", func(j *job) (types.AnyType, *fault.Failure) {
			if v.mc.power() == poweredOn {
				return nil, powerState(v.mc, poweredOff, poweredOn)
			}
			if f := v.mc.halt(j); f != nil {
				return nil, f
			}
			if f := v.inv.m.free(v.mc.hardware().disks, v.mc.on()); f != nil {
				return nil, f
			}
			return nil, v.inv.discard(j.user, v.mc, v.Self)
		}),
	}}
}

// discard removes a machine without disks from the inventory. Nothing may align the registries in the middle of it: it would
// find the machine where it is still shown, and show it again where it is no longer.
func (inv *inventory) discard(user string, mc *machine, object ref) *fault.Failure {
	inv.m.aligning.Lock()
	defer inv.m.aligning.Unlock()
	for _, network := range inv.list(object, "network") {
		inv.removeFrom(network, "vm", object)
	}
	vm, ok := get[*simulator.VirtualMachine](inv, object)
	if !ok {
		return fault.Gone(object)
	}
	_, f := inv.do(user, func(ctx *simulator.Context) (ref, *soap.Fault) {
		body := vm.DestroyTask(ctx, &types.Destroy_Task{This: object}).(*methods.Destroy_TaskBody)
		return body.Res.Returnval, body.Fault_
	})
	if f == nil {
		inv.m.forget(mc)
		_ = os.RemoveAll(filepath.Join(inv.m.cfg.Dir, "run", mc.id))
	}
	return f
}

// UnregisterVM takes the machine out of the inventory. Its disks and its .vmx stay on the datastore.
func (v *vmMethods) UnregisterVM(ctx *simulator.Context, req *types.UnregisterVM) soap.HasFault {
	body := &methods.UnregisterVMBody{}
	if is := v.mc.power(); is != poweredOff {
		body.Fault_ = powerState(v.mc, poweredOff, is).SOAP()
		return body
	}
	if f := v.mc.begin(v.Self); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	defer v.mc.end()
	v.inv.m.aligning.Lock()
	defer v.inv.m.aligning.Unlock()
	for _, network := range v.inv.list(v.Self, "network") {
		v.inv.removeFrom(network, "vm", v.Self)
	}
	vm, ok := get[*simulator.VirtualMachine](v.inv, v.Self)
	host := read(v.inv, v.Self, func(vm *simulator.VirtualMachine) *ref { return vm.Runtime.Host })
	if !ok || host == nil {
		body.Fault_ = fault.Gone(v.Self).SOAP()
		return body
	}
	if f := v.inv.writeVMX(v.Self, *host); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	own := v.inv.context(userOf(ctx))
	v.inv.reg.WithLock(own, v.Self, func() { body = vm.UnregisterVM(own, req).(*methods.UnregisterVMBody) })
	if body.Fault_ == nil {
		v.inv.m.forget(v.mc)
	}
	return body
}
