// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"
	"livelab.dev/twin/vsphere/machines/move"
	"livelab.dev/twin/vsphere/names"
)

// relocate moves a machine to a host and its root pool.
func (l *lab) relocate(vm *object.VirtualMachine, host string) (*types.TaskInfo, error) {
	l.t.Helper()
	h, pool := l.host(host).Reference(), l.pool(host).Reference()
	task, err := vm.Relocate(l.ctx, types.VirtualMachineRelocateSpec{Host: &h, Pool: &pool}, types.VirtualMachineMovePriorityDefaultPriority)
	l.must(err)
	return task.WaitForResult(l.ctx)
}

// checkPlace fails the test unless every list says that the machine is on a host, and on no other.
func (l *lab) checkPlace(vm *object.VirtualMachine, host string) {
	l.t.Helper()
	where := l.host(host).Reference()
	p := l.props(vm, "runtime.host", "summary.runtime.host", "resourcePool", "network", "datastore")
	if *p.Runtime.Host != where || *p.Summary.Runtime.Host != where || *p.ResourcePool != l.pool(host).Reference() {
		l.t.Errorf("it shows %v, %v, %v; want %s", p.Runtime.Host, p.Summary.Runtime.Host, p.ResourcePool, where)
	}
	hosts, err := l.finder.HostSystemList(l.ctx, "*/*")
	l.must(err)
	for _, h := range hosts {
		var props mo.HostSystem
		l.must(h.Properties(l.ctx, h.Reference(), []string{"vm"}, &props))
		if listed := slices.Contains(props.Vm, vm.Reference()); listed != (h.Reference() == where) {
			l.t.Errorf("%s lists %v", h.Name(), props.Vm)
		}
		var pool mo.ResourcePool
		root, err := h.ResourcePool(l.ctx)
		l.must(err)
		l.must(root.Properties(l.ctx, root.Reference(), []string{"vm"}, &pool))
		if listed := slices.Contains(pool.Vm, vm.Reference()); listed != (root.Reference() == *p.ResourcePool) {
			l.t.Errorf("%s lists %v", root.Reference(), pool.Vm)
		}
	}
	for _, network := range p.Network {
		var props mo.Network
		l.must(l.client.RetrieveOne(l.ctx, network, []string{"vm"}, &props))
		if !slices.Contains(props.Vm, vm.Reference()) {
			l.t.Errorf("network %s lists %v", network, props.Vm)
		}
	}
	if on := l.inv.Machine(vm.Reference()).On(); on.Name() != host {
		l.t.Errorf("the process is at %s, want %s", on.Name(), host)
	}
}

func TestVMotionMovesTheRunningMachine(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	_, source := l.backing.last()
	before := time.Now().Add(-time.Second)
	info, err := l.relocate(vm, "DC0_H0")
	l.must(err)
	_, destination := l.backing.last()
	if source.State() != hypervisor.StateMigrated || destination.State() != hypervisor.StateRunning {
		t.Errorf("source %s, destination %s", source.State(), destination.State())
	}
	l.checkPlace(vm, "DC0_H0")
	if p := l.props(vm, "runtime.powerState"); p.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		t.Errorf("it shows %s", p.Runtime.PowerState)
	}
	if info.Name != "RelocateVM_Task" || info.DescriptionId != "VirtualMachine.relocate" || info.EntityName != "web" {
		t.Errorf("task %+v", info)
	}
	if info.StartTime.Before(before) || info.CompleteTime.Before(*info.StartTime) || info.CompleteTime.After(time.Now().Add(time.Second)) {
		t.Errorf("task from %v to %v", info.StartTime, info.CompleteTime)
	}
	names := l.eventNames(vm)
	want := []string{"VmBeingHotMigratedEvent", "VmResourcePoolMovedEvent", "VmMigratedEvent"}
	if got := names[len(names)-len(want):]; !slices.Equal(got, want) {
		t.Errorf("events %v, want %v at the end", names, want)
	}
	events := l.events(vm)
	last := events[len(events)-1].(*types.VmMigratedEvent)
	if last.SourceHost.Name != "DC0_C0_H0" || last.Host.Name != "DC0_H0" {
		t.Errorf("event %+v", last)
	}
	if _, err := l.relocate(vm, "DC0_C0_H0"); err != nil {
		t.Errorf("on the way back: %v", err)
	}
	l.checkPlace(vm, "DC0_C0_H0")
	task, err := vm.PowerOff(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
}

// log is the vmkernel.log of a host, as a client reads it: in pieces.
func (l *lab) log(host string) string {
	l.t.Helper()
	diagnostics := *l.client.ServiceContent.DiagnosticManager
	ref := l.host(host).Reference()
	known, err := methods.QueryDescriptions(l.ctx, l.client, &types.QueryDescriptions{This: diagnostics, Host: &ref})
	l.must(err)
	var out []string
	for start := int32(1); ; {
		res, err := methods.BrowseDiagnosticLog(l.ctx, l.client, &types.BrowseDiagnosticLog{
			This: diagnostics, Host: &ref, Key: known.Returnval[0].Key, Start: start, Lines: 3,
		})
		l.must(err)
		if len(res.Returnval.LineText) == 0 {
			return strings.Join(out, "\n")
		}
		out = append(out, res.Returnval.LineText...)
		start = res.Returnval.LineEnd + 1
	}
}

// machineLog is a file of the machine's directory, as a client downloads it.
func (l *lab) machineLog(vm *object.VirtualMachine, name string) string {
	l.t.Helper()
	var at object.DatastorePath
	at.FromString(l.props(vm, "config.files").Config.Files.VmPathName)
	ds, err := l.finder.Datastore(l.ctx, at.Datastore)
	l.must(err)
	body, _, err := ds.Download(l.ctx, path.Dir(at.Path)+"/"+name, &soap.DefaultDownload)
	l.must(err)
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(body)
	l.must(err)
	return string(data)
}

func TestTheLogsTellWhatAVMotionTook(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	_, err := l.relocate(vm, "DC0_H0")
	l.must(err)
	source, destination := l.log("DC0_C0_H0"), l.log("DC0_H0")
	begun := regexp.MustCompile(`Migrate: 314: vmotion: Source vmmLeaderID = \d+, ts = (\d+), srcIP = <(\S+)> dstIP = <(\S+)> Dest wid`).FindStringSubmatch(source)
	if begun == nil || begun[2] != l.hosts["DC0_C0_H0"].vmotion.String() || begun[3] != l.hosts["DC0_H0"].vmotion.String() {
		t.Fatalf("the source does not say where from and where to:\n%s", source)
	}
	id := begun[1]
	for text, log := range map[string]string{
		"VMotion: 4650: " + id + " S: Stopping pre-copy: only ":                   source,
		"VMotionSend: 4156: " + id + " S: Sent all modified pages to destination": source,
		"vmotion: Dest vmmLeaderID = 2097152, ts = " + id + ", ":                  destination,
		"Received migrate 'to' request for mid id " + id + ", src ip <":           l.machineLog(vm, "vmware-1.log"),
		"Migrate: VM successfully stunned":                                        l.machineLog(vm, "vmware-1.log"),
		"MigrateSetState: Transitioning from state 4 to 5.":                       l.machineLog(vm, "vmware-1.log"),
		"Migrate_Open: Restoring from <" + begun[2] + "> with migration id " + id: l.machineLog(vm, "vmware.log"),
		"Checkpoint_Unstun: vm stopped for ":                                      l.machineLog(vm, "vmware.log"),
	} {
		if !strings.Contains(log, text) {
			t.Errorf("%q is not in\n%s", text, log)
		}
	}
	for range 8 {
		for _, to := range []string{"DC0_C0_H0", "DC0_H0"} {
			_, err := l.relocate(vm, to)
			l.must(err)
		}
	}
	if oldest := l.machineLog(vm, "vmware-1.log"); strings.Contains(oldest, id) {
		t.Errorf("the oldest log has not made room:\n%s", oldest)
	}
	if last := l.machineLog(vm, "vmware-6.log"); !strings.Contains(last, "Received migrate 'to' request") {
		t.Errorf("the last but one log:\n%s", last)
	}
}

func TestLogsThatAreNotThere(t *testing.T) {
	l := newLab(t)
	diagnostics := *l.client.ServiceContent.DiagnosticManager
	ref := l.host("DC0_H0").Reference()
	browse := func(host *types.ManagedObjectReference, key string) error {
		_, err := methods.BrowseDiagnosticLog(l.ctx, l.client, &types.BrowseDiagnosticLog{This: diagnostics, Host: host, Key: key})
		return err
	}
	wantFault[*types.InvalidArgument](t, browse(&ref, "nosuch"), "key")
	wantFault[*types.InvalidArgument](t, browse(nil, "vmkernel"), "key")
	l.hosts["DC0_H0"].change(func(h *fakeHost) { h.away = true })
	wantFault[*types.HostNotConnected](t, browse(&ref, "vmkernel"), "DC0_H0")
}

func TestMigrateVMKeepsThePoolOfTheCluster(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	task, err := vm.Migrate(l.ctx, nil, l.host("DC0_C0_H1"), types.VirtualMachineMovePriorityHighPriority, "")
	l.must(err)
	l.must(task.Wait(l.ctx))
	l.checkPlace(vm, "DC0_C0_H1")
	task, err = vm.Migrate(l.ctx, nil, l.host("DC0_C0_H0"), types.VirtualMachineMovePriorityHighPriority, types.VirtualMachinePowerStatePoweredOff)
	l.must(err)
	wantFault[*types.InvalidPowerState](t, task.Wait(l.ctx), "web")
	task, err = vm.Migrate(l.ctx, nil, l.host("DC0_H0"), types.VirtualMachineMovePriorityHighPriority, "")
	l.must(err)
	if f := wantFault[*types.InvalidArgument](t, task.Wait(l.ctx), "pool"); f.InvalidProperty != "spec.pool" {
		t.Errorf("fault %+v", f)
	}
	l.checkPlace(vm, "DC0_C0_H1")
}

func TestPoolAloneChoosesAHostThatIsFit(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_H0")
	l.on(vm)
	l.hosts["DC0_C0_H0"].change(func(h *fakeHost) { h.maintenance = true })
	pool := l.pool("DC0_C0_H0").Reference()
	task, err := vm.Relocate(l.ctx, types.VirtualMachineRelocateSpec{Pool: &pool}, "")
	l.must(err)
	l.must(task.Wait(l.ctx))
	l.checkPlace(vm, "DC0_C0_H1")
	alone := l.pool("DC0_H0").Reference()
	l.hosts["DC0_H0"].change(func(h *fakeHost) { h.portgroups = nil })
	task, err = vm.Relocate(l.ctx, types.VirtualMachineRelocateSpec{Pool: &alone}, "")
	l.must(err)
	wantFault[*types.CannotAccessNetwork](t, task.Wait(l.ctx), "VM Network")
}

func TestPoweredOffRelocateMovesTheInventory(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.hosts["DC0_H0"].change(func(h *fakeHost) { h.vmotion = netip.Addr{} })
	if _, err := l.relocate(vm, "DC0_H0"); err != nil {
		t.Fatal(err)
	}
	l.checkPlace(vm, "DC0_H0")
	if len(l.backing.specs) != 0 {
		t.Error("a process was started")
	}
	l.on(vm)
}

// vmotionFaults are the ways in which a destination is unfit, and the fault that says so.
var vmotionFaults = map[string]struct {
	breakIt func(from, to *fakeHost)
	check   func(*testing.T, error)
}{
	"no vMotion at the destination": {
		func(_, to *fakeHost) { to.change(func(h *fakeHost) { h.vmotion = netip.Addr{} }) },
		func(t *testing.T, err error) {
			f := wantFault[*types.VMotionNotConfigured](t, err, "DC0_H0")
			if f.AtSourceHost || f.FailedHost != "DC0_H0" || f.FailedHostEntity == nil {
				t.Errorf("fault %+v", f)
			}
		},
	},
	"no vMotion at the source": {
		func(from, _ *fakeHost) { from.change(func(h *fakeHost) { h.vmotion = netip.Addr{} }) },
		func(t *testing.T, err error) {
			if f := wantFault[*types.VMotionNotConfigured](t, err, "DC0_C0_H0"); !f.AtSourceHost || f.FailedHost != "DC0_C0_H0" {
				t.Errorf("fault %+v", f)
			}
		},
	},
	"no shared storage": {
		func(_, to *fakeHost) { to.change(func(h *fakeHost) { h.volumes = nil }) },
		func(t *testing.T, err error) {
			if f := wantFault[*types.CannotAccessVmDisk](t, err, "DC0_H0"); f.Backing != "[LocalDS_0] web/web.vmdk" {
				t.Errorf("fault %+v", f)
			}
		},
	},
	"no such network": {
		func(_, to *fakeHost) { to.change(func(h *fakeHost) { h.portgroups = nil }) },
		func(t *testing.T, err error) { wantFault[*types.CannotAccessNetwork](t, err, "VM Network") },
	},
	"no room": {
		func(_, to *fakeHost) { to.change(func(h *fakeHost) { h.memoryMB = 100 }) },
		func(t *testing.T, err error) {
			f := wantFault[*types.InsufficientHostMemoryCapacityFault](t, err, "100 MB")
			if f.Requested != 512<<20 || f.Host == nil {
				t.Errorf("fault %+v", f)
			}
		},
	},
	"maintenance": {
		func(_, to *fakeHost) { to.change(func(h *fakeHost) { h.maintenance = true }) },
		func(t *testing.T, err error) { wantFault[*types.InvalidHostState](t, err, "maintenance") },
	},
	"disconnected": {
		func(_, to *fakeHost) { to.change(func(h *fakeHost) { h.away = true }) },
		func(t *testing.T, err error) { wantFault[*types.HostNotConnected](t, err, "DC0_H0") },
	},
}

func TestVMotionFaultsLeaveTheMachineWhereItIs(t *testing.T) {
	for name, c := range vmotionFaults {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			vm := l.make("web", "DC0_C0_H0")
			l.on(vm)
			_, process := l.backing.last()
			c.breakIt(l.hosts["DC0_C0_H0"], l.hosts["DC0_H0"])
			c.check(t, l.checkRelocate(vm, "DC0_H0"))
			if kinds := l.compatibility(vm, "DC0_H0"); !slices.Equal(kinds, []string{"cpu"}) {
				t.Errorf("compatible: %v", kinds)
			}
			_, err := l.relocate(vm, "DC0_H0")
			c.check(t, err)
			l.checkPlace(vm, "DC0_C0_H0")
			if process.State() != hypervisor.StateRunning {
				t.Errorf("the process is %s", process.State())
			}
			names := l.eventNames(vm)
			if names[len(names)-1] != "VmFailedMigrateEvent" {
				t.Errorf("events %v", names)
			}
		})
	}
}

// checkRelocate is the first error that CheckRelocate_Task reports.
func (l *lab) checkRelocate(vm *object.VirtualMachine, host string) error {
	l.t.Helper()
	h, pool := l.host(host).Reference(), l.pool(host).Reference()
	res, err := methods.CheckRelocate_Task(l.ctx, l.client, &types.CheckRelocate_Task{
		This: *l.client.ServiceContent.VmProvisioningChecker, Vm: vm.Reference(), Spec: types.VirtualMachineRelocateSpec{Host: &h, Pool: &pool},
	})
	l.must(err)
	return l.firstError(res.Returnval)
}

// firstError is the first error in the results of a check.
func (l *lab) firstError(task types.ManagedObjectReference) error {
	l.t.Helper()
	info, err := object.NewTask(l.client.Client, task).WaitForResult(l.ctx)
	l.must(err)
	for _, result := range info.Result.(types.ArrayOfCheckResult).CheckResult {
		for _, e := range result.Error {
			return checkError{e}
		}
	}
	return nil
}

type checkError struct{ types.LocalizedMethodFault }

func (e checkError) Error() string                { return e.LocalizedMessage }
func (e checkError) Fault() types.BaseMethodFault { return e.LocalizedMethodFault.Fault }

func (l *lab) compatibility(vm *object.VirtualMachine, host string) []string {
	l.t.Helper()
	res, err := methods.QueryVMotionCompatibility(l.ctx, l.client, &types.QueryVMotionCompatibility{
		This: types.ManagedObjectReference{Type: "ServiceInstance", Value: "ServiceInstance"},
		Vm:   vm.Reference(), Host: []types.ManagedObjectReference{l.host(host).Reference()},
	})
	l.must(err)
	return res.Returnval[0].Compatibility
}

func TestChecksOfAFitDestinationHaveNoErrors(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	l.must(l.checkRelocate(vm, "DC0_H0"))
	if kinds := l.compatibility(vm, "DC0_H0"); !slices.Equal(kinds, []string{"cpu", "software"}) {
		t.Errorf("compatible: %v", kinds)
	}
	h := l.host("DC0_C0_H1").Reference()
	checker := *l.client.ServiceContent.VmProvisioningChecker
	migrate, err := methods.CheckMigrate_Task(l.ctx, l.client, &types.CheckMigrate_Task{This: checker, Vm: vm.Reference(), Host: &h})
	l.must(err)
	l.must(l.firstError(migrate.Returnval))
	query, err := methods.QueryVMotionCompatibilityEx_Task(l.ctx, l.client, &types.QueryVMotionCompatibilityEx_Task{
		This: checker, Vm: []types.ManagedObjectReference{vm.Reference()}, Host: []types.ManagedObjectReference{h},
	})
	l.must(err)
	l.must(l.firstError(query.Returnval))
	l.checkPlace(vm, "DC0_C0_H0")
}

func TestOneMigrationAtATime(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	hold := make(chan struct{})
	l.backing.mu.Lock()
	l.backing.hold = hold
	l.backing.mu.Unlock()
	h, pool := l.host("DC0_H0").Reference(), l.pool("DC0_H0").Reference()
	spec := types.VirtualMachineRelocateSpec{Host: &h, Pool: &pool}
	first, err := vm.Relocate(l.ctx, spec, "")
	l.must(err)
	second, err := vm.Relocate(l.ctx, spec, "")
	l.must(err)
	if f := wantFault[*types.TaskInProgress](t, second.Wait(l.ctx), first.Reference().Value); f.Task != first.Reference() {
		t.Errorf("fault %+v", f)
	}
	off, err := vm.PowerOff(l.ctx)
	l.must(err)
	wantFault[*types.TaskInProgress](t, off.Wait(l.ctx), first.Reference().Value)
	close(hold)
	l.must(first.Wait(l.ctx))
	l.checkPlace(vm, "DC0_H0")
}

func TestCancelledMigrationGoesOnAtTheSource(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	l.backing.mu.Lock()
	l.backing.hold = make(chan struct{})
	l.backing.mu.Unlock()
	h, pool := l.host("DC0_H0").Reference(), l.pool("DC0_H0").Reference()
	task, err := vm.Relocate(l.ctx, types.VirtualMachineRelocateSpec{Host: &h, Pool: &pool}, "")
	l.must(err)
	l.must(task.Cancel(l.ctx))
	wantFault[*types.RequestCanceled](t, task.Wait(l.ctx), "canceled")
	l.checkPlace(vm, "DC0_C0_H0")
}

func TestVMotionAddressThatIsTaken(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	at := netip.AddrPortFrom(l.hosts["DC0_H0"].vmotion, move.VmotionPort)
	listener, err := net.Listen("tcp", at.String())
	l.must(err)
	defer listener.Close()
	_, err = l.relocate(vm, "DC0_H0")
	wantFault[*types.VMotionInterfaceIssue](t, err, at.String())
	l.checkPlace(vm, "DC0_C0_H0")
}

// TestRelocateToAnotherNetwork names networks as their host does, and as the vCenter keeps those names.
func TestRelocateToAnotherNetwork(t *testing.T) {
	for portgroup, said := range map[string]string{"Lab": "Lab", "10.0.0.0/24": "10.0.0.0/24", "50%": "50%25", `a\b`: `a\b`} {
		t.Run(portgroup, func(t *testing.T) { relocateToNetwork(t, portgroup, said) })
	}
}

func relocateToNetwork(t *testing.T, portgroup, said string) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	network := l.addNetwork(names.Escape(portgroup))
	l.hosts["DC0_H0"].change(func(h *fakeHost) { h.portgroups = map[string]bool{portgroup: true} })
	devices, err := vm.Device(l.ctx)
	l.must(err)
	card := devices.SelectByType((*types.VirtualEthernetCard)(nil))[0]
	card.GetVirtualDevice().Backing = &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: said},
	}
	h, pool := l.host("DC0_H0").Reference(), l.pool("DC0_H0").Reference()
	task, err := vm.Relocate(l.ctx, types.VirtualMachineRelocateSpec{
		Host: &h, Pool: &pool,
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{&types.VirtualDeviceConfigSpec{
			Operation: types.VirtualDeviceConfigSpecOperationEdit, Device: card,
		}},
	}, "")
	l.must(err)
	l.must(task.Wait(l.ctx))
	l.checkPlace(vm, "DC0_H0")
	if p := l.props(vm, "network"); !slices.Equal(p.Network, []types.ManagedObjectReference{network}) {
		t.Errorf("networks %v", p.Network)
	}
}

// addNetwork adds a network that every host has.
func (l *lab) addNetwork(name string) types.ManagedObjectReference {
	l.t.Helper()
	network := &mo.Network{Name: name}
	dc, ok := l.inv.Above(l.folder().Reference(), "Datacenter")
	if !ok {
		l.t.Fatal("no datacenter")
	}
	network.Self = types.ManagedObjectReference{Type: "Network", Value: fmt.Sprintf("network-%s", name)}
	network.ManagedEntity.Name = name
	l.inv.Put(network)
	l.inv.AddTo(dc, "network", network.Self)
	for _, entity := range l.inv.All("HostSystem") {
		l.inv.AddTo(entity.Reference(), "network", network.Self)
	}
	return network.Self
}
