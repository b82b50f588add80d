// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"
)

func TestPowerOnBootsTheMachineFromItsDatastore(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	spec, process := l.backing.last()
	if spec.MemoryMB != 512 || spec.VCPUs != 2 || spec.Name != "web" {
		t.Errorf("started as %+v", spec)
	}
	if len(spec.Disks) != 1 || spec.Disks[0].Bus != "pvscsi" || spec.Disks[0].Unit != 0 || spec.Disks[0].Blockdev["path"] != "web/web.vmdk" {
		t.Errorf("disks %+v", spec.Disks)
	}
	if len(spec.NICs) != 1 || spec.NICs[0].Model != "vmxnet3" || spec.NICs[0].MAC != testMAC {
		t.Errorf("adapters %+v", spec.NICs)
	}
	if process.State() != hypervisor.StateRunning {
		t.Errorf("the process is %s", process.State())
	}
	p := l.props(vm, "runtime", "summary.runtime", "config.hardware.device")
	if p.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn || p.Summary.Runtime.PowerState != p.Runtime.PowerState || p.Runtime.BootTime == nil {
		t.Errorf("runtime %+v", p.Runtime)
	}
	card := object.VirtualDeviceList(p.Config.Hardware.Device).SelectByType((*types.VirtualEthernetCard)(nil))[0]
	if !card.GetVirtualDevice().Connectable.Connected {
		t.Error("the adapter is not connected")
	}
	if names := l.eventNames(vm); !slices.Contains(names, "VmStartingEvent") || !slices.Contains(names, "VmPoweredOnEvent") {
		t.Errorf("events %v", names)
	}
	task, err := vm.PowerOn(l.ctx)
	l.must(err)
	wantFault[*types.InvalidPowerState](t, task.Wait(l.ctx), "web")
}

func TestPowerOnFaults(t *testing.T) {
	for name, c := range map[string]struct {
		breakIt func(*lab, *fakeHost)
		check   func(*testing.T, error)
	}{
		"network": {
			func(_ *lab, h *fakeHost) { h.portgroups = nil },
			func(t *testing.T, err error) {
				f := wantFault[*types.CannotAccessNetwork](t, err, "VM Network")
				if f.Backing != "VM Network" || f.Network == nil {
					t.Errorf("fault %+v", f)
				}
			},
		},
		"datastore": {
			func(_ *lab, h *fakeHost) { h.volumes = nil },
			func(t *testing.T, err error) {
				f := wantFault[*types.CannotAccessVmDisk](t, err, "all paths")
				if _, ok := f.Fault.Fault.(*types.InaccessibleDatastore); !ok {
					t.Errorf("cause %T", f.Fault.Fault)
				}
			},
		},
		"file": {
			func(l *lab, _ *fakeHost) { _ = l.volume.Remove(l.ctx, "web/web.vmdk") },
			func(t *testing.T, err error) {
				f := wantFault[*types.CannotAccessVmDisk](t, err, "web/web.vmdk")
				if _, ok := f.Fault.Fault.(*types.FileNotFound); !ok {
					t.Errorf("cause %T", f.Fault.Fault)
				}
			},
		},
		"memory": {
			func(_ *lab, h *fakeHost) { h.memoryMB = 511 },
			func(t *testing.T, err error) {
				f := wantFault[*types.InsufficientMemoryResourcesFault](t, err, "512 MB")
				if f.Requested != 512<<20 || f.Unreserved != 511<<20 {
					t.Errorf("fault %+v", f)
				}
			},
		},
		"maintenance": {
			func(_ *lab, h *fakeHost) { h.maintenance = true },
			func(t *testing.T, err error) { wantFault[*types.InvalidState](t, err, "maintenance") },
		},
		"disconnected": {
			func(_ *lab, h *fakeHost) { h.away = true },
			func(t *testing.T, err error) { wantFault[*types.HostNotConnected](t, err, "DC0_C0_H0") },
		},
		"hypervisor": {
			func(l *lab, _ *fakeHost) { l.backing.startErr = errors.New("no such socket") },
			func(t *testing.T, err error) { wantFault[*types.GenericVmConfigFault](t, err, "no such socket") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			vm := l.make("web", "DC0_C0_H0")
			l.hosts["DC0_C0_H0"].change(func(h *fakeHost) { c.breakIt(l, h) })
			task, err := vm.PowerOn(l.ctx)
			l.must(err)
			c.check(t, task.Wait(l.ctx))
			if p := l.props(vm, "runtime.powerState"); p.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
				t.Errorf("it shows %s", p.Runtime.PowerState)
			}
			if names := l.eventNames(vm); !slices.Contains(names, "VmFailedToPowerOnEvent") {
				t.Errorf("events %v", names)
			}
		})
	}
}

// TestMachineJobSurvivesPanic shows that a mistake in the work with one machine ends that work with a fault, and that this machine
// and all others go on.
func TestMachineJobSurvivesPanic(t *testing.T) {
	l := newLab(t)
	vm, other := l.make("web", "DC0_C0_H0"), l.make("db", "DC0_C0_H1")
	mistaken := func(yes bool) {
		l.backing.mu.Lock()
		defer l.backing.mu.Unlock()
		l.backing.mistaken = yes
	}
	failed := func(task *object.Task, err error) {
		t.Helper()
		l.must(err)
		wantFault[*types.SystemError](t, task.Wait(l.ctx), "A general system error occurred: a mistake in the backing")
		mistaken(false)
	}
	mistaken(true)
	failed(vm.PowerOn(l.ctx))
	if p := l.props(vm, "runtime.powerState"); p.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("after a start that failed it shows %s", p.Runtime.PowerState)
	}
	l.on(vm)
	l.on(other)

	mistaken(true)
	failed(vm.Migrate(l.ctx, nil, l.host("DC0_C0_H1"), types.VirtualMachineMovePriorityDefaultPriority, ""))
	if p := l.props(vm, "runtime"); p.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn || *p.Runtime.Host != l.host("DC0_C0_H0").Reference() {
		t.Errorf("after a migration that failed: %+v", p.Runtime)
	}
	task, err := vm.Migrate(l.ctx, nil, l.host("DC0_C0_H1"), types.VirtualMachineMovePriorityDefaultPriority, "")
	l.must(err)
	l.must(task.Wait(l.ctx))
	task, err = vm.PowerOff(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
}

func TestPowerOnMultiVM(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	dc, err := l.finder.DefaultDatacenter(l.ctx)
	l.must(err)
	task, err := dc.PowerOnVM(l.ctx, []types.ManagedObjectReference{vm.Reference()})
	l.must(err)
	info, err := task.WaitForResult(l.ctx)
	l.must(err)
	result := info.Result.(types.ClusterPowerOnVmResult)
	l.must(object.NewTask(l.client.Client, *result.Attempted[0].Task).Wait(l.ctx))
	if _, process := l.backing.last(); process.State() != hypervisor.StateRunning {
		t.Errorf("the process is %s", process.State())
	}
}

func TestWhatWouldOnlyBeInTheInventoryIsRefused(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	_, err := vm.CreateSnapshot(l.ctx, "before", "", false, false)
	wantFault[*types.NotSupported](t, err, "web")
	_, err = vm.Clone(l.ctx, l.folder(), "copy", types.VirtualMachineCloneSpec{})
	wantFault[*types.NotSupported](t, err, "web")
}

func TestMemoryOfRunningMachinesCounts(t *testing.T) {
	l := newLab(t)
	l.hosts["DC0_C0_H0"].change(func(h *fakeHost) { h.memoryMB = 1000 })
	first, second := l.make("a", "DC0_C0_H0"), l.make("b", "DC0_C0_H0")
	l.on(first)
	task, err := second.PowerOn(l.ctx)
	l.must(err)
	wantFault[*types.InsufficientMemoryResourcesFault](t, task.Wait(l.ctx), "488 MB")
	task, err = first.PowerOff(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	l.on(second)
}

func TestPowerOffEndsTheProcess(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	_, process := l.backing.last()
	task, err := vm.PowerOff(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	if process.State() != hypervisor.StateOff {
		t.Errorf("the process is %s", process.State())
	}
	p := l.props(vm, "runtime")
	if p.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff || p.Runtime.BootTime != nil {
		t.Errorf("runtime %+v", p.Runtime)
	}
	task, err = vm.PowerOff(l.ctx)
	l.must(err)
	wantFault[*types.InvalidPowerState](t, task.Wait(l.ctx), "poweredOff")
	l.on(vm)
}

func TestShutdownGuestIsFollowed(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	if err := vm.ShutdownGuest(l.ctx); err == nil {
		t.Fatal("a machine that is off was shut down")
	}
	l.on(vm)
	l.must(vm.ShutdownGuest(l.ctx))
	l.must(vm.WaitForPowerState(l.ctx, types.VirtualMachinePowerStatePoweredOff))
	eventually(t, "VmPoweredOffEvent", func() bool {
		names := l.eventNames(vm)
		return slices.Contains(names, "VmGuestShutdownEvent") && slices.Contains(names, "VmPoweredOffEvent")
	})
}

func TestGuestThatPowersItselfOff(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	_, process := l.backing.last()
	l.must(process.PowerOff(l.ctx))
	l.must(vm.WaitForPowerState(l.ctx, types.VirtualMachinePowerStatePoweredOff))
	l.on(vm)
}

func TestRebootGuestBootsAgain(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	_, before := l.backing.last()
	l.must(vm.RebootGuest(l.ctx))
	eventually(t, "another boot", func() bool {
		_, now := l.backing.last()
		return now != before && l.props(vm, "runtime.powerState").Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	})
}

func TestSuspendAndReset(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	task, err := vm.Reset(l.ctx)
	l.must(err)
	wantFault[*types.InvalidPowerState](t, task.Wait(l.ctx), "web")
	l.on(vm)
	_, process := l.backing.last()
	task, err = vm.Suspend(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	if p := l.props(vm, "runtime.powerState"); p.Runtime.PowerState != types.VirtualMachinePowerStateSuspended || process.State() != hypervisor.StatePaused {
		t.Errorf("%s, %s", p.Runtime.PowerState, process.State())
	}
	l.on(vm)
	if process.State() != hypervisor.StateRunning {
		t.Errorf("the process is %s", process.State())
	}
	task, err = vm.Reset(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
}

func TestGuestInformation(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	l.on(vm)
	l.mu.Lock()
	l.ips[testMAC] = "192.168.1.50"
	l.mu.Unlock()
	// WaitForIP waits for updates of guest.ipAddress, as clients do.
	ip, err := vm.WaitForIP(l.ctx)
	l.must(err)
	if ip != "192.168.1.50" {
		t.Errorf("address %q", ip)
	}
	p := l.props(vm, "guest", "summary.guest")
	if p.Guest.ToolsStatus != types.VirtualMachineToolsStatusToolsOk || p.Guest.ToolsRunningStatus != "guestToolsRunning" || p.Guest.HostName != "web" {
		t.Errorf("guest %+v", p.Guest)
	}
	if len(p.Guest.Net) != 1 || p.Guest.Net[0].MacAddress != testMAC || !slices.Contains(p.Guest.Net[0].IpAddress, ip) || p.Guest.Net[0].Network != "VM Network" {
		t.Errorf("net %+v", p.Guest.Net)
	}
	task, err := vm.PowerOff(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
	p = l.props(vm, "guest", "summary.guest")
	if p.Guest.IpAddress != "" || p.Summary.Guest.IpAddress != "" || len(p.Guest.Net[0].IpAddress) != 0 || p.Guest.ToolsRunningStatus != "guestToolsNotRunning" {
		t.Errorf("guest information stayed: %+v", p.Guest)
	}
}

func TestClientsAreToldOfPowerChanges(t *testing.T) {
	l := newLab(t)
	vm := l.make("web", "DC0_C0_H0")
	seen := make(chan string, 10)
	ready := make(chan struct{})
	go func() {
		defer close(seen)
		first := true
		_ = property.Wait(l.ctx, property.DefaultCollector(l.client.Client), vm.Reference(), []string{"summary.runtime.powerState"},
			func(changes []types.PropertyChange) bool {
				if first {
					close(ready)
					first = false
				}
				for _, c := range changes {
					state := string(c.Val.(types.VirtualMachinePowerState))
					seen <- state
					if strings.HasSuffix(state, "On") {
						return true
					}
				}
				return false
			})
	}()
	<-ready
	l.on(vm)
	var states []string
	for state := range seen {
		states = append(states, state)
	}
	if !slices.Equal(states, []string{"poweredOff", "poweredOn"}) {
		t.Errorf("a waiting client saw %v", states)
	}
}
