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

// VM is one virtual machine, however many registries show it.
type VM struct {
	Manager *Manager
	ID      string // letters, digits and dashes

	guest sync.Mutex // held while guest information is looked at and shown
	mu    sync.Mutex
	faces map[*Inventory]Ref // the VirtualMachine objects that show it
	Host  ESXi               // where it is registered
	task  *Ref               // what is being done with it
	// importing is set while its disks are still being uploaded.
	importing bool
	Process   hypervisor.Machine // nil while it is powered off
	// Receiving is the machine's other half while it is on its way to another host.
	Receiving     hypervisor.Machine
	ReceivingHost ESXi
	// ending is set while somebody ends the process on purpose, so that its end is not the guest's doing.
	ending    bool
	addresses map[string]string // what guest information shows: IP by MAC; guarded by guest
	// changed is the registry in which the machine's configuration changed last, until the others show it too.
	changed *Inventory
	// mirroring is the registry that is being made to show it.
	mirroring *Inventory
}

// Machine is the machine behind a VirtualMachine object; nil when it is on a host that is not ours.
func (inv *Inventory) Machine(object Ref) *VM {
	inv.mu.Lock()
	mc := inv.byRef[object]
	inv.mu.Unlock()
	if mc != nil {
		return mc
	}
	where := registry.Read(inv.Registry, object, func(vm *simulator.VirtualMachine) *Ref { return vm.Runtime.Host })
	if where == nil {
		return nil
	}
	h := inv.HostOf(*where)
	if h == nil {
		return nil
	}
	return inv.Manager.register(inv, object, h)
}

// register makes a machine of a VirtualMachine object.
func (m *Manager) register(inv *Inventory, object Ref, h ESXi) *VM {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if mc := inv.byRef[object]; mc != nil {
		return mc
	}
	mc := &VM{Manager: m, ID: uuid.NewString(), faces: map[*Inventory]Ref{inv: object}, Host: h, addresses: map[string]string{}}
	inv.byRef[object] = mc
	m.mu.Lock()
	m.machines[mc.ID] = mc
	m.mu.Unlock()
	return mc
}

// forget takes a machine that is no longer registered off the list.
func (m *Manager) forget(mc *VM) {
	mc.mu.Lock()
	faces := maps.Clone(mc.faces)
	mc.faces = map[*Inventory]Ref{}
	mc.mu.Unlock()
	for inv, object := range faces {
		inv.mu.Lock()
		delete(inv.byRef, object)
		inv.mu.Unlock()
		inv.hide(object)
	}
	m.mu.Lock()
	delete(m.machines, mc.ID)
	m.mu.Unlock()
}

// Begin makes a task the one that is being done with the machine.
func (mc *VM) Begin(task Ref) *fault.Failure {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	if mc.task != nil {
		return fault.New(&types.TaskInProgress{Task: *mc.task}, "Another task is already in progress (%s)", mc.task.Value)
	}
	mc.task = &task
	return nil
}

func (mc *VM) End() {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	mc.task = nil
}

// Shown are the VirtualMachine objects of the machine.
func (mc *VM) Shown() map[*Inventory]Ref {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return maps.Clone(mc.faces)
}

// Face is one of them; vCenter's when there is one.
func (mc *VM) Face() (*Inventory, Ref, bool) {
	var found *Inventory
	faces := mc.Shown()
	for inv := range faces {
		if found == nil || inv.IsVPX() {
			found = inv
		}
	}
	return found, faces[found], found != nil
}

// set changes properties that are the same wherever the machine is shown.
func (mc *VM) set(changes ...registry.Change) {
	for inv, object := range mc.Shown() {
		inv.Set(object, append([]registry.Change(nil), changes...)...)
	}
}

// look reads from one of the machine's objects.
func look[V any](mc *VM, f func(*simulator.VirtualMachine) V) (value V) {
	if inv, object, ok := mc.Face(); ok {
		value = registry.Read(inv.Registry, object, f)
	}
	return value
}

func (mc *VM) Name() string {
	return look(mc, func(vm *simulator.VirtualMachine) string { return vm.Name })
}

func (mc *VM) Power() types.VirtualMachinePowerState {
	return look(mc, func(vm *simulator.VirtualMachine) types.VirtualMachinePowerState { return vm.Runtime.PowerState })
}

// Hardware is what the machine is made of.
type Hardware struct {
	Name     string
	MemoryMB int64
	CPUs     int32
	Disks    []Disk
	Nics     []Nic
	vmx      string // "[datastore] folder/name.vmx"
	Template bool
}

func (mc *VM) Hardware() Hardware {
	return look(mc, func(vm *simulator.VirtualMachine) Hardware {
		devices := object.VirtualDeviceList(vm.Config.Hardware.Device)
		return Hardware{
			Name: vm.Name, MemoryMB: int64(vm.Config.Hardware.MemoryMB), CPUs: vm.Config.Hardware.NumCPU,
			Disks: disksOf(devices), Nics: NicsOf(devices), vmx: vm.Config.Files.VmPathName, Template: vm.Config.Template,
		}
	})
}

// On is the host where the machine is registered.
func (mc *VM) On() ESXi {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return mc.Host
}

// Running is the machine's process; nil while it is powered off.
func (mc *VM) Running() hypervisor.Machine {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return mc.Process
}

// Processes are the machine's processes and the hosts that they are on: two while it moves.
func (mc *VM) Processes() (current, receiving hypervisor.Machine, on, to ESXi) {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return mc.Process, mc.Receiving, mc.Host, mc.ReceivingHost
}

// Spec is the machine for the hypervisor, as it would run on a host.
func (mc *VM) Spec(hw Hardware, h ESXi) (hypervisor.Spec, *fault.Failure) {
	place := fmt.Sprintf("host%d", h.Number())
	spec := hypervisor.Spec{
		ID: mc.ID + "-" + place, Name: hw.Name, MemoryMB: int(hw.MemoryMB), VCPUs: int(hw.CPUs),
		Dir: filepath.Join(mc.Manager.Cfg.Dir, "run", mc.ID, place),
	}
	secrets := map[string]bool{}
	for _, d := range hw.Disks {
		v, f := d.Volume(h)
		if f != nil {
			return spec, f
		}
		if d.bus == "" {
			return spec, notSupported(d.Label)
		}
		node, secret, err := v.Blockdev(d.Path)
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
	for _, n := range hw.Nics {
		if n.model == "" {
			return spec, notSupported(n.label)
		}
		card := hypervisor.NIC{Model: n.model, MAC: n.mac}
		if n.connected {
			card.SocketPath = h.NetworkSocket(n.Portgroup)
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
func (mc *VM) status() Machine {
	s := look(mc, func(vm *simulator.VirtualMachine) Machine {
		return Machine{Name: vm.Name, State: string(vm.Runtime.PowerState), IP: vm.Guest.IpAddress}
	})
	if h := mc.On(); h != nil {
		s.Host = h.Name()
	}
	return s
}

// PowerState is the fault for a machine that is on where it would have to be off, or the other way round.
func PowerState(m *VM, wanted, is types.VirtualMachinePowerState) *fault.Failure {
	return fault.New(&types.InvalidPowerState{RequestedState: wanted, ExistingState: is},
		"The attempted operation cannot be performed on %s in the current state (%s); it would have to be %s", m.Name(), is, wanted)
}

// Settle registers a machine that is powered off on another host.
func (mc *VM) Settle(h ESXi) {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	mc.Host = h
}

// Receive notes the machine's other half, which counts on the host where it is being received.
func (mc *VM) Receive(process hypervisor.Machine, at ESXi) {
	mc.mu.Lock()
	defer mc.mu.Unlock()
	mc.Receiving, mc.ReceivingHost = process, at
}

// Arrivals is held while a machine is received at the host.
func (m *Manager) Arrivals(h ESXi) *sync.Mutex {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.arriving[h.Number()] == nil {
		m.arriving[h.Number()] = &sync.Mutex{}
	}
	return m.arriving[h.Number()]
}
