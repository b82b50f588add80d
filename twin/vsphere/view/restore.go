// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"

	"livelab.dev/twin/vsphere/names"
)

// PrepareFiles makes sure that the files are there that the simulator wants to see of a machine, and that its datastore is.
func (v *View) PrepareFiles(name, vmx string) error {
	var path object.DatastorePath
	if !path.FromString(vmx) {
		return fmt.Errorf("%q is no datastore path", vmx)
	}
	ds := v.mountedNamed(path.Datastore)
	if ds == nil {
		return fmt.Errorf("%q: %w", path.Datastore, ErrNoDatastore)
	}
	dir := filepath.Join(ds.Summary.Url, filepath.Dir(path.Path))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{filepath.Base(path.Path), name + ".nvram", "vmware.log"} {
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
func (v *View) mountedNamed(name string) *simulator.Datastore {
	for _, ref := range v.Reg.List(v.System.Self, "datastore") {
		if ds, ok := v.Reg.Get(ref).(*simulator.Datastore); ok && names.Same(v.Reg.NameOf(ref), name) {
			return ds
		}
	}
	return nil
}

// RootPool is the resource pool of the host's ComputeResource or cluster.
func (v *View) RootPool() types.ManagedObjectReference {
	switch parent := v.Reg.Get(*v.System.Parent).(type) {
	case *mo.ComputeResource:
		return *parent.ResourcePool
	case *simulator.ClusterComputeResource:
		return *parent.ResourcePool
	}
	return types.ManagedObjectReference{}
}

// ReconnectDevices gives a machine its configuration back. The objects that its devices refer to have other references in a new
// inventory; they are found again by name.
func (v *View) ReconnectDevices(vm *simulator.VirtualMachine, config *types.VirtualMachineConfigInfo) {
	var networks, datastores []types.ManagedObjectReference
	for _, device := range config.Hardware.Device {
		switch backing := device.GetVirtualDevice().Backing.(type) {
		case *types.VirtualEthernetCardNetworkBackingInfo:
			backing.Network = nil
			if network := v.networkNamed(backing.DeviceName); network != nil {
				backing.Network = network
				if !slices.Contains(networks, *network) {
					networks = append(networks, *network)
				}
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
	v.Reg.Change(vm, registry.Change{Name: "name", Val: config.Name}, registry.Change{Name: "config", Val: *config}, registry.Change{Name: "network", Val: networks})
	v.summarize(vm, config)
	for _, ref := range datastores {
		v.Reg.AddTo(vm.Self, "datastore", ref)
		v.Reg.AddTo(ref, "vm", vm.Self)
	}
	for _, ref := range networks {
		v.Reg.AddTo(ref, "vm", vm.Self)
	}
}

// summarize puts into a machine's summary what it has from its configuration.
func (v *View) summarize(vm *simulator.VirtualMachine, config *types.VirtualMachineConfigInfo) {
	var summary types.VirtualMachineConfigSummary
	v.Reg.WithLock(v.Reg.Context(), vm.Self, func() { summary = vm.Summary.Config })
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
	v.Reg.Change(vm, registry.Change{Name: "summary.config", Val: summary})
}

// networkNamed is the Network of a name that the host is in, nil for none.
func (v *View) networkNamed(name string) *types.ManagedObjectReference {
	for _, ref := range v.networks() {
		if names.Same(v.Reg.NameOf(ref), name) {
			return &ref
		}
	}
	return nil
}

// ErrNoDatastore says that a machine's datastore is not there (yet).
var ErrNoDatastore = errors.New("its datastore is not there")
