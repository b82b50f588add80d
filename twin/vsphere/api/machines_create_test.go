// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
)

func (l *lab) tryCreate(config types.VirtualMachineConfigSpec, host string) error {
	l.t.Helper()
	task, err := l.folder().CreateVM(l.ctx, config, l.pool(host), l.host(host))
	l.must(err)
	return task.Wait(l.ctx)
}

func TestCreateGivesTheDiskItsRoom(t *testing.T) {
	l := newLab(t)
	before := l.volume.Free()
	vm := l.make("web", "DC0_C0_H0")
	if size, ok := l.volume.Size("web/web.vmdk"); !ok || size != 1<<30 {
		t.Errorf("%d bytes on the volume", size)
	}
	l.checkPlace(vm, "DC0_C0_H0")
	p := l.props(vm, "storage", "summary.storage")
	if p.Summary.Storage.Committed != 1<<30 || len(p.Storage.PerDatastoreUsage) != 1 || p.Storage.PerDatastoreUsage[0].Committed != 1<<30 {
		t.Errorf("storage %+v", p.Storage)
	}
	datastore, err := l.finder.Datastore(l.ctx, datastoreName)
	l.must(err)
	var props mo.Datastore
	l.must(datastore.Properties(l.ctx, datastore.Reference(), []string{"summary", "vm"}, &props))
	if props.Summary.FreeSpace != before-1<<30 || !slices.Contains(props.Vm, vm.Reference()) {
		t.Errorf("datastore %+v, machines %v", props.Summary, props.Vm)
	}
	task, err := vm.Destroy(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	l.nothingLeft()
	l.make("web", "DC0_C0_H0") // Nothing of the old one is in the way.
}

func TestCreateFaults(t *testing.T) {
	l := newLab(t)
	l.make("taken", "DC0_C0_H0")
	config := l.config("taken")
	wantFault[*types.DuplicateName](t, l.tryCreate(config, "DC0_C0_H0"), "taken")
	config = l.config("web")
	config.Files.VmPathName = "[nowhere]"
	wantFault[*types.InvalidDatastore](t, l.tryCreate(config, "DC0_C0_H0"), "nowhere")
	config = l.config("web")
	config.Files.VmPathName = "web.vmx"
	wantFault[*types.InvalidDatastorePath](t, l.tryCreate(config, "DC0_C0_H0"), "web.vmx")
	config = l.config("web")
	card := config.DeviceChange[2].GetVirtualDeviceConfigSpec().Device.GetVirtualDevice()
	card.Backing.(*types.VirtualEthernetCardNetworkBackingInfo).DeviceName = "Elsewhere"
	wantFault[*types.InvalidDeviceBacking](t, l.tryCreate(config, "DC0_C0_H0"), "Elsewhere")
	config = l.config("web")
	config.DeviceChange[1].GetVirtualDeviceConfigSpec().FileOperation = ""
	wantFault[*types.FileNotFound](t, l.tryCreate(config, "DC0_C0_H0"), "web/web.vmdk")
	l.volume.capacity = 1<<30 + 1
	wantFault[*types.NoDiskSpace](t, l.tryCreate(l.config("web"), "DC0_C0_H0"), datastoreName)
	l.hosts["DC0_H0"].change(func(h *fakeHost) { h.maintenance = true })
	wantFault[*types.InvalidState](t, l.tryCreate(l.config("web"), "DC0_H0"), "maintenance")
	if vms, _ := l.finder.VirtualMachineList(l.ctx, "*"); len(vms) != 1 {
		t.Errorf("machines %v", vms)
	}
	if names := l.volume.names(); len(names) != 1 {
		t.Errorf("on the volume: %v", names)
	}
}

func TestCreateWithADiskThatIsThere(t *testing.T) {
	l := newLab(t)
	l.must(l.volume.Allocate(l.ctx, "web/web.vmdk", 4<<20))
	config := l.config("web")
	config.DeviceChange[1].GetVirtualDeviceConfigSpec().FileOperation = ""
	l.must(l.tryCreate(config, "DC0_C0_H0"))
	vm, err := l.finder.VirtualMachine(l.ctx, "web")
	l.must(err)
	devices, err := vm.Device(l.ctx)
	l.must(err)
	if disk := devices.SelectByType((*types.VirtualDisk)(nil))[0].(*types.VirtualDisk); disk.CapacityInBytes != 4<<20 {
		t.Errorf("capacity %d", disk.CapacityInBytes)
	}
	l.on(vm)
}

func TestUnregisterAndRegister(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	if err := vm.Unregister(l.ctx); err == nil {
		t.Fatal("a machine that runs was unregistered")
	}
	task, err := vm.Destroy(l.ctx)
	l.must(err)
	wantFault[*types.InvalidPowerState](t, task.Wait(l.ctx), "web")
	task, err = vm.PowerOff(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	l.must(vm.Unregister(l.ctx))
	if _, ok := l.volume.Size("web/web.vmdk"); !ok {
		t.Error("the disk is gone")
	}
	if machines := l.manager.Machines(); len(machines) != 0 {
		t.Errorf("known: %v", machines)
	}

	host := l.host("DC0_C0_H1")
	task, err = l.folder().RegisterVM(l.ctx, "[LocalDS_0] web/web.vmx", "www", false, l.pool("DC0_C0_H1"), host)
	l.must(err)
	info, err := task.WaitForResult(l.ctx)
	l.must(err)
	vm = object.NewVirtualMachine(l.client.Client, info.Result.(types.ManagedObjectReference))
	l.checkPlace(vm, "DC0_C0_H1")
	p := l.props(vm, "name", "summary.config", "config.hardware")
	if p.Name != "www" || p.Summary.Config.MemorySizeMB != 512 || p.Summary.Config.NumVirtualDisks != 1 || p.Summary.Config.NumEthernetCards != 1 {
		t.Errorf("it came back as %s: %+v", p.Name, p.Summary.Config)
	}
	l.on(vm)
	if spec, _ := l.backing.last(); spec.MemoryMB != 512 || len(spec.Disks) != 1 || spec.NICs[0].MAC != testMAC {
		t.Errorf("started %+v", spec)
	}
	task, err = l.folder().RegisterVM(l.ctx, "[LocalDS_0] web/web.vmx", "again", false, l.pool("DC0_C0_H1"), host)
	l.must(err)
	wantFault[*types.AlreadyExists](t, task.Wait(l.ctx), "web/web.vmx")
	task, err = l.folder().RegisterVM(l.ctx, "[LocalDS_0] other/other.vmx", "other", false, l.pool("DC0_C0_H1"), host)
	l.must(err)
	wantFault[*types.NotFound](t, task.Wait(l.ctx), "other.vmx")
}

func TestDestroyThatCannotReachTheDiskKeepsTheMachine(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.hosts["DC0_C0_H0"].change(func(h *fakeHost) { h.volumes = nil })
	task, err := vm.Destroy(l.ctx)
	l.must(err)
	wantFault[*types.CannotAccessVmDisk](t, task.Wait(l.ctx), "all paths")
	if p := l.props(vm, "name"); p.Name != "web" {
		t.Errorf("name %q", p.Name)
	}
	l.hosts["DC0_C0_H0"].change(func(h *fakeHost) { h.volumes = map[string]*fakeVolume{datastoreName: l.volume} })
	task, err = vm.Destroy(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	l.nothingLeft()
}

func TestReconfigure(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	change := func(spec types.VirtualMachineConfigSpec) error {
		task, err := vm.Reconfigure(l.ctx, spec)
		l.must(err)
		return task.Wait(l.ctx)
	}
	l.must(change(types.VirtualMachineConfigSpec{MemoryMB: 1024, NumCPUs: 1}))
	devices, err := vm.Device(l.ctx)
	l.must(err)
	scsi := devices.SelectByType((*types.ParaVirtualSCSIController)(nil))[0].(types.BaseVirtualController)
	second := devices.CreateDisk(scsi, types.ManagedObjectReference{}, "["+datastoreName+"] web/data.vmdk")
	second.CapacityInKB = 1024
	add, err := object.VirtualDeviceList{second}.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	l.must(err)
	l.must(change(types.VirtualMachineConfigSpec{DeviceChange: add}))
	if size, _ := l.volume.Size("web/data.vmdk"); size != 1<<20 {
		t.Errorf("%d bytes on the volume", size)
	}
	l.on(vm)
	started, _ := l.backing.last()
	if started.MemoryMB != 1024 || started.VCPUs != 1 || len(started.Disks) != 2 || started.Disks[1].Unit != 1 {
		t.Errorf("started %+v", started)
	}
	wantFault[*types.MemoryHotPlugNotSupported](t, change(types.VirtualMachineConfigSpec{MemoryMB: 2048}), "web")
	wantFault[*types.CpuHotPlugNotSupported](t, change(types.VirtualMachineConfigSpec{NumCPUs: 2}), "web")
	wantFault[*types.DeviceHotPlugNotSupported](t, change(types.VirtualMachineConfigSpec{DeviceChange: add}), "web")
	task, err := vm.PowerOff(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	l.must(vm.RemoveDevice(l.ctx, false, l.deviceAt(vm, "web/data.vmdk")))
	if _, ok := l.volume.Size("web/data.vmdk"); ok {
		t.Error("the removed disk is still on the volume")
	}
}

// deviceAt is the machine's disk with a path.
func (l *lab) deviceAt(vm *object.VirtualMachine, path string) types.BaseVirtualDevice {
	l.t.Helper()
	devices, err := vm.Device(l.ctx)
	l.must(err)
	for _, device := range devices.SelectByType((*types.VirtualDisk)(nil)) {
		if found, ok := machines.DiskOf(devices, device.(*types.VirtualDisk)); ok && found.Path == path {
			return device
		}
	}
	l.t.Fatalf("no disk %s", path)
	return nil
}
