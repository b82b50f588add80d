// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/event"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"
	"livelab.dev/twin/vmfs"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault/faulttest"
)

// fakeHost is a host whose every property a test can change.
type fakeHost struct {
	name   string
	number int

	mu          sync.Mutex
	portgroups  map[string]bool
	vmotion     netip.Addr
	volumes     map[string]*fakeVolume
	maintenance bool
	away        bool
	memoryMB    int64
	log         []string
}

func locked[T any](h *fakeHost, f func() T) T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return f()
}

func (h *fakeHost) change(f func(*fakeHost)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(h)
}

func (h *fakeHost) Name() string { return h.name }
func (h *fakeHost) Number() int  { return h.number }
func (h *fakeHost) HasPortGroup(n string) bool {
	return locked(h, func() bool { return h.portgroups[n] })
}
func (h *fakeHost) InMaintenance() bool         { return locked(h, func() bool { return h.maintenance }) }
func (h *fakeHost) Connected() bool             { return locked(h, func() bool { return !h.away }) }
func (h *fakeHost) MemoryMB() int64             { return locked(h, func() int64 { return h.memoryMB }) }
func (h *fakeHost) NetworkSocket(string) string { return "" }
func (h *fakeHost) Release() int                { return 8 }

func (h *fakeHost) Log(_ time.Time, lines ...string) {
	h.change(func(h *fakeHost) { h.log = append(h.log, lines...) })
}

func (h *fakeHost) KernelLog() ([]string, error) {
	return locked(h, func() []string { return slices.Clone(h.log) }), nil
}

func (h *fakeHost) VMotionAddress() (netip.Addr, bool) {
	addr := locked(h, func() netip.Addr { return h.vmotion })
	return addr, addr.IsValid()
}

func (h *fakeHost) Disks(name string) (machines.Volume, error) {
	v := locked(h, func() *fakeVolume { return h.volumes[name] })
	if v == nil {
		return nil, fmt.Errorf("all paths to %s are down", name)
	}
	return v, nil
}

// fakeVolume is a volume in memory.
type fakeVolume struct {
	mu       sync.Mutex
	files    map[string]int64
	content  map[string]string
	capacity int64
}

func newFakeVolume(capacity int64) *fakeVolume {
	return &fakeVolume{files: map[string]int64{}, content: map[string]string{}, capacity: capacity}
}

func (v *fakeVolume) ID() string { return "fake-volume" }

func (v *fakeVolume) Free() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	left := v.capacity
	for _, size := range v.files {
		left -= size
	}
	return left
}

func (v *fakeVolume) Size(path string) (int64, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	size, ok := v.files[path]
	return size, ok
}

func (v *fakeVolume) Allocate(_ context.Context, path string, size int64) error {
	if _, ok := v.Size(path); ok {
		return fs.ErrExist
	}
	if size > v.Free() {
		return vmfs.ErrNoSpace
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.files[path] = size
	return nil
}

// ImportDisk takes any file that begins like a disk; its size is in the file: "KDMV 1024".
func (v *fakeVolume) ImportDisk(ctx context.Context, path, source string, _ func(done, total int64)) error {
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	var size int64
	if _, err := fmt.Sscanf(string(data), "KDMV %d", &size); err != nil {
		return errors.New("not a disk image")
	}
	if err := v.Allocate(ctx, path, size); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.content[path] = string(data)
	return nil
}

func (v *fakeVolume) Remove(_ context.Context, path string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.files, path)
	delete(v.content, path)
	return nil
}

func (v *fakeVolume) Blockdev(path string) (map[string]any, *hypervisor.Secret, error) {
	if _, ok := v.Size(path); !ok {
		return nil, nil, fs.ErrNotExist
	}
	return map[string]any{"driver": "fake", "path": path}, nil, nil
}

func (v *fakeVolume) names() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var names []string
	for name := range v.files {
		names = append(names, name)
	}
	return names
}

// fakeBacking is the model, with an eye on what is asked of it, and a hand in it.
type fakeBacking struct {
	hypervisor.Backing
	mu       sync.Mutex
	specs    []hypervisor.Spec
	started  []hypervisor.Machine
	mistaken bool // it panics
	startErr error
	hold     chan struct{} // Incoming waits for it when not nil
}

func (b *fakeBacking) Start(ctx context.Context, spec hypervisor.Spec) (hypervisor.Machine, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.specs = append(b.specs, spec)
	if b.startErr != nil {
		return nil, b.startErr
	}
	if b.mistaken {
		panic("a mistake in the backing")
	}
	m, err := b.Backing.Start(ctx, spec)
	b.started = append(b.started, m)
	return m, err
}

func (b *fakeBacking) Incoming(ctx context.Context, spec hypervisor.Spec, at netip.AddrPort) (hypervisor.Machine, error) {
	b.mu.Lock()
	hold, mistaken := b.hold, b.mistaken
	b.mu.Unlock()
	if mistaken {
		panic("a mistake in the backing")
	}
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	m, err := b.Backing.Incoming(ctx, spec, at)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.specs, b.started = append(b.specs, spec), append(b.started, m)
	return m, err
}

func (b *fakeBacking) last() (hypervisor.Spec, hypervisor.Machine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.specs[len(b.specs)-1], b.started[len(b.started)-1]
}

// lab is a vCenter with a cluster of two hosts and a third one on its own, that all see one datastore.
type lab struct {
	t       *testing.T
	ctx     context.Context
	client  *govmomi.Client
	finder  *find.Finder
	manager *Machines
	inv     *machines.Inventory
	backing *fakeBacking
	volume  *fakeVolume
	hosts   map[string]*fakeHost // by name
	mu      sync.Mutex
	ips     map[string]string
}

const datastoreName = "LocalDS_0"

func newLab(t *testing.T) *lab {
	t.Helper()
	model := simulator.VPX()
	model.ClusterHost = 2
	model.Machine = 0
	if err := model.Create(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Remove)
	l := &lab{t: t, ctx: context.Background(), volume: newFakeVolume(1 << 40), hosts: map[string]*fakeHost{}, ips: map[string]string{}}
	l.backing = &fakeBacking{Backing: hypervisor.NewModel(hypervisor.ModelConfig{Scale: 2000})}
	manager, err := NewMachines(machines.Config{
		Backing: l.backing, Dir: t.TempDir(), Logf: t.Logf, SampleEvery: 2 * time.Millisecond,
		GuestAddress: func(mac string) (string, bool) {
			l.mu.Lock()
			defer l.mu.Unlock()
			ip, ok := l.ips[mac]
			return ip, ok
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.manager = manager
	l.makeHosts(model.Map())
	l.inv = manager.answer(manager.Take(registry.Over(model.Service, model.Map(), t.Logf), func(object types.ManagedObjectReference) machines.ESXi {
		system, ok := model.Map().Get(object).(*simulator.HostSystem)
		if !ok {
			return nil
		}
		return l.hosts[system.Name]
	}))
	server := model.Service.NewServer()
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		if err := manager.Close(); err != nil {
			t.Error(err)
		}
	})
	l.client, err = govmomi.NewClient(l.ctx, server.URL, true)
	if err != nil {
		t.Fatal(err)
	}
	l.finder = find.NewFinder(l.client.Client)
	return l
}

func (l *lab) makeHosts(reg *simulator.Registry) {
	for i, name := range []string{"DC0_C0_H0", "DC0_C0_H1", "DC0_H0"} {
		l.hosts[name] = &fakeHost{
			name: name, number: i + 1, portgroups: map[string]bool{"VM Network": true}, memoryMB: 4096,
			vmotion: netip.AddrFrom4([4]byte{127, 25, byte(os.Getpid()%250 + 1), byte(10 + i)}),
			volumes: map[string]*fakeVolume{datastoreName: l.volume},
		}
	}
}

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) host(name string) *object.HostSystem {
	l.t.Helper()
	h, err := l.finder.HostSystem(l.ctx, name)
	l.must(err)
	return h
}

// pool is the root pool of a host's compute resource.
func (l *lab) pool(host string) *object.ResourcePool {
	l.t.Helper()
	p, err := l.host(host).ResourcePool(l.ctx)
	l.must(err)
	return p
}

func (l *lab) folder() *object.Folder {
	l.t.Helper()
	dc, err := l.finder.DefaultDatacenter(l.ctx)
	l.must(err)
	folders, err := dc.Folders(l.ctx)
	l.must(err)
	return folders.VmFolder
}

const testMAC = "00:50:56:00:01:50"

// config is a machine with a disk and an adapter.
func (l *lab) config(name string) types.VirtualMachineConfigSpec {
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	l.must(err)
	devices = append(devices, scsi)
	disk := devices.CreateDisk(scsi.(types.BaseVirtualController), types.ManagedObjectReference{}, "["+datastoreName+"] "+name+"/"+name+".vmdk")
	disk.CapacityInKB = 1 << 20
	devices = append(devices, disk)
	card, err := devices.CreateEthernetCard("vmxnet3", &types.VirtualEthernetCardNetworkBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "VM Network"},
	})
	l.must(err)
	card.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard().MacAddress = testMAC
	devices = append(devices, card)
	changes, err := devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	l.must(err)
	return types.VirtualMachineConfigSpec{
		Name: name, NumCPUs: 2, MemoryMB: 512, GuestId: "debian10_64Guest", DeviceChange: changes,
		Files: &types.VirtualMachineFileInfo{VmPathName: "[" + datastoreName + "]"},
	}
}

// make creates a machine on a host.
func (l *lab) make(name, host string) *object.VirtualMachine {
	l.t.Helper()
	task, err := l.folder().CreateVM(l.ctx, l.config(name), l.pool(host), l.host(host))
	l.must(err)
	info, err := task.WaitForResult(l.ctx)
	l.must(err)
	return object.NewVirtualMachine(l.client.Client, info.Result.(types.ManagedObjectReference))
}

func (l *lab) on(vm *object.VirtualMachine) {
	l.t.Helper()
	task, err := vm.PowerOn(l.ctx)
	l.must(err)
	l.must(task.Wait(l.ctx))
}

// props reads a machine's properties.
func (l *lab) props(vm mo.Reference, names ...string) mo.VirtualMachine {
	l.t.Helper()
	var props mo.VirtualMachine
	l.must(l.client.RetrieveOne(l.ctx, vm.Reference(), names, &props))
	return props
}

// faultOf is the fault of an error, nil for none.
func faultOf(err error) types.BaseMethodFault {
	var holder interface{ Fault() types.BaseMethodFault }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &holder):
		return holder.Fault()
	case soap.IsSoapFault(err):
		f, _ := soap.ToSoapFault(err).VimFault().(types.BaseMethodFault)
		return f
	}
	return nil
}

// wantFault fails the test unless an error has a fault of a type, and a text that names something.
func wantFault[T types.BaseMethodFault](t *testing.T, err error, mentions string) (found T) {
	t.Helper()
	found, ok := faultOf(err).(T)
	if !ok {
		t.Fatalf("got %v (%T), want a %T", err, faultOf(err), found)
	}
	if !strings.Contains(err.Error(), mentions) {
		t.Fatalf("the fault %q does not mention %q", err, mentions)
	}
	for _, problem := range faulttest.Unreadable(found) {
		t.Errorf("a client cannot read the fault %q: %s", err, problem)
	}
	return found
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not happen", what)
}

// events are the types of the machine's events, oldest first.
func (l *lab) events(vm mo.Reference) []types.BaseEvent {
	l.t.Helper()
	filter := types.EventFilterSpec{Entity: &types.EventFilterSpecByEntity{Entity: vm.Reference(), Recursion: types.EventFilterSpecRecursionOptionSelf}}
	events, err := event.NewManager(l.client.Client).QueryEvents(l.ctx, filter)
	l.must(err)
	slices.SortFunc(events, func(a, b types.BaseEvent) int { return int(a.GetEvent().Key - b.GetEvent().Key) })
	return events
}

// eventNames are the types of the machine's events, in the order of time; of an EventEx, its id.
func (l *lab) eventNames(vm mo.Reference) []string {
	l.t.Helper()
	var names []string
	for _, e := range l.events(vm) {
		if x, ok := e.(*types.EventEx); ok {
			names = append(names, x.EventTypeId)
			continue
		}
		names = append(names, strings.TrimPrefix(fmt.Sprintf("%T", e), "*types."))
	}
	return names
}
