// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// Mounted is a VMFS volume that a host has mounted.
type Mounted struct {
	Volume
	// Disk and partition are where it is.
	Disk      string
	partition int32
	Local     bool
	// lost is set when the disk under it is gone.
	lost bool
}

const (
	localCapacity = 32 << 30
	vmfsMajor     = 6
)

// mount is the volume found on a device.
func mount(d device, v Volume) Mounted {
	return Mounted{Volume: v, Disk: d.CanonicalName(), partition: 1}
}

// localVolume is the volume on the host's own disk.
func (s *State) localVolume() Mounted {
	return Mounted{
		Volume: Volume{UUID: s.Local.UUID, Label: s.Local.Name, Capacity: localCapacity, Free: localCapacity},
		Disk:   localDisk, partition: 3, Local: true,
	}
}

// fileSystemInfo is config.fileSystemVolume.
func fileSystemInfo(volumes []Mounted) types.HostFileSystemVolumeInfo {
	info := types.HostFileSystemVolumeInfo{VolumeTypeList: []string{"VMFS", "NFS", "NFS41", "vsan", "VVOL", "VFFS", "OTHER"}}
	for _, volume := range volumes {
		info.MountInfo = append(info.MountInfo, types.HostFileSystemMountInfo{
			MountInfo: volume.MountInfo(), Volume: volume.Vmfs(), VStorageSupport: "vStorageUnsupported",
		})
	}
	return info
}

func (m Mounted) MountInfo() types.HostMountInfo {
	info := types.HostMountInfo{
		Path: "/vmfs/volumes/" + m.UUID, AccessMode: string(types.HostMountModeReadWrite),
		Mounted: types.NewBool(true), Accessible: types.NewBool(!m.lost),
	}
	if m.lost {
		info.InaccessibleReason = string(types.HostMountInfoInaccessibleReasonAllPathsDown_Timeout)
	}
	return info
}

func (m Mounted) Vmfs() *types.HostVmfsVolume {
	return &types.HostVmfsVolume{
		HostFileSystemVolume: types.HostFileSystemVolume{Type: "VMFS", Name: m.Label, Capacity: m.Capacity},
		BlockSizeMb:          1, BlockSize: 1024, MaxBlocks: 63963136, UnmapGranularity: 1024, UnmapPriority: "low",
		MajorVersion: vmfsMajor, Version: "6.82", Uuid: m.UUID,
		Extent: []types.HostScsiDiskPartition{{DiskName: m.Disk, Partition: m.partition}},
		Ssd:    types.NewBool(false), Local: types.NewBool(m.Local),
	}
}

// RefreshFreeSpace shows the free space of the host's volumes when it changed.
func (h *Host) RefreshFreeSpace() {
	free := map[string]int64{}
	for _, m := range h.Storage.Load().Volumes {
		if m.VMFS != nil && !m.lost {
			if now := m.VMFS.Free(); now != m.Free {
				free[m.UUID] = now
			}
		}
	}
	if len(free) == 0 {
		return
	}
	h.Mu.Lock()
	defer h.Mu.Unlock()
	storage := h.Storage.Load()
	volumes := slices.Clone(storage.Volumes)
	for i := range volumes {
		if now, changed := free[volumes[i].UUID]; changed {
			volumes[i].Free = now
		}
	}
	h.Storage.Store(look(h.State(), storage.luns, volumes))
	h.publish()
}
