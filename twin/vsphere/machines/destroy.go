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

// Destroy removes a machine with its disks. When a disk cannot be removed the machine stays, and destroying it can be tried again.
func (inv *Inventory) Destroy(mc *VM, at Ref, j *registry.Job) *fault.Failure {
	if mc.Power() == PoweredOn {
		return PowerState(mc, PoweredOff, PoweredOn)
	}
	if f := mc.Halt(j); f != nil {
		return f
	}
	if f := inv.Manager.Free(mc.Hardware().Disks, mc.On()); f != nil {
		return f
	}
	return inv.Discard(j.User, mc, at)
}

// Discard removes a machine without disks from the inventory. Nothing may align the registries in the middle of it: it would
// find the machine where it is still shown, and show it again where it is no longer.
func (inv *Inventory) Discard(user string, mc *VM, object Ref) *fault.Failure {
	inv.Manager.aligning.Lock()
	defer inv.Manager.aligning.Unlock()
	for _, network := range inv.List(object, "network") {
		inv.RemoveFrom(network, "vm", object)
	}
	vm, ok := registry.Get[*simulator.VirtualMachine](inv.Registry, object)
	if !ok {
		return fault.Gone(object)
	}
	_, f := inv.Do(user, func(ctx *simulator.Context) (Ref, *soap.Fault) {
		body := vm.DestroyTask(ctx, &types.Destroy_Task{This: object}).(*methods.Destroy_TaskBody)
		return body.Res.Returnval, body.Fault_
	})
	if f == nil {
		inv.Manager.forget(mc)
		_ = os.RemoveAll(filepath.Join(inv.Manager.Cfg.Dir, "run", mc.ID))
	}
	return f
}

// Unregister takes a machine out of the inventory. Its disks and its .vmx stay on the datastore.
func (inv *Inventory) Unregister(mc *VM, at Ref, user string) *fault.Failure {
	if is := mc.Power(); is != PoweredOff {
		return PowerState(mc, PoweredOff, is)
	}
	if f := mc.Begin(at); f != nil {
		return f
	}
	defer mc.End()
	inv.Manager.aligning.Lock()
	defer inv.Manager.aligning.Unlock()
	for _, network := range inv.List(at, "network") {
		inv.RemoveFrom(network, "vm", at)
	}
	vm, ok := registry.Get[*simulator.VirtualMachine](inv.Registry, at)
	host := registry.Read(inv.Registry, at, func(vm *simulator.VirtualMachine) *Ref { return vm.Runtime.Host })
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
		return registry.FromSOAP(body.Fault_)
	}
	inv.Manager.forget(mc)
	return nil
}
