// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// TestNamesOfMachinesAreEscaped makes and renames a machine with a name that needs it, on a network that needs it.
func TestNamesOfMachinesAreEscaped(t *testing.T) {
	l := newLab(t)
	l.addNetwork("10.0.0.0%2f24")
	for _, h := range l.hosts {
		h.change(func(h *fakeHost) { h.portgroups["10.0.0.0/24"] = true })
	}
	create := func(name, network string) (*object.VirtualMachine, error) {
		config := l.config("x")
		config.Name = name
		for _, c := range config.DeviceChange {
			switch device := c.GetVirtualDeviceConfigSpec().Device.(type) {
			case types.BaseVirtualEthernetCard:
				device.GetVirtualEthernetCard().Backing.(*types.VirtualEthernetCardNetworkBackingInfo).DeviceName = network
			case *types.VirtualDisk:
				device.Backing.(*types.VirtualDiskFlatVer2BackingInfo).FileName = "[" + datastoreName + "]"
			}
		}
		task, err := l.folder().CreateVM(l.ctx, config, l.pool("DC0_C0_H0"), l.host("DC0_C0_H0"))
		l.must(err)
		info, err := task.WaitForResult(l.ctx)
		if err != nil {
			return nil, err
		}
		return object.NewVirtualMachine(l.client.Client, info.Result.(types.ManagedObjectReference)), nil
	}
	check := func(vm *object.VirtualMachine, want string) {
		t.Helper()
		p := l.props(vm, "name", "config.name", "summary.config.name")
		if p.Name != want || p.Config.Name != want || p.Summary.Config.Name != want {
			t.Errorf("names %q, %q and %q, want %q", p.Name, p.Config.Name, p.Summary.Config.Name, want)
		}
	}
	for name, want := range map[string]string{"web/1": "web%2f1", "50%": "50%25", `a\b`: "a%5cb", "c%2Fd": "c%2fd"} {
		for _, network := range []string{"10.0.0.0/24", "10.0.0.0%2f24"} {
			vm, err := create(name, network)
			l.must(err)
			check(vm, want)
			l.on(vm)
			off, err := vm.PowerOff(l.ctx)
			l.must(err)
			l.must(off.Wait(l.ctx))
			_, err = create(want, network)
			wantFault[*types.DuplicateName](t, err, want)
			renamed, err := vm.Rename(l.ctx, name+"/2")
			l.must(err)
			l.must(renamed.Wait(l.ctx))
			check(vm, want+"%2f2")
			gone, err := vm.Destroy(l.ctx)
			l.must(err)
			l.must(gone.Wait(l.ctx))
		}
	}
	for _, name := range []string{"", strings.Repeat("x", 81)} {
		_, err := create(name, "VM Network")
		wantFault[*types.InvalidName](t, err, "1 to 80")
		renamed, err := l.make("web", "DC0_C0_H0").Rename(l.ctx, name)
		l.must(err)
		wantFault[*types.InvalidName](t, renamed.Wait(l.ctx), "")
		vm, err := l.finder.VirtualMachine(l.ctx, "web")
		l.must(err)
		gone, err := vm.Destroy(l.ctx)
		l.must(err)
		l.must(gone.Wait(l.ctx))
	}
}
