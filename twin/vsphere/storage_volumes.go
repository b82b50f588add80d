// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"github.com/vmware/govmomi/vim25/types"
)

// mounted is a VMFS volume that a host has mounted.
type mounted struct {
	Volume
	// disk and partition are where it is.
	disk      string
	partition int32
	local     bool
	// lost is set when the disk under it is gone.
	lost bool
}

const (
	localCapacity = 32 << 30
	vmfsMajor     = 6
)

// mount is the volume found on a device.
func mount(d device, v Volume) mounted {
	return mounted{Volume: v, disk: d.canonicalName(), partition: 1}
}

// localVolume is the volume on the host's own disk.
func (s *state) localVolume() mounted {
	return mounted{
		Volume: Volume{UUID: s.Local.UUID, Label: s.Local.Name, Capacity: localCapacity, Free: localCapacity},
		disk:   localDisk, partition: 3, local: true,
	}
}

// fileSystemInfo is config.fileSystemVolume.
func fileSystemInfo(volumes []mounted) types.HostFileSystemVolumeInfo {
	info := types.HostFileSystemVolumeInfo{VolumeTypeList: []string{"VMFS", "NFS", "NFS41", "vsan", "VVOL", "VFFS", "OTHER"}}
	for _, volume := range volumes {
		info.MountInfo = append(info.MountInfo, types.HostFileSystemMountInfo{
			MountInfo: volume.mountInfo(), Volume: volume.vmfs(), VStorageSupport: "vStorageUnsupported",
		})
	}
	return info
}

func (m mounted) mountInfo() types.HostMountInfo {
	info := types.HostMountInfo{
		Path: "/vmfs/volumes/" + m.UUID, AccessMode: string(types.HostMountModeReadWrite),
		Mounted: types.NewBool(true), Accessible: types.NewBool(!m.lost),
	}
	if m.lost {
		info.InaccessibleReason = string(types.HostMountInfoInaccessibleReasonAllPathsDown_Timeout)
	}
	return info
}

func (m mounted) vmfs() *types.HostVmfsVolume {
	return &types.HostVmfsVolume{
		HostFileSystemVolume: types.HostFileSystemVolume{Type: "VMFS", Name: m.Label, Capacity: m.Capacity},
		BlockSizeMb:          1, BlockSize: 1024, MaxBlocks: 63963136, UnmapGranularity: 1024, UnmapPriority: "low",
		MajorVersion: vmfsMajor, Version: "6.82", Uuid: m.UUID,
		Extent: []types.HostScsiDiskPartition{{DiskName: m.disk, Partition: m.partition}},
		Ssd:    types.NewBool(false), Local: types.NewBool(m.local),
	}
}
