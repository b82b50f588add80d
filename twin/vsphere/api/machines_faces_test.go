// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
)

// endpoint is a host's own API.
type endpoint struct {
	l      *lab
	client *govmomi.Client
	finder *find.Finder
	inv    *machines.Inventory
}

// endpoint brings up the API of one of the lab's hosts, by its name in vCenter.
func (l *lab) endpoint(name string) *endpoint {
	l.t.Helper()
	model := simulator.ESX()
	model.Machine = 0
	l.must(model.Create())
	l.t.Cleanup(model.Remove)
	// The simulator's datastore is called the same here as in vCenter, so it is the same.
	inv := l.manager.answer(l.manager.Take(registry.Over(model.Service, model.Map(), l.t.Logf), func(ref types.ManagedObjectReference) machines.ESXi {
		if ref.Type == "HostSystem" {
			return l.hosts[name]
		}
		return nil
	}))
	server := model.Service.NewServer()
	l.t.Cleanup(server.Close)
	client, err := govmomi.NewClient(l.ctx, server.URL, true)
	l.must(err)
	return &endpoint{l, client, find.NewFinder(client.Client), inv}
}

// web is the machine as the host shows it, nil when it does not.
func (e *endpoint) web() *object.VirtualMachine {
	vm, err := e.finder.VirtualMachine(e.l.ctx, "web")
	if err != nil {
		return nil
	}
	return vm
}

func (e *endpoint) props(vm mo.Reference) mo.VirtualMachine {
	e.l.t.Helper()
	var props mo.VirtualMachine
	e.l.must(e.client.RetrieveOne(e.l.ctx, vm.Reference(), nil, &props))
	return props
}

func TestTheHostShowsItsMachines(t *testing.T) {
	l := newLab(t)
	first, second := l.endpoint("DC0_C0_H0"), l.endpoint("DC0_C0_H1")
	vm := l.make("web", "DC0_C0_H0")
	if second.web() != nil {
		t.Error("the other host shows it too")
	}
	here := first.web()
	if here == nil {
		t.Fatal("its host does not show it")
	}
	p := first.props(here)
	if p.Config.Hardware.MemoryMB != 512 || p.Summary.Config.NumCpu != 2 || p.Runtime.Host.Value != "ha-host" || len(p.Network) != 1 || len(p.Datastore) != 1 {
		t.Errorf("the host shows %+v, %v, %v", p.Summary, p.Network, p.Datastore)
	}
	var system mo.HostSystem
	l.must(first.client.RetrieveOne(l.ctx, *p.Runtime.Host, []string{"vm"}, &system))
	if !slices.Contains(system.Vm, here.Reference()) {
		t.Errorf("the host lists %v", system.Vm)
	}

	// What is done on the host shows in vCenter.
	task, err := here.PowerOn(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	if state := l.props(vm, "runtime.powerState").Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("vCenter shows %s", state)
	}
	if len(l.backing.specs) != 1 {
		t.Errorf("%d processes", len(l.backing.specs))
	}
	task, err = vm.PowerOn(l.ctx)
	l.must(err)
	wantFault[*types.InvalidPowerState](t, task.Wait(l.ctx), "web")

	// It leaves one host and comes to the other.
	_, err = l.relocate(vm, "DC0_C0_H1")
	l.must(err)
	if first.web() != nil {
		t.Error("the host that it left still shows it")
	}
	there := second.web()
	if there == nil {
		t.Fatal("the host that it came to does not show it")
	}
	if state := second.props(there).Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("the host shows %s", state)
	}
	task, err = there.PowerOff(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	if state := l.props(vm, "runtime.powerState").Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("vCenter shows %s", state)
	}
	wantMirrored(t, l, vm, second, there)
	task, err = there.Destroy(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	l.nothingLeft()
	if second.web() != nil {
		t.Error("the host still shows it")
	}
}

// wantMirrored changes the configuration on either side and looks at the other.
func wantMirrored(t *testing.T, l *lab, vm *object.VirtualMachine, e *endpoint, there *object.VirtualMachine) {
	t.Helper()
	task, err := vm.Reconfigure(l.ctx, types.VirtualMachineConfigSpec{MemoryMB: 256})
	l.must(err)
	l.must(task.Wait(l.ctx))
	if mb := e.props(there).Config.Hardware.MemoryMB; mb != 256 {
		t.Errorf("the host shows %d MB", mb)
	}
	task, err = there.Reconfigure(l.ctx, types.VirtualMachineConfigSpec{NumCPUs: 4})
	l.must(err)
	l.must(task.Wait(l.ctx))
	p := l.props(vm, "config.hardware", "summary.config", "network", "datastore")
	if p.Config.Hardware.NumCPU != 4 || p.Summary.Config.NumCpu != 4 || p.Config.Hardware.MemoryMB != 256 {
		t.Errorf("vCenter shows %+v", p.Summary.Config)
	}
	for _, reference := range append(p.Network, p.Datastore...) {
		if l.inv.Get(reference) == nil {
			t.Errorf("vCenter shows the host's %s", reference)
		}
	}
	rename, err := vm.Rename(l.ctx, "www")
	l.must(err)
	l.must(rename.Wait(l.ctx))
	eventually(t, "the new name", func() bool { return e.props(there).Name == "www" })
}

func TestMachineMadeOnTheHostShowsInVCenter(t *testing.T) {
	l := newLab(t)
	e := l.endpoint("DC0_C0_H0")
	pool, err := e.finder.DefaultResourcePool(l.ctx)
	l.must(err)
	dc, err := e.finder.DefaultDatacenter(l.ctx)
	l.must(err)
	folders, err := dc.Folders(l.ctx)
	l.must(err)
	task, err := folders.VmFolder.CreateVM(l.ctx, l.config("web"), pool, nil)
	l.must(err)
	l.must(task.Wait(l.ctx))
	vm, err := l.finder.VirtualMachine(l.ctx, "web")
	l.must(err)
	l.on(vm)
	l.checkPlace(vm, "DC0_C0_H0")
	_, err = l.relocate(vm, "DC0_C0_H1")
	l.must(err)
	if e.web() != nil {
		t.Error("the host that it left still shows it")
	}
}

func TestAHostCannotMoveItsMachines(t *testing.T) {
	l := newLab(t)
	e := l.endpoint("DC0_C0_H0")
	l.make("web", "DC0_C0_H0")
	task, err := e.web().Relocate(l.ctx, types.VirtualMachineRelocateSpec{}, "")
	l.must(err)
	wantFault[*types.NotSupported](t, task.Wait(l.ctx), "vCenter")
}
