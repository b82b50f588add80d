// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"bytes"
	"os"
	"path"
	"path/filepath"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"

	"livelab.dev/twin/vsphere/names"
)

// A machine that is unregistered leaves its configuration in its .vmx, as JSON of the API's VirtualMachineConfigInfo. Registering the
// .vmx brings the machine back as it was.

// writeVMX leaves the machine's configuration in its .vmx.
func (inv *Inventory) writeVMX(at, host Ref) *fault.Failure {
	config := registry.Read(inv.Registry, at, func(vm *simulator.VirtualMachine) *types.VirtualMachineConfigInfo { return CopyOf(vm.Config) })
	file, f := inv.vmxFile(config.Files.VmPathName, host)
	if f != nil {
		return f
	}
	var data bytes.Buffer
	if err := types.NewJSONEncoder(&data).Encode(config); err != nil {
		return fault.System("%v", err)
	}
	if err := os.WriteFile(file, data.Bytes(), 0o600); err != nil {
		return fault.System("%v", err)
	}
	return nil
}

// readVMX is the configuration in a .vmx.
func (inv *Inventory) readVMX(vmx string, host Ref) (*types.VirtualMachineConfigInfo, *fault.Failure) {
	file, f := inv.vmxFile(vmx, host)
	if f != nil {
		return nil, f
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(&types.NotFound{}, "File %s was not found", vmx)
	}
	var config types.VirtualMachineConfigInfo
	if err := types.NewJSONDecoder(bytes.NewReader(data)).Decode(&config); err != nil {
		return nil, fault.New(&types.InvalidVmConfig{Property: "path"}, "%s is not the configuration of a machine that was registered here", vmx)
	}
	return &config, nil
}

// vmxFile is where the simulator keeps a .vmx.
func (inv *Inventory) vmxFile(vmx string, host Ref) (string, *fault.Failure) {
	var at object.DatastorePath
	if !at.FromString(vmx) || path.Ext(at.Path) != ".vmx" {
		return "", fault.New(&types.InvalidDatastorePath{DatastorePath: vmx}, "%q is not the path of a .vmx, such as [datastore1] web/web.vmx", vmx)
	}
	return inv.localFile(host, Disk{Datastore: at.Datastore, Path: at.Path})
}

// RegisterIn brings back a machine that was unregistered.
func (inv *Inventory) RegisterIn(at Ref, j *registry.Job, req *types.RegisterVM_Task) (types.AnyType, *fault.Failure) {
	if req.AsTemplate || req.Pool == nil {
		return nil, fault.Invalid("pool", "machines are registered in a resource pool, not as templates")
	}
	name := req.Name
	if name == "" {
		var vmx object.DatastorePath
		vmx.FromString(req.Path)
		name = path.Base(path.Dir(vmx.Path))
	}
	p, f := inv.PlaceFor(at, *req.Pool, req.Host, &types.VirtualMachineConfigSpec{
		Name: name, Files: &types.VirtualMachineFileInfo{VmPathName: req.Path},
	})
	if f != nil {
		return nil, f
	}
	config, f := inv.readVMX(req.Path, p.host)
	if f != nil {
		return nil, f
	}
	if other, ok := inv.registered(req.Path); ok {
		return nil, fault.New(&types.AlreadyExists{Name: inv.NameOf(other)}, "%s is registered already", req.Path)
	}
	folder, ok := registry.Get[*simulator.Folder](inv.Registry, at)
	if !ok {
		return nil, fault.Gone(at)
	}
	config.Name = names.Escape(name)
	return inv.revive(j, folder, p, req.Path, config)
}

// registered is the machine that has a .vmx.
func (inv *Inventory) registered(vmx string) (Ref, bool) {
	for _, entity := range inv.All("VirtualMachine") {
		at := entity.Reference()
		if vmx == registry.Read(inv.Registry, at, func(vm *simulator.VirtualMachine) string { return vm.Config.Files.VmPathName }) {
			return at, true
		}
	}
	return Ref{}, false
}

// revive makes the object of a machine that has a configuration.
func (inv *Inventory) revive(j *registry.Job, folder *simulator.Folder, p *Place, vmx string, config *types.VirtualMachineConfigInfo) (types.AnyType, *fault.Failure) {
	inv.Manager.aligning.Lock()
	defer inv.Manager.aligning.Unlock()
	if f := inv.completeFiles(vmx, names.File(config.Name), p.host); f != nil {
		return nil, f
	}
	result, f := inv.Do(j.User, func(ctx *simulator.Context) (Ref, *soap.Fault) {
		body := folder.RegisterVMTask(ctx, &types.RegisterVM_Task{This: p.folder, Path: vmx, Name: names.File(config.Name), Pool: &p.pool, Host: &p.host})
		return body.(*methods.RegisterVM_TaskBody).Res.Returnval, nil
	})
	if f != nil {
		return nil, f
	}
	at := result.(Ref)
	mc := inv.Manager.register(inv, at, p.H)
	datastores, networks := inv.translate(config, p.host)
	summary := registry.Read(inv.Registry, at, func(vm *simulator.VirtualMachine) types.VirtualMachineConfigSummary { return vm.Summary.Config })
	summarize(&summary, config)
	inv.Set(at,
		registry.Change{Name: "name", Val: config.Name}, registry.Change{Name: "config", Val: *config},
		registry.Change{Name: "summary.config", Val: summary},
		registry.Change{Name: "datastore", Val: datastores}, registry.Change{Name: "network", Val: networks})
	for _, datastore := range datastores {
		inv.AddTo(datastore, "vm", at)
	}
	inv.followNetworks(at)
	inv.showStorage(at, mc)
	mc.clearGuest()
	return at, nil
}

// completeFiles makes the files beside a .vmx that the simulator wants to see: they are called after the machine's name, which may be
// a new one.
func (inv *Inventory) completeFiles(vmx, name string, host Ref) *fault.Failure {
	file, f := inv.vmxFile(vmx, host)
	if f != nil {
		return f
	}
	for _, beside := range []string{name + ".nvram", "vmware.log"} {
		out, err := os.OpenFile(filepath.Join(filepath.Dir(file), beside), os.O_CREATE, 0o600)
		if err == nil {
			err = out.Close()
		}
		if err != nil {
			return fault.System("%v", err)
		}
	}
	return nil
}

// summarize puts into a summary what it has from the configuration.
func summarize(summary *types.VirtualMachineConfigSummary, config *types.VirtualMachineConfigInfo) {
	summary.Name, summary.VmPathName = config.Name, config.Files.VmPathName
	summary.MemorySizeMB, summary.NumCpu = config.Hardware.MemoryMB, config.Hardware.NumCPU
	summary.Uuid, summary.InstanceUuid = config.Uuid, config.InstanceUuid
	summary.GuestId, summary.GuestFullName, summary.HwVersion = config.GuestId, config.GuestFullName, config.Version
	summary.Annotation, summary.Template = config.Annotation, config.Template
	devices := object.VirtualDeviceList(config.Hardware.Device)
	summary.NumVirtualDisks, summary.NumEthernetCards = int32(len(disksOf(devices))), int32(len(NicsOf(devices)))
}
