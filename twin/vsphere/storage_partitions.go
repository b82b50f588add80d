// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"
)

// sectorSize is of what the vSphere API counts partitions in, in bytes.
const sectorSize = 512

// partitionInfo says what is on a disk: its datastore, or else what its partition table says. A datastore's partition is where ESXi
// puts it; the volume itself is kept without a table. Faults: HostConfigFault, NotFound.
func (h *Host) partitionInfo(path string) (types.HostDiskPartitionInfo, *failure) {
	d, f := h.deviceAt(path)
	if f != nil {
		return types.HostDiskPartitionInfo{}, f
	}
	if _, taken := h.storage.Load().volumeOn(d.canonicalName()); taken {
		return describePartitions(d, wholeDisk(d, vmfsMajor).Spec.(*types.VmfsDatastoreCreateSpec).Partition), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), targetTimeout)
	defer cancel()
	table, err := h.server.cfg.Storage.Partitions(ctx, d.LUN, d.auth)
	if err != nil {
		return types.HostDiskPartitionInfo{}, hostConfig("The disk %s cannot be read: %v", d.canonicalName(), err)
	}
	spec := types.HostDiskPartitionSpec{PartitionFormat: table.Format, TotalSectors: d.Size / sectorSize}
	for _, p := range table.Partitions {
		spec.Partition = append(spec.Partition, types.HostDiskPartitionAttributes{
			Partition: int32(p.Number), StartSector: p.First, EndSector: p.Last, Type: p.Type,
		})
	}
	return describePartitions(d, spec), nil
}

func describePartitions(d device, spec types.HostDiskPartitionSpec) types.HostDiskPartitionInfo {
	at := func(sector int64) types.HostDiskDimensionsLba {
		return types.HostDiskDimensionsLba{BlockSize: sectorSize, Block: sector}
	}
	total := at(d.Size / sectorSize)
	info := types.HostDiskPartitionInfo{DeviceName: d.path(), Spec: spec, Layout: types.HostDiskPartitionLayout{Total: &total}}
	for _, p := range spec.Partition {
		info.Layout.Partition = append(info.Layout.Partition, types.HostDiskPartitionBlockRange{
			Partition: p.Partition, Type: p.Type, Start: at(p.StartSector), End: at(p.EndSector),
		})
	}
	return info
}
