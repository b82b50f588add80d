// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// sectorSize is of what the vSphere API counts partitions in, in bytes.
const sectorSize = 512

// partitionStart is the first sector of the VMFS partition: 1 MiB, as ESXi aligns it.
const partitionStart = 2048

// vmfsPartition is the partition of a datastore that takes all of a disk.
func vmfsPartition(d device) types.HostDiskPartitionSpec {
	sectors := d.Size / sectorSize
	last := sectors - 34 // behind it is the second copy of the GPT
	return types.HostDiskPartitionSpec{
		PartitionFormat: "gpt", TotalSectors: sectors,
		Partition: []types.HostDiskPartitionAttributes{{Partition: 1, StartSector: partitionStart, EndSector: last, Type: "vmfs"}},
	}
}

// PartitionInfo says what is on a disk: its datastore, or else what its partition table says. A datastore's partition is where ESXi
// puts it; the volume itself is kept without a table. Faults: HostConfigFault, NotFound.
func (h *Host) PartitionInfo(path string) (types.HostDiskPartitionInfo, *fault.Failure) {
	d, f := h.DeviceAt(path)
	if f != nil {
		return types.HostDiskPartitionInfo{}, f
	}
	spec := vmfsPartition(d)
	if _, taken := h.Storage.Load().VolumeOn(d.CanonicalName()); !taken {
		if spec, f = h.foundPartitions(d); f != nil {
			return types.HostDiskPartitionInfo{}, f
		}
	}
	return types.HostDiskPartitionInfo{DeviceName: d.path(), Spec: spec, Layout: layoutOf(d, spec)}, nil
}

// foundPartitions is what the partition table on a disk says. Faults: HostConfigFault.
func (h *Host) foundPartitions(d device) (types.HostDiskPartitionSpec, *fault.Failure) {
	ctx, cancel := context.WithTimeout(context.Background(), targetTimeout)
	defer cancel()
	table, err := h.Env.Storage.Partitions(ctx, d.LUN, d.Auth)
	if err != nil {
		return types.HostDiskPartitionSpec{}, fault.HostConfig("The disk %s cannot be read: %v", d.CanonicalName(), err)
	}
	spec := types.HostDiskPartitionSpec{PartitionFormat: table.Format, TotalSectors: d.Size / sectorSize}
	for _, p := range table.Partitions {
		spec.Partition = append(spec.Partition, types.HostDiskPartitionAttributes{
			Partition: int32(p.Number), StartSector: p.First, EndSector: p.Last, Type: p.Type,
		})
	}
	return spec, nil
}

// layoutOf says the same as a partition table in the API's other form, as ranges of blocks.
func layoutOf(d device, spec types.HostDiskPartitionSpec) types.HostDiskPartitionLayout {
	at := func(sector int64) types.HostDiskDimensionsLba {
		return types.HostDiskDimensionsLba{BlockSize: sectorSize, Block: sector}
	}
	total := at(d.Size / sectorSize)
	layout := types.HostDiskPartitionLayout{Total: &total}
	for _, p := range spec.Partition {
		layout.Partition = append(layout.Partition, types.HostDiskPartitionBlockRange{
			Partition: p.Partition, Type: p.Type, Start: at(p.StartSector), End: at(p.EndSector),
		})
	}
	return layout
}
