// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vmfs"

	"livelab.dev/twin/vsphere/registry/fault"
)

// maxLabel is the longest name of a VMFS volume.
const maxLabel = 42

// availableDisks are the disks on which a datastore could be made.
func (h *Host) availableDisks() []types.HostScsiDisk {
	storage := h.storage.Load()
	var disks []types.HostScsiDisk
	for _, lun := range storage.devices.ScsiLun {
		disk, ok := lun.(*types.HostScsiDisk)
		if !ok || disk.CanonicalName == localDisk {
			continue
		}
		_, present := storage.disk(disk.CanonicalName)
		if _, taken := storage.volumeOn(disk.CanonicalName); present && !taken {
			disks = append(disks, *disk)
		}
	}
	return disks
}

// deviceAt is the disk of a device path or a VML id. Faults: NotFound.
func (h *Host) deviceAt(path string) (device, *fault.Failure) {
	for _, d := range h.storage.Load().luns {
		if !d.lost && (d.path() == path || d.canonicalName() == path || d.uuid() == path) {
			return d, nil
		}
	}
	return device{}, fault.NotFound("The host has no disk %q that can carry a datastore", strings.TrimPrefix(path, "/vmfs/devices/disks/"))
}

// createOptions are the ways to make a datastore on a disk: one, all of it. None for a disk that carries one.
func (h *Host) createOptions(path string, version int32) ([]types.VmfsDatastoreOption, *fault.Failure) {
	d, f := h.deviceAt(path)
	if f != nil {
		return nil, f
	}
	version = cmp.Or(version, vmfsMajor)
	if version != 5 && version != 6 {
		return nil, fault.Invalid("vmfsMajorVersion", "%d: a datastore is VMFS 5 or 6", version)
	}
	if _, taken := h.storage.Load().volumeOn(d.canonicalName()); taken {
		return nil, nil
	}
	return []types.VmfsDatastoreOption{wholeDisk(d, version)}, nil
}

// wholeDisk is the way to make a datastore that takes all of a disk.
func wholeDisk(d device, version int32) types.VmfsDatastoreOption {
	partition := vmfsPartition(d)
	info := &types.VmfsDatastoreAllExtentOption{}
	info.Layout = layoutOf(d, partition)
	info.VmfsExtent = info.Layout.Partition[0]
	return types.VmfsDatastoreOption{
		Info: info,
		Spec: &types.VmfsDatastoreCreateSpec{
			VmfsDatastoreSpec: types.VmfsDatastoreSpec{DiskUuid: d.uuid()},
			Partition:         partition,
			Vmfs: types.HostVmfsSpec{
				Extent:      types.HostScsiDiskPartition{DiskName: d.canonicalName(), Partition: 1},
				BlockSizeMb: 1, MajorVersion: version,
			},
		},
	}
}

// createDatastore makes a VMFS volume on a disk and mounts it. Faults: DuplicateName, HostConfigFault, InvalidArgument,
// InvalidName, NotFound, ResourceInUse.
func (v *view) createDatastore(spec types.VmfsDatastoreCreateSpec) (types.ManagedObjectReference, *fault.Failure) {
	var none types.ManagedObjectReference
	h, label := v.host, spec.Vmfs.VolumeName
	if f := checkDatastoreName(label); f != nil {
		return none, f
	}
	if f := v.freeDatastoreName(label); f != nil {
		return none, f
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	d, f := h.deviceAt(spec.Vmfs.Extent.DiskName)
	if f == nil && spec.DiskUuid != "" && spec.DiskUuid != d.uuid() {
		f = fault.Invalid("spec.diskUuid", "%q is not that of the disk %s", spec.DiskUuid, d.canonicalName())
	}
	if f != nil {
		return none, f
	}
	if f := h.format(d, label); f != nil {
		return none, f
	}
	if f := h.rescanLocked(context.Background(), scanVolumes); f != nil {
		return none, f
	}
	volume, _ := h.storage.Load().volumeOn(d.canonicalName())
	ds := v.datastoreOf(volume.UUID)
	if ds == nil {
		return none, fault.HostConfig("The datastore %q was made on %s but cannot be mounted", label, d.canonicalName())
	}
	return ds.Self, nil
}

func (h *Host) format(d device, label string) *fault.Failure {
	ctx, cancel := context.WithTimeout(context.Background(), formatTimeout)
	defer cancel()
	_, err := h.server.cfg.Storage.Format(ctx, d.LUN, d.auth, label)
	switch {
	case errors.Is(err, vmfs.ErrVolumeExists):
		return fault.InUse("HostScsiDisk", d.canonicalName(), "The disk %s carries a datastore already: %v", d.canonicalName(), err)
	case err != nil:
		return fault.HostConfig("The disk %s cannot be formatted: %v", d.canonicalName(), err)
	}
	return nil
}

func checkDatastoreName(name string) *fault.Failure {
	if name == "" || len(name) > maxLabel || strings.ContainsAny(name, "/\\%") {
		return fault.New(&types.InvalidName{Name: name}, "%q is not a datastore name: 1 to %d characters, none of / \\ %%", name, maxLabel)
	}
	return nil
}

// freeDatastoreName refuses a name that a datastore of the datacenter has.
func (v *view) freeDatastoreName(name string) *fault.Failure {
	for _, ref := range v.reg.list(v.datacenter, "datastore") {
		if v.reg.nameOf(ref) == name {
			return fault.New(&types.DuplicateName{Name: name, Object: ref}, "The name %q is that of another datastore", name)
		}
	}
	return nil
}

// removeDatastore destroys a VMFS volume. Hosts other than this one notice at their next rescan. Faults: HostConfigFault, NotFound,
// ResourceInUse.
func (v *view) removeDatastore(ref types.ManagedObjectReference) *fault.Failure {
	h := v.host
	volume, ok := v.volumeOf(ref)
	if !ok {
		return fault.NotFound("The host %s has no datastore %s", v.name, v.reg.nameOf(ref))
	}
	if volume.local {
		return fault.InUse("Datastore", volume.Label, "The datastore %q holds the host's own files and cannot be removed", volume.Label)
	}
	if machines := v.reg.list(ref, "vm"); len(machines) > 0 {
		return fault.InUse("Datastore", volume.Label, "The datastore %q is in use by the virtual machine %q", volume.Label, v.reg.nameOf(machines[0]))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	d, found := h.storage.Load().disk(volume.disk)
	if !found {
		return fault.HostConfig("The disk %s of the datastore %q is not there", volume.disk, volume.Label)
	}
	ctx, cancel := context.WithTimeout(context.Background(), formatTimeout)
	defer cancel()
	if err := h.server.cfg.Storage.Erase(ctx, d.LUN, d.auth); err != nil {
		return fault.HostConfig("The datastore %q cannot be removed: %v", volume.Label, err)
	}
	return h.rescanLocked(ctx, scanVolumes)
}

// volumeOf is the volume behind a Datastore of this registry; false when the host has it not mounted.
func (v *view) volumeOf(ref types.ManagedObjectReference) (mounted, bool) {
	return v.host.storage.Load().findVolume(func(m mounted) bool {
		ds := v.datastoreOf(m.UUID)
		return ds != nil && ds.Self == ref
	})
}

// Volume is the VMFS volume of a datastore that the host has mounted. The error says why there is none: no such datastore, a disk
// that is gone, or the local one, on which no machine's disk can be.
func (h *Host) Volume(datastore string) (*vmfs.Volume, error) {
	for _, m := range h.storage.Load().volumes {
		switch {
		case m.Label != datastore:
			continue
		case m.lost:
			return nil, fmt.Errorf("datastore %q: its disk %s is not there", datastore, m.disk)
		case m.VMFS == nil:
			return nil, fmt.Errorf("datastore %q is on the host's own disk, which holds no virtual machines here", datastore)
		}
		return m.VMFS, nil
	}
	return nil, fmt.Errorf("%s has no datastore %q", h.Name(), datastore)
}
