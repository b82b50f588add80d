// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vmdk"

	"livelab.dev/twin/vmfs"

	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"

	"livelab.dev/twin/vsphere/names"
)

// Created is a machine that was just made.
type Created struct {
	Mc     *VM
	Object Ref
}

// Create makes a machine where placeFor found room for it. An importing machine's disks get their room when their content comes.
func (inv *Inventory) Create(j *registry.Job, p *Place, config *types.VirtualMachineConfigSpec, importing bool) (*Created, *fault.Failure) {
	if f := inv.prepareDisks(p, config.DeviceChange); f != nil {
		return nil, f
	}
	if err := inv.clearDirectory(p); err != nil {
		return nil, fault.System("%v", err)
	}
	folder, ok := registry.Get[*simulator.Folder](inv.Registry, p.folder)
	if !ok {
		return nil, fault.Gone(p.folder)
	}
	c, f := inv.createObject(j, folder, p, config, importing)
	if f != nil {
		return nil, f
	}
	inv.followNetworks(c.Object)
	c.Mc.clearGuest()
	if !importing {
		if f := inv.Allocate(j.Ctx, c.Mc, c.Object, p.H); f != nil {
			_ = inv.Discard(j.User, c.Mc, c.Object) // What is told is why it could not be made.
			return nil, f
		}
		inv.Manager.Align()
	}
	return c, nil
}

// createObject has the simulator make the object. No registry shows it to others before it is whole.
func (inv *Inventory) createObject(j *registry.Job, folder *simulator.Folder, p *Place, config *types.VirtualMachineConfigSpec, importing bool,
) (*Created, *fault.Failure) {
	inv.Manager.aligning.Lock()
	defer inv.Manager.aligning.Unlock()
	asked := *config
	asked.Name = names.File(config.Name) // The simulator confuses the devices of a machine whose name it has to escape.
	result, f := inv.Do(j.User, func(ctx *simulator.Context) (Ref, *soap.Fault) {
		body := folder.CreateVMTask(ctx, &types.CreateVM_Task{This: p.folder, Config: asked, Pool: p.pool, Host: &p.host})
		return body.(*methods.CreateVM_TaskBody).Res.Returnval, nil
	})
	if f != nil {
		return nil, f
	}
	c := &Created{Object: result.(Ref)}
	inv.setName(c.Object, config.Name)
	c.Mc = inv.Manager.register(inv, c.Object, p.H)
	if importing {
		c.Mc.Block(true)
	}
	return c, nil
}

// setName gives a machine its name in all places that have it.
func (inv *Inventory) setName(at Ref, name string) {
	inv.Set(at,
		registry.Change{Name: "name", Val: name}, registry.Change{Name: "config.name", Val: name},
		registry.Change{Name: "summary.config.name", Val: name})
}

// prepareDisks examines the disks that a machine is to get, and lets the simulator see those that are on the volume already: it
// looks for a descriptor in a directory of its own.
func (inv *Inventory) prepareDisks(p *Place, changes []types.BaseVirtualDeviceConfigSpec) *fault.Failure {
	for _, c := range changes {
		spec := c.GetVirtualDeviceConfigSpec()
		d, ok := spec.Device.(*types.VirtualDisk)
		if !ok || spec.Operation != types.VirtualDeviceConfigSpecOperationAdd {
			continue
		}
		found, ok := DiskOf(nil, d)
		if !ok || found.Path == "" || strings.HasSuffix(found.Path, "/") {
			continue // The simulator finds a free name in the machine's directory.
		}
		v, f := found.Volume(p.H)
		if f != nil {
			return f
		}
		local, f := inv.localFile(p.host, found)
		if f != nil {
			return f
		}
		size, exists := v.Size(found.Path)
		switch {
		case spec.FileOperation == "" && !exists:
			return fault.New(&types.FileNotFound{FileFault: types.FileFault{File: found.File}}, "File %s was not found", found.File)
		case spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationCreate && exists:
			return fault.New(&types.FileAlreadyExists{FileFault: types.FileFault{File: found.File}}, "The file %s already exists", found.File)
		case spec.FileOperation == "":
			d.CapacityInBytes, d.CapacityInKB = size, size>>10
			if err := writeDescriptor(local, size); err != nil {
				return fault.System("%v", err)
			}
		default:
			_ = os.Remove(local) // Of a disk that is no longer there.
		}
	}
	return nil
}

// localFile is where the simulator keeps its idea of a file.
func (inv *Inventory) localFile(host Ref, d Disk) (string, *fault.Failure) {
	datastore, ok := inv.named(host, "datastore", d.Datastore)
	if !ok {
		return "", fault.New(&types.InvalidDatastore{Name: d.Datastore}, "The datastore %s is not on the host %s", d.Datastore, inv.NameOf(host))
	}
	directory := registry.Read(inv.Registry, datastore, func(ds *simulator.Datastore) string { return ds.Summary.Url })
	return filepath.Join(directory, filepath.FromSlash(path.Clean("/"+d.Path))), nil
}

// clearDirectory removes what is left of a machine that had the same directory: the volume has no disk in it any more.
func (inv *Inventory) clearDirectory(p *Place) error {
	local, f := inv.localFile(p.host, Disk{Datastore: p.DatastoreName, Path: p.Directory})
	if f != nil {
		return f
	}
	for _, entity := range inv.All("VirtualMachine") {
		vmx := registry.Read(inv.Registry, entity.Reference(), func(vm *simulator.VirtualMachine) string { return vm.Config.Files.VmPathName })
		var used object.DatastorePath
		if used.FromString(vmx) && used.Datastore == p.DatastoreName && path.Dir(used.Path) == p.Directory {
			return nil
		}
	}
	files, err := filepath.Glob(filepath.Join(local, "*"))
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && filepath.Ext(file) == ".vmx" && info.Size() > 0 {
			return nil // A machine that was unregistered, and can be registered again.
		}
	}
	for _, file := range files {
		// Descriptors of disks that are to be attached were just written.
		if filepath.Ext(file) != ".vmdk" {
			err = errors.Join(err, os.RemoveAll(file))
		}
	}
	if len(files) == 0 {
		_ = os.Remove(local)
	}
	return err
}

// directoryOf is the directory that a machine gets: that of its .vmx, or one of its own name.
func directoryOf(vmx, name string) string {
	switch {
	case vmx == "":
		return name
	case path.Ext(vmx) == ".vmx":
		return path.Dir(vmx)
	}
	return path.Clean(vmx)
}

// writeDescriptor writes the text file that describes a disk.
func writeDescriptor(file string, size int64) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	extent := vmdk.Extent{Info: filepath.Base(simulator.VirtualDiskBackingFileName(file)), Size: size / vmdk.SectorSize}
	return errors.Join(vmdk.NewDescriptor(extent).Write(out), out.Close())
}

// Allocate gives the machine's disks that have no room yet theirs, filled with zeros. When one does not get it, none keeps it.
func (inv *Inventory) Allocate(ctx context.Context, mc *VM, object Ref, h ESXi) *fault.Failure {
	var made []Disk
	for _, d := range mc.Hardware().Disks {
		v, f := d.Volume(h)
		if f == nil {
			if _, ok := v.Size(d.Path); ok {
				continue
			}
			f = d.StorageFault(v.Allocate(ctx, d.Path, d.Bytes))
		}
		if f != nil {
			_ = inv.Manager.Free(made, h) // What is told is why the room was not there.
			return f
		}
		made = append(made, d)
		inv.Manager.FreeSpace(v, d.Datastore)
	}
	inv.showStorage(object, mc)
	return nil
}

// StorageFault is the fault for a disk that a volume did not take.
func (d Disk) StorageFault(err error) *fault.Failure {
	file := types.FileFault{File: d.File}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, vmfs.ErrNoSpace):
		return fault.New(&types.NoDiskSpace{FileFault: file, Datastore: d.Datastore}, "Insufficient disk space on datastore %s: %v", d.Datastore, err)
	case errors.Is(err, fs.ErrExist):
		return fault.New(&types.FileAlreadyExists{FileFault: file}, "The file %s already exists", d.File)
	}
	return fault.New(&types.CannotCreateFile{FileFault: file}, "Cannot create file %s: %v", d.File, err)
}

// Free removes disks, as far as it can.
func (m *Manager) Free(disks []Disk, h ESXi) *fault.Failure {
	var first *fault.Failure
	for _, d := range disks {
		v, f := d.Volume(h)
		if f == nil {
			if err := v.Remove(context.WithoutCancel(m.Ctx), d.Path); err != nil {
				f = fault.New(&types.CannotDeleteFile{FileFault: types.FileFault{File: d.File}}, "Cannot delete file %s: %v", d.File, err)
			}
			m.FreeSpace(v, d.Datastore)
		}
		if f != nil && first == nil {
			first = f
		}
	}
	return first
}

// followNetworks makes the lists of machines of the networks right for one machine, and its own list of networks: the simulator
// lists a network as often as there are adapters on it.
func (inv *Inventory) followNetworks(object Ref) {
	used := map[Ref]bool{}
	var once []Ref
	listed := inv.List(object, "network")
	for _, network := range listed {
		if !used[network] {
			once = append(once, network)
		}
		used[network] = true
	}
	if len(once) < len(listed) {
		inv.SetList(object, "network", once)
	}
	for _, kind := range []string{"Network", "DistributedVirtualPortgroup"} {
		for _, entity := range inv.All(kind) {
			if network := entity.Reference(); used[network] {
				inv.AddTo(network, "vm", object)
			} else {
				inv.RemoveFrom(network, "vm", object)
			}
		}
	}
}

// CreateIn makes a machine in a folder. Its new disks get their room on the datastore at once; those it is given must be there.
func (inv *Inventory) CreateIn(folder, pool Ref, host *Ref, config *types.VirtualMachineConfigSpec, j *registry.Job) (types.AnyType, *fault.Failure) {
	p, f := inv.PlaceFor(folder, pool, host, config)
	if f != nil {
		return nil, f
	}
	created, f := inv.Create(j, p, config, false)
	if f != nil {
		return nil, f
	}
	return created.Object, nil
}
