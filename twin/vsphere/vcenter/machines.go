// SPDX-License-Identifier: GPL-3.0-or-later

package vcenter

import (
	"errors"
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/view"

	"livelab.dev/twin/vsphere/names"
)

// savedMachine is a virtual machine as it is kept on disk. It comes back powered off, as after a power cut.
type savedMachine struct {
	// Parent is its folder, as in savedEntry.
	Parent string
	Name   string
	// Number is that of the host it is on.
	Number int
	Config types.VirtualMachineConfigInfo
}

// collectMachines adds the machines in the inventory, and those that wait for their datastore. One whose disks are still being
// uploaded is left out: without its client, its import will not go on.
func (vc *VCenter) collectMachines(saved *savedInventory) {
	for _, entity := range vc.Registry.All("VirtualMachine") {
		if machine, ok := vc.collectMachine(entity); ok {
			saved.Machines = append(saved.Machines, machine)
		}
	}
	saved.Machines = append(saved.Machines, vc.waiting...)
}

func (vc *VCenter) collectMachine(entity mo.Entity) (saved savedMachine, ok bool) {
	vm, isMachine := entity.(*simulator.VirtualMachine)
	if !isMachine {
		return saved, false
	}
	var host, parent *types.ManagedObjectReference
	vc.Registry.WithLock(vc.Registry.Context(), vm.Reference(), func() {
		if vm.Config == nil || len(vm.DisabledMethod) > 0 {
			return
		}
		host, parent = vm.Runtime.Host, vm.Parent
		saved = savedMachine{Name: vm.Name, Config: *vm.Config}
	})
	if host == nil || parent == nil {
		return saved, false
	}
	v := vc.viewAt(*host)
	if v == nil {
		return saved, false
	}
	saved.Number, saved.Parent = v.Host.Cfg.Number, vc.pathOf(*parent)
	return saved, true
}

// pathOf is a folder's path, as find takes it.
func (vc *VCenter) pathOf(ref types.ManagedObjectReference) string {
	path := ""
	for ref != vc.root() {
		entity, ok := vc.Registry.Get(ref).(mo.Entity)
		if !ok || entity.Entity().Parent == nil {
			break
		}
		path = "/" + vc.Registry.NameOf(ref) + path
		ref = *entity.Entity().Parent
	}
	return path
}

// RestoreMachines brings back the machines that wait, as far as their datastores are there.
func (vc *VCenter) RestoreMachines() {
	vc.saving.Lock()
	defer vc.saving.Unlock()
	var waiting []savedMachine
	for _, saved := range vc.waiting {
		switch err := vc.restoreMachine(saved); {
		case errors.Is(err, view.ErrNoDatastore):
			waiting = append(waiting, saved)
		case err != nil:
			vc.logf("vcenter: the virtual machine %s/%s does not come back: %v", saved.Parent, saved.Name, err)
		}
	}
	vc.waiting = waiting
}

func (vc *VCenter) restoreMachine(saved savedMachine) error {
	v := vc.viewNumbered(saved.Number)
	if v == nil {
		return fmt.Errorf("its host %d is not in the inventory", saved.Number)
	}
	if err := v.PrepareFiles(names.File(saved.Name), saved.Config.Files.VmPathName); err != nil {
		return err
	}
	folder, ok := vc.Find(saved.Parent)
	if !ok || folder.Type != "Folder" {
		return fmt.Errorf("its folder %s is not there", saved.Parent)
	}
	host, pool := v.System.Self, v.RootPool()
	body := vc.Registry.Get(folder).(*simulator.Folder).RegisterVMTask(vc.Registry.Context(), &types.RegisterVM_Task{
		This: folder, Path: saved.Config.Files.VmPathName, Name: names.File(saved.Name), Pool: &pool, Host: &host,
	}).(*methods.RegisterVM_TaskBody)
	task := vc.Registry.Get(body.Res.Returnval).(*simulator.Task)
	task.Wait()
	if task.Info.Error != nil {
		return soap.WrapVimFault(task.Info.Error.Fault)
	}
	vm := vc.Registry.Get(task.Info.Result.(types.ManagedObjectReference)).(*simulator.VirtualMachine)
	v.ReconnectDevices(vm, &saved.Config)
	vc.env.Introduce(vm.Self)
	return nil
}

func (vc *VCenter) viewNumbered(number int) *view.View {
	for _, h := range vc.env.Hosts {
		if h.Cfg.Number == number {
			return vc.viewOf(h)
		}
	}
	return nil
}
