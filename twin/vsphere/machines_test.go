// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// createMachine makes the machine "web" with a disk and an adapter on the first host.
func createMachine(t *testing.T, c *vim25.Client, datastore string) *object.VirtualMachine {
	t.Helper()
	f := find.NewFinder(c)
	dc, err := f.Datacenter(ctx, "Thesis")
	must(t, err)
	f.SetDatacenter(dc)
	network, err := f.Network(ctx, "VM Network")
	must(t, err)
	backing, err := network.EthernetCardBackingInfo(ctx)
	must(t, err)
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	must(t, err)
	card, err := devices.CreateEthernetCard("vmxnet3", backing)
	must(t, err)
	disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
	disk.CapacityInKB = 1 << 20
	spec := types.VirtualMachineConfigSpec{
		Name: "web", GuestId: "debian12_64Guest", MemoryMB: 512, NumCPUs: 2,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[" + datastore + "]"},
	}
	spec.DeviceChange, err = append(devices, scsi, card, disk).ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	must(t, err)
	hosts, err := f.HostSystemList(ctx, "*")
	must(t, err)
	pool, err := hosts[0].ResourcePool(ctx)
	must(t, err)
	folders, err := dc.Folders(ctx)
	must(t, err)
	task, err := folders.VmFolder.CreateVM(ctx, spec, pool, hosts[0])
	must(t, err)
	info, err := task.WaitForResult(ctx, nil)
	must(t, err)
	return object.NewVirtualMachine(c, info.Result.(types.ManagedObjectReference))
}

// findMachine is the machine "web", as far as it is there.
func findMachine(c *vim25.Client) (*object.VirtualMachine, error) {
	return find.NewFinder(c).VirtualMachine(ctx, "/Thesis/vm/web")
}

func TestMachinesComeBack(t *testing.T) {
	l, nas := withNAS(t)
	vc, hosts := l.withHosts()
	connected(t, vc, hosts[0].Reference())
	must(t, second(makeDatastore(t, vc, hosts[0].Reference(), "DTFreeNAS")))
	var before, after mo.VirtualMachine
	read(t, vc, createMachine(t, vc, "DTFreeNAS").Reference(), &before, "config")

	nas.down = true
	l.restart()
	vc = l.vc()
	if _, err := findMachine(vc); err == nil {
		t.Fatal("a machine whose datastore is not there")
	}
	l.restart()
	nas.down = false
	vc = l.vc()
	newHBA(t, vc, l.inVC(vc)[0].Reference()).rescan()
	vm, err := findMachine(vc)
	must(t, err)
	read(t, vc, vm.Reference(), &after, "config", "summary", "runtime", "network", "datastore", "parent")
	if after.Config.InstanceUuid != before.Config.InstanceUuid || after.Summary.Config.MemorySizeMB != 512 || after.Summary.Config.NumEthernetCards != 1 {
		t.Errorf("configuration: %+v", after.Summary.Config)
	}
	if after.Runtime.Host.Value != l.inVC(vc)[0].Reference().Value || after.Runtime.PowerState != "poweredOff" {
		t.Errorf("runtime: %+v", after.Runtime)
	}
	if len(after.Network) != 1 || len(after.Datastore) != 1 || after.Datastore[0] != l.datastoreNamed(vc, "DTFreeNAS") {
		t.Errorf("networks %v, datastores %v", after.Network, after.Datastore)
	}
	disks := object.VirtualDeviceList(after.Config.Hardware.Device).SelectByType((*types.VirtualDisk)(nil))
	if len(disks) != 1 || *disks[0].GetVirtualDevice().Backing.(*types.VirtualDiskFlatVer2BackingInfo).Datastore != after.Datastore[0] {
		t.Errorf("disks: %+v", disks)
	}
	var network mo.Network
	read(t, vc, after.Network[0], &network, "name", "vm")
	if network.Name != "VM Network" || len(network.Vm) != 1 {
		t.Errorf("network: %+v", network)
	}
}

func TestMachineKeepsItsPortGroup(t *testing.T) {
	l, _ := withNAS(t)
	vc, hosts := l.withHosts()
	vm := createMachine(t, vc, "datastore1")
	ns := networkSystem(t, vc, hosts[0].Reference())
	wantFault(t, "port group of a machine", ns.RemovePortGroup(ctx, "VM Network"), &types.ResourceInUse{})
	esx := networkSystem(t, l.esx(0), haHost)
	wantFault(t, "the same, on the host", esx.RemovePortGroup(ctx, "VM Network"), &types.ResourceInUse{})
	wantFault(t, "its switch", ns.RemoveVirtualSwitch(ctx, "vSwitch0"), &types.ResourceInUse{})
	for what, config := range map[string]types.HostNetworkConfig{
		"its port group, in a configuration": {Portgroup: []types.HostPortGroupConfig{{ChangeOperation: "remove", Spec: &types.HostPortGroupSpec{Name: "VM Network"}}}},
		"its switch, in a configuration":     {Vswitch: []types.HostVirtualSwitchConfig{{ChangeOperation: "remove", Name: "vSwitch0"}}},
	} {
		wantFault(t, what, second(ns.UpdateNetworkConfig(ctx, config, "modify")), &types.ResourceInUse{})
	}
	on, err := vm.PowerOn(ctx)
	must(t, err)
	must(t, on.Wait(ctx))
	enter, err := hosts[0].EnterMaintenanceMode(ctx, 1, false, nil)
	must(t, err)
	wantFault(t, "maintenance mode with a running machine", enter.Wait(ctx), &types.Timedout{})
	off, err := vm.PowerOff(ctx)
	must(t, err)
	must(t, off.Wait(ctx))
	gone, err := vm.Destroy(ctx)
	must(t, err)
	must(t, gone.Wait(ctx))
	must(t, ns.RemovePortGroup(ctx, "VM Network"))
}
