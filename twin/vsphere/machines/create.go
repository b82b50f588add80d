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
)

// created is a machine that was just made.
type created struct {
	mc     *machine
	object ref
}

// create makes a machine where placeFor found room for it. An importing machine's disks get their room when their content comes.
func (inv *inventory) create(j *registry.Job, p *place, config *types.VirtualMachineConfigSpec, importing bool) (*created, *fault.Failure) {
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
	inv.followNetworks(c.object)
	c.mc.clearGuest()
	if !importing {
		if f := inv.allocate(j.Ctx, c.mc, c.object, p.h); f != nil {
			inv.discard(j.User, c.mc, c.object)
			return nil, f
		}
		inv.m.align()
	}
	return c, nil
}

// createObject has the simulator make the object. No registry shows it to others before it is whole.
func (inv *inventory) createObject(j *registry.Job, folder *simulator.Folder, p *place, config *types.VirtualMachineConfigSpec, importing bool,
) (*created, *fault.Failure) {
	inv.m.aligning.Lock()
	defer inv.m.aligning.Unlock()
	result, f := inv.do(j.User, func(ctx *simulator.Context) (ref, *soap.Fault) {
		body := folder.CreateVMTask(ctx, &types.CreateVM_Task{This: p.folder, Config: *config, Pool: p.pool, Host: &p.host})
		return body.(*methods.CreateVM_TaskBody).Res.Returnval, nil
	})
	if f != nil {
		return nil, f
	}
	c := &created{object: result.(ref)}
	c.mc = inv.m.register(inv, c.object, p.h)
	if importing {
		c.mc.block(true)
	}
	return c, nil
}

// prepareDisks examines the disks that a machine is to get, and lets the simulator see those that are on the volume already: it
// looks for a descriptor in a directory of its own.
func (inv *inventory) prepareDisks(p *place, changes []types.BaseVirtualDeviceConfigSpec) *fault.Failure {
	for _, c := range changes {
		spec := c.GetVirtualDeviceConfigSpec()
		d, ok := spec.Device.(*types.VirtualDisk)
		if !ok || spec.Operation != types.VirtualDeviceConfigSpecOperationAdd {
			continue
		}
		found, ok := diskOf(nil, d)
		if !ok || found.path == "" || strings.HasSuffix(found.path, "/") {
			continue // The simulator finds a free name in the machine's directory.
		}
		v, f := found.volume(p.h)
		if f != nil {
			return f
		}
		local, f := inv.localFile(p.host, found)
		if f != nil {
			return f
		}
		size, exists := v.size(found.path)
		switch {
		case spec.FileOperation == "" && !exists:
			return fault.New(&types.FileNotFound{FileFault: types.FileFault{File: found.file}}, "File %s was not found", found.file)
		case spec.FileOperation == types.VirtualDeviceConfigSpecFileOperationCreate && exists:
			return fault.New(&types.FileAlreadyExists{FileFault: types.FileFault{File: found.file}}, "The file %s already exists", found.file)
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
func (inv *inventory) localFile(host ref, d disk) (string, *fault.Failure) {
	datastore, ok := inv.named(host, "datastore", d.datastore)
	if !ok {
		return "", fault.New(&types.InvalidDatastore{Name: d.datastore}, "The datastore %s is not on the host %s", d.datastore, inv.NameOf(host))
	}
	directory := registry.Read(inv.Registry, datastore, func(ds *simulator.Datastore) string { return ds.Summary.Url })
	return filepath.Join(directory, filepath.FromSlash(path.Clean("/"+d.path))), nil
}

// clearDirectory removes what is left of a machine that had the same directory: the volume has no disk in it any more.
func (inv *inventory) clearDirectory(p *place) error {
	local, f := inv.localFile(p.host, disk{datastore: p.datastoreName, path: p.directory})
	if f != nil {
		return f
	}
	for _, entity := range inv.All("VirtualMachine") {
		vmx := registry.Read(inv.Registry, entity.Reference(), func(vm *simulator.VirtualMachine) string { return vm.Config.Files.VmPathName })
		var used object.DatastorePath
		if used.FromString(vmx) && used.Datastore == p.datastoreName && path.Dir(used.Path) == p.directory {
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

// allocate gives the machine's disks that have no room yet theirs, filled with zeros. When one does not get it, none keeps it.
func (inv *inventory) allocate(ctx context.Context, mc *machine, object ref, h host) *fault.Failure {
	var made []disk
	for _, d := range mc.hardware().disks {
		v, f := d.volume(h)
		if f == nil {
			if _, ok := v.size(d.path); ok {
				continue
			}
			f = d.storageFault(v.allocate(ctx, d.path, d.bytes))
		}
		if f != nil {
			inv.m.free(made, h)
			return f
		}
		made = append(made, d)
		inv.m.freeSpace(v, d.datastore)
	}
	inv.showStorage(object, mc)
	return nil
}

// storageFault is the fault for a disk that a volume did not take.
func (d disk) storageFault(err error) *fault.Failure {
	file := types.FileFault{File: d.file}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, vmfs.ErrNoSpace):
		return fault.New(&types.NoDiskSpace{FileFault: file, Datastore: d.datastore}, "Insufficient disk space on datastore %s: %v", d.datastore, err)
	case errors.Is(err, fs.ErrExist):
		return fault.New(&types.FileAlreadyExists{FileFault: file}, "The file %s already exists", d.file)
	}
	return fault.New(&types.CannotCreateFile{FileFault: file}, "Cannot create file %s: %v", d.file, err)
}

// free removes disks, as far as it can.
func (m *Manager) free(disks []disk, h host) *fault.Failure {
	var first *fault.Failure
	for _, d := range disks {
		v, f := d.volume(h)
		if f == nil {
			if err := v.remove(context.WithoutCancel(m.ctx), d.path); err != nil {
				f = fault.New(&types.CannotDeleteFile{FileFault: types.FileFault{File: d.file}}, "Cannot delete file %s: %v", d.file, err)
			}
			m.freeSpace(v, d.datastore)
		}
		if f != nil && first == nil {
			first = f
		}
	}
	return first
}

// followNetworks makes the lists of machines of the networks right for one machine.
func (inv *inventory) followNetworks(object ref) {
	used := map[ref]bool{}
	for _, network := range inv.List(object, "network") {
		used[network] = true
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

// createIn makes a machine in a folder. Its new disks get their room on the datastore at once; those it is given must be there.
func (inv *inventory) createIn(folder, pool ref, host *ref, config *types.VirtualMachineConfigSpec, j *registry.Job) (types.AnyType, *fault.Failure) {
	p, f := inv.placeFor(folder, pool, host, config)
	if f != nil {
		return nil, f
	}
	created, f := inv.create(j, p, config, false)
	if f != nil {
		return nil, f
	}
	return created.object, nil
}
