package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"
)

// storageState is what a host sees of its storage. Like the configuration it is replaced, never changed in place; unlike it, it is
// not saved but looked for again.
type storageState struct {
	devices     types.HostStorageDeviceInfo
	fileSystems types.HostFileSystemVolumeInfo
	pathStates  types.HostMultipathStateInfo
	luns        []device
	volumes     []mounted
}

// scan is what a rescan looks for.
type scan int

const (
	scanDevices scan = 1 << iota // devices behind the adapters
	scanVolumes                  // VMFS volumes on the devices
	scanAll     = scanDevices | scanVolumes
)

// look works out everything that follows from the configuration, the devices and the volumes.
func (h *Host) look(s *state, luns []device, volumes []mounted) *storageState {
	storage := &storageState{luns: luns, volumes: volumes}
	storage.devices = deviceInfo(s, luns)
	storage.fileSystems = fileSystemInfo(volumes)
	for _, unit := range storage.devices.MultipathInfo.Lun {
		for _, path := range unit.Path {
			storage.pathStates.Path = append(storage.pathStates.Path, types.HostMultipathStateInfoPath{Name: path.Name, PathState: path.PathState})
		}
	}
	return storage
}

// rescan looks for devices and volumes again and shows what it found.
func (h *Host) rescan(ctx context.Context, what scan) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rescanLocked(ctx, what)
	h.publish()
}

func (h *Host) rescanLocked(ctx context.Context, what scan) {
	s, old := h.state(), h.storage.Load()
	luns, volumes := old.luns, old.volumes
	if what&scanDevices != 0 {
		luns = h.findDevices(ctx, s)
	}
	if what&scanVolumes != 0 {
		volumes = h.findVolumes(ctx, s, luns)
	}
	h.storage.Store(h.look(s, luns, volumes))
}
