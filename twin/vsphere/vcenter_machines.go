// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// savedMachine is a virtual machine as it is kept on disk. It comes back powered off, as after a power cut.
type savedMachine struct {
	// Parent is its folder, as in savedEntry.
	Parent string
	Name   string
	// Number is that of the host it is on.
	Number int
	Config types.VirtualMachineConfigInfo
}

// collectMachines adds the machines in the inventory, and those that wait for their datastore. One whose disks are still being
// uploaded is left out: without its client, its import will not go on.
func (vc *vcenter) collectMachines(saved *savedInventory) {
	for _, entity := range vc.registry.All("VirtualMachine") {
		if machine, ok := vc.collectMachine(entity); ok {
			saved.Machines = append(saved.Machines, machine)
		}
	}
	saved.Machines = append(saved.Machines, vc.waiting...)
}

func (vc *vcenter) collectMachine(entity mo.Entity) (saved savedMachine, ok bool) {
	vm, isMachine := entity.(*simulator.VirtualMachine)
	if !isMachine {
		return saved, false
	}
	var host, parent *types.ManagedObjectReference
	vc.registry.WithLock(vc.registry.context(), vm.Reference(), func() {
		if vm.Config == nil || len(vm.DisabledMethod) > 0 {
			return
		}
		host, parent = vm.Runtime.Host, vm.Parent
		saved = savedMachine{Name: vm.Name, Config: *vm.Config}
	})
	if host == nil || parent == nil {
		return saved, false
	}
	v := vc.viewAt(*host)
	if v == nil {
		return saved, false
	}
	saved.Number, saved.Parent = v.host.cfg.Number, vc.pathOf(*parent)
	return saved, true
}

// pathOf is a folder's path, as find takes it.
func (vc *vcenter) pathOf(ref types.ManagedObjectReference) string {
	path := ""
	for ref != vc.root() {
		entity, ok := vc.registry.Get(ref).(mo.Entity)
		if !ok || entity.Entity().Parent == nil {
			break
		}
		path = "/" + vc.registry.nameOf(ref) + path
		ref = *entity.Entity().Parent
	}
	return path
}

// restoreMachines brings back the machines that wait, as far as their datastores are there.
func (vc *vcenter) restoreMachines() {
	vc.saving.Lock()
	defer vc.saving.Unlock()
	var waiting []savedMachine
	for _, saved := range vc.waiting {
		switch err := vc.restoreMachine(saved); {
		case errors.Is(err, errNoDatastore):
			waiting = append(waiting, saved)
		case err != nil:
			vc.server.logf("vcenter: the virtual machine %s/%s does not come back: %v", saved.Parent, saved.Name, err)
		}
	}
	vc.waiting = waiting
}

// errNoDatastore says that a machine's datastore is not there (yet).
var errNoDatastore = errors.New("its datastore is not there")

func (vc *vcenter) restoreMachine(saved savedMachine) error {
	v := vc.viewNumbered(saved.Number)
	if v == nil {
		return fmt.Errorf("its host %d is not in the inventory", saved.Number)
	}
	if err := v.prepareFiles(saved); err != nil {
		return err
	}
	folder, ok := vc.find(saved.Parent)
	if !ok || folder.Type != "Folder" {
		return fmt.Errorf("its folder %s is not there", saved.Parent)
	}
	host, pool := v.system.Self, v.rootPool()
	body := vc.registry.Get(folder).(*simulator.Folder).RegisterVMTask(vc.registry.context(), &types.RegisterVM_Task{
		This: folder, Path: saved.Config.Files.VmPathName, Name: saved.Name, Pool: &pool, Host: &host,
	}).(*methods.RegisterVM_TaskBody)
	task := vc.registry.Get(body.Res.Returnval).(*simulator.Task)
	task.Wait()
	if task.Info.Error != nil {
		return soap.WrapVimFault(task.Info.Error.Fault)
	}
	vm := vc.registry.Get(task.Info.Result.(types.ManagedObjectReference)).(*simulator.VirtualMachine)
	v.reconnectDevices(vm, &saved.Config)
	vc.introduce(vm.Self)
	return nil
}

func (vc *vcenter) viewNumbered(number int) *view {
	for _, h := range vc.server.hosts {
		if h.cfg.Number == number {
			return vc.viewOf(h)
		}
	}
	return nil
}

// prepareFiles makes sure that the files are there that the simulator wants to see of a machine, and that its datastore is.
func (v *view) prepareFiles(saved savedMachine) error {
	var path object.DatastorePath
	if !path.FromString(saved.Config.Files.VmPathName) {
		return fmt.Errorf("%q is no datastore path", saved.Config.Files.VmPathName)
	}
	ds := v.mountedNamed(path.Datastore)
	if ds == nil {
		return fmt.Errorf("%q: %w", path.Datastore, errNoDatastore)
	}
	dir := filepath.Join(ds.Summary.Url, filepath.Dir(path.Path))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{filepath.Base(path.Path), saved.Name + ".nvram", "vmware.log"} {
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			err = file.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// mountedNamed is the Datastore of a name that the host has mounted, nil for none.
func (v *view) mountedNamed(name string) *simulator.Datastore {
	for _, ref := range v.reg.list(v.system.Self, "datastore") {
		if ds, ok := v.reg.Get(ref).(*simulator.Datastore); ok && v.reg.nameOf(ref) == name {
			return ds
		}
	}
	return nil
}

// rootPool is the resource pool of the host's ComputeResource or cluster.
func (v *view) rootPool() types.ManagedObjectReference {
	switch parent := v.reg.Get(*v.system.Parent).(type) {
	case *mo.ComputeResource:
		return *parent.ResourcePool
	case *simulator.ClusterComputeResource:
		return *parent.ResourcePool
	}
	return types.ManagedObjectReference{}
}

// reconnectDevices gives a machine its configuration back. The objects that its devices refer to have other references in a new
// inventory; they are found again by name.
func (v *view) reconnectDevices(vm *simulator.VirtualMachine, config *types.VirtualMachineConfigInfo) {
	var networks, datastores []types.ManagedObjectReference
	for _, device := range config.Hardware.Device {
		switch backing := device.GetVirtualDevice().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			backing.Network = nil
			if network := v.networkNamed(backing.DeviceName); network != nil {
				backing.Network = network
				networks = append(networks, *network)
			}
		case *types.VirtualDiskFlatVer2BackingInfo:
			backing.Datastore = nil
			var path object.DatastorePath
			if path.FromString(backing.FileName) {
				if ds := v.mountedNamed(path.Datastore); ds != nil {
					self := ds.Self
					backing.Datastore = &self
					datastores = append(datastores, self)
				}
			}
		}
	}
	v.reg.update(vm, change{Name: "config", Val: *config}, change{Name: "network", Val: networks})
	v.summarize(vm, config)
	for _, ref := range datastores {
		v.reg.addTo(vm.Self, "datastore", ref)
		v.reg.addTo(ref, "vm", vm.Self)
	}
	for _, ref := range networks {
		v.reg.addTo(ref, "vm", vm.Self)
	}
}

// summarize puts into a machine's summary what it has from its configuration.
func (v *view) summarize(vm *simulator.VirtualMachine, config *types.VirtualMachineConfigInfo) {
	var summary types.VirtualMachineConfigSummary
	v.reg.WithLock(v.reg.context(), vm.Self, func() { summary = vm.Summary.Config })
	summary.Name, summary.VmPathName = config.Name, config.Files.VmPathName
	summary.MemorySizeMB, summary.NumCpu = config.Hardware.MemoryMB, config.Hardware.NumCPU
	summary.Uuid, summary.InstanceUuid = config.Uuid, config.InstanceUuid
	summary.GuestId, summary.GuestFullName = config.GuestId, config.GuestFullName
	summary.Annotation, summary.Template, summary.HwVersion = config.Annotation, config.Template, config.Version
	summary.NumEthernetCards, summary.NumVirtualDisks = 0, 0
	for _, device := range config.Hardware.Device {
		switch device.(type) {
		case types.BaseVirtualEthernetCard:
			summary.NumEthernetCards++
		case *types.VirtualDisk:
			summary.NumVirtualDisks++
		}
	}
	v.reg.update(vm, change{Name: "summary.config", Val: summary})
}

// networkNamed is the Network of a name that the host is in, nil for none.
func (v *view) networkNamed(name string) *types.ManagedObjectReference {
	for _, ref := range v.networks() {
		if v.reg.nameOf(ref) == name {
			return &ref
		}
	}
	return nil
}

// introduce makes a machine known to the one who runs them: he gets to know a machine by the first call that is about it.
func (vc *vcenter) introduce(ref types.ManagedObjectReference) {
	_, _ = vc.registry.Handler(vc.registry.context(), &simulator.Method{Name: "PowerOnVM_Task", This: ref})
}
