// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"fmt"
	"maps"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// machine is one virtual machine, however many registries show it.
type machine struct {
	m  *Manager
	id string // letters, digits and dashes

	guest sync.Mutex // held while guest information is looked at and shown
	mu    sync.Mutex
	faces map[*inventory]ref // the VirtualMachine objects that show it
	host  host               // where it is registered
	task  *ref               // what is being done with it
	// importing is set while its disks are still being uploaded.
	importing bool
	process   hypervisor.Machine // nil while it is powered off
	// receiving is the machine's other half while it is on its way to another host.
	receiving     hypervisor.Machine
	receivingHost host
	// ending is set while somebody ends the process on purpose, so that its end is not the guest's doing.
	ending    bool
	addresses map[string]string // what guest information shows: IP by MAC; guarded by guest
	// changed is the registry in which the machine's configuration changed last, until the others show it too.
	changed *inventory
	// mirroring is the registry that is being made to show it.
	mirroring *inventory
}

// machine is the machine behind a VirtualMachine object; nil when it is on a host that is not ours.
func (inv *inventory) machine(object ref) *machine {
	inv.mu.Lock()
	mc := inv.byRef[object]
	inv.mu.Unlock()
	if mc != nil {
		return mc
	}
	where := registry.Read(inv.Registry, object, func(vm *simulator.VirtualMachine) *ref { return vm.Runtime.Host })
	if where == nil {
		return nil
	}
	h := inv.hostOf(*where)
	if h == nil {
		return nil
	}
	return inv.m.register(inv, object, h)
}

// register makes a machine of a VirtualMachine object.
func (m *Manager) register(inv *inventory, object ref, h host) *machine {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if mc := inv.byRef[object]; mc != nil {
		return mc
	}
	mc := &machine{m: m, id: uuid.NewString(), faces: map[*inventory]ref{inv: object}, host: h, addresses: map[string]string{}}
	inv.byRef[object] = mc
	m.mu.Lock()
	m.machines[mc.id] = mc
	m.mu.Unlock()
	return mc
}

// forget takes a machine that is no longer registered off the list.
func (m *Manager) forget(mc *machine) {
	mc.mu.Lock()
	faces := maps.Clone(mc.faces)
	mc.faces = map[*inventory]ref{}
	mc.mu.Unlock()
	for inv, object := range faces {
		inv.mu.Lock()
		delete(inv.byRef, object)
		inv.mu.Unlock()
		inv.hide(object)
	}
	m.mu.Lock()
	delete(m.machines, mc.id)
	m.mu.Unlock()
}

// begin makes a task the one that is being done with the machine.
func (mc *machine) begin(task ref) *fault.Failure {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	if mc.task != nil {
		return fault.New(&types.TaskInProgress{Task: *mc.task}, "Another task is already in progress (%s)", mc.task.Value)
	}
	mc.task = &task
	return nil
}

func (mc *machine) end() {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	mc.task = nil
}

// shown are the VirtualMachine objects of the machine.
func (mc *machine) shown() map[*inventory]ref {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return maps.Clone(mc.faces)
}

// face is one of them; vCenter's when there is one.
func (mc *machine) face() (*inventory, ref, bool) {
	var found *inventory
	faces := mc.shown()
	for inv := range faces {
		if found == nil || inv.IsVPX() {
			found = inv
		}
	}
	return found, faces[found], found != nil
}

// set changes properties that are the same wherever the machine is shown.
func (mc *machine) set(changes ...registry.Change) {
	for inv, object := range mc.shown() {
		inv.Set(object, append([]registry.Change(nil), changes...)...)
	}
}

// look reads from one of the machine's objects.
func look[V any](mc *machine, f func(*simulator.VirtualMachine) V) (value V) {
	if inv, object, ok := mc.face(); ok {
		value = registry.Read(inv.Registry, object, f)
	}
	return value
}

func (mc *machine) name() string {
	return look(mc, func(vm *simulator.VirtualMachine) string { return vm.Name })
}

func (mc *machine) power() types.VirtualMachinePowerState {
	return look(mc, func(vm *simulator.VirtualMachine) types.VirtualMachinePowerState { return vm.Runtime.PowerState })
}

// hardware is what the machine is made of.
type hardware struct {
	name     string
	memoryMB int64
	cpus     int32
	disks    []disk
	nics     []nic
	vmx      string // "[datastore] folder/name.vmx"
	template bool
}

func (mc *machine) hardware() hardware {
	return look(mc, func(vm *simulator.VirtualMachine) hardware {
		devices := object.VirtualDeviceList(vm.Config.Hardware.Device)
		return hardware{
			name: vm.Name, memoryMB: int64(vm.Config.Hardware.MemoryMB), cpus: vm.Config.Hardware.NumCPU,
			disks: disksOf(devices), nics: nicsOf(devices), vmx: vm.Config.Files.VmPathName, template: vm.Config.Template,
		}
	})
}

// on is the host where the machine is registered.
func (mc *machine) on() host {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return mc.host
}

// running is the machine's process; nil while it is powered off.
func (mc *machine) running() hypervisor.Machine {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return mc.process
}

// processes are the machine's processes and the hosts that they are on: two while it moves.
func (mc *machine) processes() (current, receiving hypervisor.Machine, on, to host) {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return mc.process, mc.receiving, mc.host, mc.receivingHost
}

// spec is the machine for the hypervisor, as it would run on a host.
func (mc *machine) spec(hw hardware, h host) (hypervisor.Spec, *fault.Failure) {
	place := fmt.Sprintf("host%d", h.Number())
	spec := hypervisor.Spec{
		ID: mc.id + "-" + place, Name: hw.name, MemoryMB: int(hw.memoryMB), VCPUs: int(hw.cpus),
		Dir: filepath.Join(mc.m.cfg.Dir, "run", mc.id, place),
	}
	secrets := map[string]bool{}
	for _, d := range hw.disks {
		v, f := d.volume(h)
		if f != nil {
			return spec, f
		}
		if d.bus == "" {
			return spec, notSupported(d.label)
		}
		node, secret, err := v.blockdev(d.path)
		if err != nil {
			return spec, noDisk(d, h, err)
		}
		// QEMU takes a secret once, however many disks use it.
		if secret != nil && secrets[secret.ID] {
			secret = nil
		} else if secret != nil {
			secrets[secret.ID] = true
		}
		spec.Disks = append(spec.Disks, hypervisor.Disk{Bus: d.bus, Unit: d.place(), Blockdev: node, Secret: secret})
	}
	for _, n := range hw.nics {
		if n.model == "" {
			return spec, notSupported(n.label)
		}
		card := hypervisor.NIC{Model: n.model, MAC: n.mac}
		if n.connected {
			card.SocketPath = h.NetworkSocket(n.portgroup)
		}
		spec.NICs = append(spec.NICs, card)
	}
	return spec, nil
}

// notSupported is the fault for a device that nothing here can run.
func notSupported(device string) *fault.Failure {
	return fault.New(&types.DeviceNotSupported{VirtualHardwareCompatibilityIssue: types.VirtualHardwareCompatibilityIssue{}, Device: device},
		"%s is a kind of device that cannot be powered on here", device)
}

// status is the machine as a status page shows it.
func (mc *machine) status() Machine {
	s := look(mc, func(vm *simulator.VirtualMachine) Machine {
		return Machine{Name: vm.Name, State: string(vm.Runtime.PowerState), IP: vm.Guest.IpAddress}
	})
	if h := mc.on(); h != nil {
		s.Host = h.Name()
	}
	return s
}

// powerState is the fault for a machine that is on where it would have to be off, or the other way round.
func powerState(m *machine, wanted, is types.VirtualMachinePowerState) *fault.Failure {
	return fault.New(&types.InvalidPowerState{RequestedState: wanted, ExistingState: is},
		"The attempted operation cannot be performed on %s in the current state (%s); it would have to be %s", m.name(), is, wanted)
}

// settle registers a machine that is powered off on another host.
func (mc *machine) settle(h host) {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	mc.host = h
}

// receive notes the machine's other half, which counts on the host where it is being received.
func (mc *machine) receive(process hypervisor.Machine, at host) {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	mc.receiving, mc.receivingHost = process, at
}

// arrivals is held while a machine is received at the host.
func (m *Manager) arrivals(h host) *sync.Mutex {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.arriving[h.Number()] == nil {
		m.arriving[h.Number()] = &sync.Mutex{}
	}
	return m.arriving[h.Number()]
}
