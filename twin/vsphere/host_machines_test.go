// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"net"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"
	"livelab.dev/twin/nas/nastest"
)

// withMachines is a data centre whose machines run, in the model, with their disks on a real NAS; both hosts have the datastore
// DTFreeNAS.
func withMachines(t *testing.T) (*lab, *vim25.Client) {
	t.Helper()
	storage := nastest.Start(t)
	storage.Serve(256 << 20)
	address, _, err := net.SplitHostPort(storage.Portal)
	must(t, err)
	l := newLab(t, func(c *Config) { c.Backing = hypervisor.NewModel(hypervisor.ModelConfig{Scale: 2000}) })
	vc, hosts := l.withHosts()
	for _, host := range hosts {
		adapter := newHBA(t, vc, host.Reference())
		must(t, adapter.enable(true))
		must(t, adapter.addPortal(address))
		adapter.rescan()
		if disks := iscsiDisks(t, vc, host.Reference()); len(disks) == 1 {
			ds := datastoreSystem(t, vc, host.Reference())
			options, err := ds.QueryVmfsDatastoreCreateOptions(ctx, disks[0].DevicePath)
			must(t, err)
			spec := *options[0].Spec.(*types.VmfsDatastoreCreateSpec)
			spec.Vmfs.VolumeName = "DTFreeNAS"
			must(t, second(ds.CreateVmfsDatastore(ctx, spec)))
		}
	}
	return l, vc
}

// makeOnHost makes a machine with a disk and two adapters on one network at a host's own endpoint.
func makeOnHost(t *testing.T, c *vim25.Client, name string) *object.VirtualMachine {
	t.Helper()
	f := find.NewFinder(c)
	dc, err := f.DefaultDatacenter(ctx)
	must(t, err)
	f.SetDatacenter(dc)
	folders, err := dc.Folders(ctx)
	must(t, err)
	pool, err := f.DefaultResourcePool(ctx)
	must(t, err)
	network, err := f.Network(ctx, "VM Network")
	must(t, err)
	backing, err := network.EthernetCardBackingInfo(ctx)
	must(t, err)
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	must(t, err)
	disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, "")
	disk.CapacityInKB = 1 << 10
	devices = append(devices, scsi, disk)
	for range 2 {
		card, err := devices.CreateEthernetCard("vmxnet3", backing)
		must(t, err)
		devices = append(devices, card)
	}
	spec := types.VirtualMachineConfigSpec{
		Name: name, GuestId: "debian12_64Guest", MemoryMB: 512, NumCPUs: 1, Files: &types.VirtualMachineFileInfo{VmPathName: "[DTFreeNAS]"},
	}
	spec.DeviceChange, err = devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	must(t, err)
	task, err := folders.VmFolder.CreateVM(ctx, spec, pool, nil)
	must(t, err)
	info, err := task.WaitForResult(ctx)
	must(t, err)
	return object.NewVirtualMachine(c, info.Result.(types.ManagedObjectReference))
}

// named is the machine of a name that an endpoint shows, nil for none.
func named(c *vim25.Client, name string) *object.VirtualMachine {
	vm, err := find.NewFinder(c).VirtualMachine(ctx, "/*/vm/"+name)
	if err != nil {
		return nil
	}
	return vm
}

func powerOf(t *testing.T, vm *object.VirtualMachine) types.VirtualMachinePowerState {
	t.Helper()
	state, err := vm.PowerState(ctx)
	must(t, err)
	return state
}

func done(t *testing.T, task *object.Task, err error) {
	t.Helper()
	must(t, err)
	must(t, task.Wait(ctx))
}

// wantNothingTwice fails the test when a list of references, of any object that an endpoint has, names something twice.
func wantNothingTwice(t *testing.T, when string, c *vim25.Client) {
	t.Helper()
	all, err := view.NewManager(c).CreateContainerView(ctx, c.ServiceContent.RootFolder, nil, true)
	must(t, err)
	res, err := property.DefaultCollector(c).RetrieveProperties(ctx, types.RetrieveProperties{SpecSet: []types.PropertyFilterSpec{{
		PropSet: []types.PropertySpec{{Type: "ManagedEntity", All: types.NewBool(true)}},
		ObjectSet: []types.ObjectSpec{{Obj: all.Reference(), Skip: types.NewBool(true),
			SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "ContainerView", Path: "view"}}}},
	}}})
	must(t, err)
	if len(res.Returnval) < 5 {
		t.Errorf("%s: only %d objects", when, len(res.Returnval))
	}
	for _, object := range res.Returnval {
		for _, p := range object.PropSet {
			refs, _ := p.Val.(types.ArrayOfManagedObjectReference)
			seen := map[types.ManagedObjectReference]bool{}
			for _, ref := range refs.ManagedObjectReference {
				if seen[ref] {
					t.Errorf("%s: %s of %s names %s twice", when, p.Name, object.Obj, ref)
				}
				seen[ref] = true
			}
		}
	}
}

// TestMachineMadeOnAHost shows that a machine made at a host's own endpoint is vCenter's too, that what is done with it at one is seen
// at the other, and that it comes back with both.
func TestMachineMadeOnAHost(t *testing.T) {
	l, vc := withMachines(t)
	esx := l.esx(0)
	here := makeOnHost(t, esx, "web")
	there := named(vc, "web")
	if there == nil {
		t.Fatal("vCenter does not show it")
	}
	var props mo.VirtualMachine
	read(t, vc, there.Reference(), &props, "config.hardware", "network", "datastore", "runtime.host")
	if props.Config.Hardware.MemoryMB != 512 || len(props.Datastore) != 1 || *props.Runtime.Host != l.inVC(vc)[0].Reference() {
		t.Errorf("vCenter shows %+v", props)
	}
	for when, c := range map[string]*vim25.Client{"vCenter": vc, "the host": esx} {
		wantNothingTwice(t, when, c)
	}
	on, err := there.PowerOn(ctx)
	done(t, on, err)
	if is := powerOf(t, here); is != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("switched on in vCenter, the host shows %s", is)
	}
	off, err := here.PowerOff(ctx)
	done(t, off, err)
	if is := powerOf(t, there); is != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("switched off on the host, vCenter shows %s", is)
	}

	l.restart()
	vc, esx = l.vc(), l.esx(0)
	for when, c := range map[string]*vim25.Client{"vCenter, after a restart": vc, "the host, after a restart": esx} {
		if named(c, "web") == nil {
			t.Fatalf("%s: it is not there", when)
		}
		wantNothingTwice(t, when, c)
	}
	gone, err := named(esx, "web").Destroy(ctx)
	done(t, gone, err)
	if named(vc, "web") != nil {
		t.Error("destroyed on the host, vCenter still shows it")
	}
}

// TestMachineOfAHostThatIsAway shows that a host that vCenter has no connection to goes on, and that vCenter learns of it later.
func TestMachineOfAHostThatIsAway(t *testing.T) {
	l, vc := withMachines(t)
	host, esx := l.inVC(vc)[0], l.esx(0)
	off, err := host.Disconnect(ctx)
	done(t, off, err)
	here := makeOnHost(t, esx, "web")
	on, err := here.PowerOn(ctx)
	done(t, on, err)
	if named(l.vc(), "web") != nil {
		t.Error("vCenter shows a machine of a host that it has no connection to")
	}
	again, err := host.Reconnect(ctx, nil, nil)
	done(t, again, err)
	there := named(l.vc(), "web")
	if there == nil {
		t.Fatal("vCenter does not show it once the host is connected")
	}
	if is := powerOf(t, there); is != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("vCenter shows %s", is)
	}
}
