// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"context"
	"errors"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vmfs"

	"livelab.dev/twin/vsphere/registry/fault"
)

// StorageState is what a host sees of its storage. Like the configuration it is replaced, never changed in place; unlike it, it is
// not saved but looked for again.
type StorageState struct {
	Devices     types.HostStorageDeviceInfo
	FileSystems types.HostFileSystemVolumeInfo
	PathStates  types.HostMultipathStateInfo
	luns        []device
	Volumes     []Mounted
}

// Scan is what a rescan looks for.
type Scan int

const (
	scanDevices Scan = 1 << iota // targets and disks behind the iSCSI adapter
	ScanVolumes                  // VMFS volumes on the disks
	ScanAll     = scanDevices | ScanVolumes
)

// Disk is the device of a canonical name; false for none.
func (st *StorageState) Disk(name string) (device, bool) {
	i := slices.IndexFunc(st.luns, func(d device) bool { return d.CanonicalName() == name && !d.lost })
	if i < 0 {
		return device{}, false
	}
	return st.luns[i], true
}

// VolumeOn is the volume on a disk; false for none.
func (st *StorageState) VolumeOn(disk string) (Mounted, bool) {
	return st.FindVolume(func(m Mounted) bool { return m.Disk == disk })
}

func (st *StorageState) FindVolume(match func(Mounted) bool) (Mounted, bool) {
	if i := slices.IndexFunc(st.Volumes, match); i >= 0 {
		return st.Volumes[i], true
	}
	return Mounted{}, false
}

// ActivePaths tells whether any disk is reached through the iSCSI adapter.
func (st *StorageState) ActivePaths() bool {
	return slices.ContainsFunc(st.luns, func(d device) bool { return !d.lost })
}

// OnISCSI tells whether a volume on a disk behind the iSCSI adapter is mounted.
func (st *StorageState) OnISCSI() bool {
	return slices.ContainsFunc(st.Volumes, func(m Mounted) bool { return !m.Local && !m.lost })
}

// look works out everything that follows from the configuration, the devices and the volumes.
func look(s *State, luns []device, volumes []Mounted) *StorageState {
	storage := &StorageState{luns: luns, Volumes: volumes}
	storage.Devices = deviceInfo(s, luns)
	storage.FileSystems = fileSystemInfo(volumes)
	for _, unit := range storage.Devices.MultipathInfo.Lun {
		for _, path := range unit.Path {
			storage.PathStates.Path = append(storage.PathStates.Path, types.HostMultipathStateInfoPath{Name: path.Name, PathState: path.PathState})
		}
	}
	return storage
}

// Rescan looks for devices and volumes again and shows what it found. Machines that waited for a datastore come back.
func (h *Host) Rescan(ctx context.Context, what Scan) *fault.Failure {
	defer h.Env.Rescanned() // After the lock is given back.
	h.Mu.Lock()
	defer h.Mu.Unlock()
	return h.RescanLocked(ctx, what)
}

func (h *Host) RescanLocked(ctx context.Context, what Scan) *fault.Failure {
	old := h.Storage.Load()
	luns, volumes := old.luns, old.Volumes
	if what&scanDevices != 0 {
		if f := h.discoverTargets(ctx); f != nil {
			return f
		}
		luns = keepLost(h.findDevices(ctx), old)
	}
	if what&ScanVolumes != 0 {
		volumes = h.findVolumes(ctx, luns, old)
		luns = dropLost(luns, volumes)
	}
	volumes = markLost(volumes, luns)
	h.Storage.Store(look(h.State(), luns, volumes))
	h.publish()
	return nil
}

// keepLost adds the disks that were there before and are not any more, when a volume is on them: ESXi keeps them as dead paths.
func keepLost(found []device, old *StorageState) []device {
	for _, d := range old.luns {
		_, carries := old.VolumeOn(d.CanonicalName())
		if carries && !slices.ContainsFunc(found, func(f device) bool { return f.CanonicalName() == d.CanonicalName() }) {
			d.lost = true
			found = append(found, d)
		}
	}
	return found
}

// dropLost forgets lost disks that no volume needs any more.
func dropLost(luns []device, volumes []Mounted) []device {
	return slices.DeleteFunc(slices.Clone(luns), func(d device) bool {
		return d.lost && !slices.ContainsFunc(volumes, func(m Mounted) bool { return m.Disk == d.CanonicalName() })
	})
}

// markLost makes volumes inaccessible whose disk is gone.
func markLost(volumes []Mounted, luns []device) []Mounted {
	volumes = slices.Clone(volumes)
	for i := range volumes {
		m := &volumes[i]
		m.lost = !m.Local && !slices.ContainsFunc(luns, func(d device) bool { return d.CanonicalName() == m.Disk && !d.lost })
	}
	return volumes
}

// findVolumes reads the volumes on the disks. A disk that cannot be read keeps the volume it had.
func (h *Host) findVolumes(ctx context.Context, luns []device, old *StorageState) []Mounted {
	volumes := []Mounted{h.State().localVolume()}
	seen := map[string]bool{}
	for _, d := range luns {
		name := d.CanonicalName()
		if seen[name] {
			continue
		}
		seen[name] = true
		before, had := old.VolumeOn(name)
		if d.lost {
			if had {
				volumes = append(volumes, before)
			}
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, targetTimeout)
		volume, err := h.Env.Storage.Volume(ctx, d.LUN, d.Auth)
		cancel()
		switch {
		case err == nil:
			volumes = append(volumes, mount(d, volume))
		case errors.Is(err, vmfs.ErrNoVolume):
		default:
			h.Logf("%s: disk %s: %v", h.Label(), name, err)
			if had {
				volumes = append(volumes, before)
			}
		}
	}
	return volumes
}

// HasHBA tells whether the host has a storage adapter.
func (h *Host) HasHBA(device string) bool {
	for _, hba := range h.Storage.Load().Devices.HostBusAdapter {
		if hba.GetHostHostBusAdapter().Device == device {
			return true
		}
	}
	return false
}
