// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"os"
	"path/filepath"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// destroy removes a machine with its disks. When a disk cannot be removed the machine stays, and destroying it can be tried again.
func (inv *inventory) destroy(mc *machine, at ref, j *registry.Job) *fault.Failure {
	if mc.power() == poweredOn {
		return powerState(mc, poweredOff, poweredOn)
	}
	if f := mc.halt(j); f != nil {
		return f
	}
	if f := inv.m.free(mc.hardware().disks, mc.on()); f != nil {
		return f
	}
	return inv.discard(j.User, mc, at)
}

// discard removes a machine without disks from the inventory. Nothing may align the registries in the middle of it: it would
// find the machine where it is still shown, and show it again where it is no longer.
func (inv *inventory) discard(user string, mc *machine, object ref) *fault.Failure {
	inv.m.aligning.Lock()
	defer inv.m.aligning.Unlock()
	for _, network := range inv.List(object, "network") {
		inv.RemoveFrom(network, "vm", object)
	}
	vm, ok := registry.Get[*simulator.VirtualMachine](inv.Registry, object)
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

// unregister takes a machine out of the inventory. Its disks and its .vmx stay on the datastore.
func (inv *inventory) unregister(mc *machine, at ref, user string) *fault.Failure {
	if is := mc.power(); is != poweredOff {
		return powerState(mc, poweredOff, is)
	}
	if f := mc.begin(at); f != nil {
		return f
	}
	defer mc.end()
	inv.m.aligning.Lock()
	defer inv.m.aligning.Unlock()
	for _, network := range inv.List(at, "network") {
		inv.RemoveFrom(network, "vm", at)
	}
	vm, ok := registry.Get[*simulator.VirtualMachine](inv.Registry, at)
	host := registry.Read(inv.Registry, at, func(vm *simulator.VirtualMachine) *ref { return vm.Runtime.Host })
	if !ok || host == nil {
		return fault.Gone(at)
	}
	if f := inv.writeVMX(at, *host); f != nil {
		return f
	}
	own := inv.ContextOf(user)
	var body *methods.UnregisterVMBody
	inv.WithLock(own, at, func() { body = vm.UnregisterVM(own, &types.UnregisterVM{This: at}).(*methods.UnregisterVMBody) })
	if body.Fault_ != nil {
		return fromSOAP(body.Fault_)
	}
	inv.m.forget(mc)
	return nil
}
