package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"
)

// mounted is a VMFS volume that a host has mounted.
type mounted struct {
	Name, UUID     string
	Capacity, Free int64
	// Disk and Partition are where it is.
	Disk      string
	Partition int32
	Local     bool
	// Lost is set when the disk under it is gone.
	Lost bool
}

const (
	localCapacity = 32 << 30
	vmfsVersion   = 6
)

// local is the volume on the host's own disk.
func (s *state) localVolume() mounted {
	return mounted{
		Name: s.Local.Name, UUID: s.Local.UUID, Capacity: localCapacity, Free: localCapacity, Disk: localDisk, Partition: 3, Local: true,
	}
}

func (h *Host) findDevices(context.Context, *state) []device { return nil }

func (h *Host) findVolumes(_ context.Context, s *state, _ []device) []mounted {
	return []mounted{s.localVolume()}
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
		Mounted: types.NewBool(true), Accessible: types.NewBool(!m.Lost),
	}
	if m.Lost {
		info.InaccessibleReason = string(types.HostMountInfoInaccessibleReasonAllPathsDown_Timeout)
	}
	return info
}

func (m mounted) vmfs() *types.HostVmfsVolume {
	return &types.HostVmfsVolume{
		HostFileSystemVolume: types.HostFileSystemVolume{Type: "VMFS", Name: m.Name, Capacity: m.Capacity},
		BlockSizeMb:          1, BlockSize: 1024, MaxBlocks: 63963136, UnmapGranularity: 1024, UnmapPriority: "low",
		MajorVersion: vmfsVersion, Version: "6.82", Uuid: m.UUID,
		Extent: []types.HostScsiDiskPartition{{DiskName: m.Disk, Partition: m.Partition}},
		Ssd:    types.NewBool(false), Local: types.NewBool(m.Local),
	}
}
