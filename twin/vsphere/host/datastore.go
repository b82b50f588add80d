// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vmfs"

	"livelab.dev/twin/vsphere/registry/fault"

	"livelab.dev/twin/vsphere/names"
)

// maxLabel is the longest name of a VMFS volume.
const maxLabel = 42

// AvailableDisks are the disks on which a datastore could be made.
func (h *Host) AvailableDisks() []types.HostScsiDisk {
	storage := h.Storage.Load()
	var disks []types.HostScsiDisk
	for _, lun := range storage.Devices.ScsiLun {
		disk, ok := lun.(*types.HostScsiDisk)
		if !ok || disk.CanonicalName == localDisk {
			continue
		}
		_, present := storage.Disk(disk.CanonicalName)
		if _, taken := storage.VolumeOn(disk.CanonicalName); present && !taken {
			disks = append(disks, *disk)
		}
	}
	return disks
}

// DeviceAt is the disk of a device path or a VML id. Faults: NotFound.
func (h *Host) DeviceAt(path string) (device, *fault.Failure) {
	for _, d := range h.Storage.Load().luns {
		if !d.lost && (d.path() == path || d.CanonicalName() == path || d.Uuid() == path) {
			return d, nil
		}
	}
	return device{}, fault.NotFound("The host has no disk %q that can carry a datastore", strings.TrimPrefix(path, "/vmfs/devices/disks/"))
}

// CreateOptions are the ways to make a datastore on a disk: one, all of it. None for a disk that carries one.
func (h *Host) CreateOptions(path string, version int32) ([]types.VmfsDatastoreOption, *fault.Failure) {
	d, f := h.DeviceAt(path)
	if f != nil {
		return nil, f
	}
	version = cmp.Or(version, vmfsMajor)
	if version != 5 && version != 6 {
		return nil, fault.Invalid("vmfsMajorVersion", "%d: a datastore is VMFS 5 or 6", version)
	}
	if _, taken := h.Storage.Load().VolumeOn(d.CanonicalName()); taken {
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
			VmfsDatastoreSpec: types.VmfsDatastoreSpec{DiskUuid: d.Uuid()},
			Partition:         partition,
			Vmfs: types.HostVmfsSpec{
				Extent:      types.HostScsiDiskPartition{DiskName: d.CanonicalName(), Partition: 1},
				BlockSizeMb: 1, MajorVersion: version,
			},
		},
	}
}

func (h *Host) Format(d device, label string) *fault.Failure {
	ctx, cancel := context.WithTimeout(context.Background(), FormatTimeout)
	defer cancel()
	_, err := h.Env.Storage.Format(ctx, d.LUN, d.Auth, label)
	switch {
	case errors.Is(err, vmfs.ErrVolumeExists):
		return fault.InUse(types.HostScsiDisk{}, d.CanonicalName(), "The disk %s carries a datastore already: %v", d.CanonicalName(), err)
	case err != nil:
		return fault.HostConfig("The disk %s cannot be formatted: %v", d.CanonicalName(), err)
	}
	return nil
}

func CheckDatastoreName(name string) *fault.Failure {
	if name == "" || utf8.RuneCountInString(name) > maxLabel || strings.Contains(name, "/") {
		return fault.New(&types.InvalidName{Name: name}, "%q is not a datastore name: 1 to %d characters, no slash", name, maxLabel)
	}
	return nil
}

// Volume is the VMFS volume of a datastore that the host has mounted. The error says why there is none: no such datastore, a disk
// that is gone, or the local one, on which no machine's disk can be.
func (h *Host) Volume(datastore string) (*vmfs.Volume, error) {
	for _, m := range h.Storage.Load().Volumes {
		switch {
		case !names.Same(m.Label, datastore):
			continue
		case m.lost:
			return nil, fmt.Errorf("datastore %q: its disk %s is not there", datastore, m.Disk)
		case m.VMFS == nil:
			return nil, fmt.Errorf("datastore %q is on the host's own disk, which holds no virtual machines here", datastore)
		}
		return m.VMFS, nil
	}
	return nil, fmt.Errorf("%s has no datastore %q", h.Name(), datastore)
}
