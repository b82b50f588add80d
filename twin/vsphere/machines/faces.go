// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
)

// A machine is shown by every registry that shows its host: vCenter's, and the host's own. It is made in one of them; the functions
// here keep the others like it. They work on what the API has, by name: a host's references differ from vCenter's.

// Align makes every registry show the machines that are on its hosts, and no others.
func (m *Manager) Align() {
	m.aligning.Lock()
	defer m.aligning.Unlock()
	for _, inv := range m.Attached() {
		for _, entity := range inv.All("VirtualMachine") {
			inv.Machine(entity.Reference())
		}
	}
	for _, mc := range m.All() {
		mc.align()
	}
}

func (mc *VM) align() {
	mc.mu.Lock()
	h, importing, changed := mc.Host, mc.importing, mc.changed
	mc.changed = nil
	mc.mu.Unlock()
	if h == nil || importing {
		return
	}
	for _, inv := range mc.Manager.Attached() {
		at, shown := mc.Shown()[inv]
		if shown && inv.Get(at) == nil {
			mc.lose(inv, at)
			shown = false
		}
		where, here := inv.hostRef(h)
		if here && inv.IsVPX() && !h.Connected() {
			continue // vCenter keeps what it last knew.
		}
		switch {
		case here && !shown:
			mc.showIn(inv, where)
		case !here && shown && len(mc.Shown()) > 1:
			mc.lose(inv, at)
			inv.hide(at)
		case here && changed != nil && changed != inv:
			mc.mirror(changed, inv, where)
		}
	}
	if len(mc.Shown()) == 0 {
		mc.vanish()
	}
}

// vanish ends a machine that no registry shows any more: its host was taken out of the inventory.
func (mc *VM) vanish() {
	process := mc.Running()
	mc.Manager.forget(mc)
	if process != nil {
		if err := process.PowerOff(mc.Manager.Ctx); err != nil {
			mc.Manager.Cfg.Logf("machines: %v", err)
		}
	}
}

// lose forgets that a registry shows the machine.
func (mc *VM) lose(inv *Inventory, at Ref) {
	mc.mu.Lock()
	delete(mc.faces, inv)
	mc.mu.Unlock()
	inv.mu.Lock()
	delete(inv.byRef, at)
	inv.mu.Unlock()
}

// hide takes a machine's object out of a registry.
func (inv *Inventory) hide(at Ref) {
	if inv.Get(at) == nil {
		return
	}
	owners := map[Ref]string{}
	for _, property := range []string{"datastore", "network"} {
		for _, owner := range inv.List(at, property) {
			owners[owner] = "vm"
		}
	}
	placed := registry.Read(inv.Registry, at, func(vm *simulator.VirtualMachine) [3]*Ref {
		return [3]*Ref{vm.Runtime.Host, vm.ResourcePool, vm.Parent}
	})
	for i, property := range []string{"vm", "vm", "childEntity"} {
		if owner := placed[i]; owner != nil {
			owners[*owner] = property
		}
	}
	for owner, property := range owners {
		inv.RemoveFrom(owner, property, at)
	}
	inv.Remove(inv.ContextOf(""), at)
}

// showIn makes an object for the machine in a registry that shows its host.
func (mc *VM) showIn(inv *Inventory, where Ref) {
	from, original, ok := mc.Face()
	if !ok {
		return
	}
	folder, pool, ok := inv.homeOf(where)
	if !ok {
		return
	}
	copied := portrait(from, original)
	vm := &simulator.VirtualMachine{VirtualMachine: copied.vm, DataSets: map[string]*simulator.DataSet{}}
	inv.NewEntity(vm)
	vm.Parent, vm.ResourcePool = &folder, &pool
	vm.Runtime.Host, vm.Summary.Runtime.Host, vm.Summary.Vm = &where, &where, &vm.Self
	vm.Datastore, vm.Network = inv.translate(vm.Config, where)
	vm.Storage = &types.VirtualMachineStorageInfo{Timestamp: time.Now()}
	if len(vm.Datastore) == 0 {
		return // The host has not found the datastore yet.
	}
	if compute, ok := inv.Compute(where); ok {
		if browser := inv.EnvironmentBrowser(compute); browser != nil {
			vm.EnvironmentBrowser = *browser
		}
	}
	mc.mu.Lock()
	mc.faces[inv] = vm.Self
	mc.mu.Unlock()
	inv.mu.Lock()
	inv.byRef[vm.Self] = mc
	inv.mu.Unlock()
	// A view that is told of a new object looks for it in its folder.
	inv.AddTo(folder, "childEntity", vm.Self)
	inv.Put(vm)
	for _, owner := range append(slices.Concat(vm.Datastore, vm.Network), where, pool) {
		inv.AddTo(owner, "vm", vm.Self)
	}
}

// homeOf is where a machine goes that nobody has put anywhere: the datacenter's folder of machines and the host's root pool.
func (inv *Inventory) homeOf(where Ref) (folder, pool Ref, ok bool) {
	dc, ok := inv.Above(where, "Datacenter")
	if !ok {
		return folder, pool, false
	}
	folder = registry.Read(inv.Registry, dc, func(dc *simulator.Datacenter) Ref { return dc.VmFolder })
	compute, ok := inv.Compute(where)
	if !ok {
		return folder, pool, false
	}
	pool, ok = inv.RootPool(compute)
	return folder, pool, ok
}

// picture is a copy of a machine's object without what is the registry's own.
type picture struct{ vm mo.VirtualMachine }

func portrait(inv *Inventory, at Ref) picture {
	return registry.Read(inv.Registry, at, func(original *simulator.VirtualMachine) picture {
		var p picture
		p.vm.Name = original.Name
		p.vm.Config = CopyOf(original.Config)
		p.vm.Capability = original.Capability
		p.vm.Layout, p.vm.LayoutEx = CopyOf(original.Layout), CopyOf(original.LayoutEx)
		p.vm.Guest = CopyOf(original.Guest)
		p.vm.GuestHeartbeatStatus = original.GuestHeartbeatStatus
		p.vm.Runtime = CopyOf(original.Runtime)
		p.vm.Summary = CopyOf(original.Summary)
		p.vm.DisabledMethod = slices.Clone(original.DisabledMethod)
		return p
	})
}

// translate gives the devices of a configuration the references of this registry, and lists what they refer to.
func (inv *Inventory) translate(config *types.VirtualMachineConfigInfo, where Ref) (datastores, networks []Ref) {
	note := func(list *[]Ref, found Ref) *Ref {
		if !slices.Contains(*list, found) {
			*list = append(*list, found)
		}
		return &found
	}
	var home object.DatastorePath
	if home.FromString(config.Files.VmPathName) {
		if found, ok := inv.named(where, "datastore", home.Datastore); ok {
			note(&datastores, found)
		}
	}
	for _, device := range config.Hardware.Device {
		switch backing := device.GetVirtualDevice().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			backing.Network = nil
			if found, ok := inv.named(where, "network", backing.DeviceName); ok {
				backing.Network = note(&networks, found)
			}
		case types.BaseVirtualDeviceFileBackingInfo:
			file := backing.GetVirtualDeviceFileBackingInfo()
			file.Datastore = nil
			var path object.DatastorePath
			if path.FromString(file.FileName) {
				if found, ok := inv.named(where, "datastore", path.Datastore); ok {
					file.Datastore = note(&datastores, found)
				}
			}
		}
	}
	return datastores, networks
}

// mirror shows in one registry what has changed about the machine in another.
func (mc *VM) mirror(from, to *Inventory, where Ref) {
	shown := mc.Shown()
	source, ok := shown[from]
	if !ok || from.Get(source) == nil {
		return
	}
	p := portrait(from, source)
	datastores, networks := to.translate(p.vm.Config, where)
	mc.mu.Lock()
	mc.mirroring = to
	mc.mu.Unlock()
	to.Set(shown[to],
		registry.Change{Name: "name", Val: p.vm.Name},
		registry.Change{Name: "config", Val: *p.vm.Config},
		registry.Change{Name: "summary.config", Val: p.vm.Summary.Config},
		registry.Change{Name: "datastore", Val: datastores},
		registry.Change{Name: "network", Val: networks})
	mc.mu.Lock()
	mc.mirroring = nil
	mc.mu.Unlock()
	to.followNetworks(shown[to])
}

// mirrored are the properties that are kept the same; what belongs to power and guest is set everywhere at once.
var mirrored = []string{"name", "config", "summary.config", "network", "datastore"}

// watcher notes changes of machines. It implements simulator.RegisterObject.
type watcher struct {
	Self Ref
	inv  *Inventory
}

func (w *watcher) Reference() Ref                           { return w.Self }
func (*watcher) PutObject(*simulator.Context, mo.Reference) {}
func (*watcher) RemoveObject(*simulator.Context, Ref)       {}
func (w *watcher) UpdateObject(_ *simulator.Context, object mo.Reference, changes []registry.Change) {
	at := object.Reference()
	if at.Type != "VirtualMachine" || !slices.ContainsFunc(changes, isMirrored) {
		return
	}
	w.inv.mu.Lock()
	mc := w.inv.byRef[at]
	w.inv.mu.Unlock()
	if mc == nil {
		return
	}
	mc.mu.Lock()
	defer mc.mu.Unlock()
	if mc.mirroring != w.inv {
		mc.changed = w.inv
	}
}

func isMirrored(c registry.Change) bool {
	return slices.ContainsFunc(mirrored, func(property string) bool {
		return c.Name == property || (strings.HasPrefix(c.Name, property+".") && c.Name != "config.hardware.device")
	})
}
