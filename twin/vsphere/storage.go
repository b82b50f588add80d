// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"errors"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vmfs"

	"livelab.dev/twin/vsphere/registry/fault"
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
	scanDevices scan = 1 << iota // targets and disks behind the iSCSI adapter
	scanVolumes                  // VMFS volumes on the disks
	scanAll     = scanDevices | scanVolumes
)

// disk is the device of a canonical name; false for none.
func (st *storageState) disk(name string) (device, bool) {
	i := slices.IndexFunc(st.luns, func(d device) bool { return d.canonicalName() == name && !d.lost })
	if i < 0 {
		return device{}, false
	}
	return st.luns[i], true
}

// volumeOn is the volume on a disk; false for none.
func (st *storageState) volumeOn(disk string) (mounted, bool) {
	return st.findVolume(func(m mounted) bool { return m.disk == disk })
}

func (st *storageState) findVolume(match func(mounted) bool) (mounted, bool) {
	if i := slices.IndexFunc(st.volumes, match); i >= 0 {
		return st.volumes[i], true
	}
	return mounted{}, false
}

// activePaths tells whether any disk is reached through the iSCSI adapter.
func (st *storageState) activePaths() bool {
	return slices.ContainsFunc(st.luns, func(d device) bool { return !d.lost })
}

// onISCSI tells whether a volume on a disk behind the iSCSI adapter is mounted.
func (st *storageState) onISCSI() bool {
	return slices.ContainsFunc(st.volumes, func(m mounted) bool { return !m.local && !m.lost })
}

// look works out everything that follows from the configuration, the devices and the volumes.
func look(s *state, luns []device, volumes []mounted) *storageState {
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

// rescan looks for devices and volumes again and shows what it found. Machines that waited for a datastore come back.
func (h *Host) rescan(ctx context.Context, what scan) *fault.Failure {
	h.mu.Lock()
	f := h.rescanLocked(ctx, what)
	h.mu.Unlock()
	h.server.vcenter.restoreMachines()
	return f
}

func (h *Host) rescanLocked(ctx context.Context, what scan) *fault.Failure {
	old := h.storage.Load()
	luns, volumes := old.luns, old.volumes
	if what&scanDevices != 0 {
		if f := h.discoverTargets(ctx); f != nil {
			return f
		}
		luns = keepLost(h.findDevices(ctx), old)
	}
	if what&scanVolumes != 0 {
		volumes = h.findVolumes(ctx, luns, old)
		luns = dropLost(luns, volumes)
	}
	volumes = markLost(volumes, luns)
	h.storage.Store(look(h.state(), luns, volumes))
	h.publish()
	return nil
}

// keepLost adds the disks that were there before and are not any more, when a volume is on them: ESXi keeps them as dead paths.
func keepLost(found []device, old *storageState) []device {
	for _, d := range old.luns {
		_, carries := old.volumeOn(d.canonicalName())
		if carries && !slices.ContainsFunc(found, func(f device) bool { return f.canonicalName() == d.canonicalName() }) {
			d.lost = true
			found = append(found, d)
		}
	}
	return found
}

// dropLost forgets lost disks that no volume needs any more.
func dropLost(luns []device, volumes []mounted) []device {
	return slices.DeleteFunc(slices.Clone(luns), func(d device) bool {
		return d.lost && !slices.ContainsFunc(volumes, func(m mounted) bool { return m.disk == d.canonicalName() })
	})
}

// markLost makes volumes inaccessible whose disk is gone.
func markLost(volumes []mounted, luns []device) []mounted {
	volumes = slices.Clone(volumes)
	for i := range volumes {
		m := &volumes[i]
		m.lost = !m.local && !slices.ContainsFunc(luns, func(d device) bool { return d.canonicalName() == m.disk && !d.lost })
	}
	return volumes
}

// findVolumes reads the volumes on the disks. A disk that cannot be read keeps the volume it had.
func (h *Host) findVolumes(ctx context.Context, luns []device, old *storageState) []mounted {
	volumes := []mounted{h.state().localVolume()}
	seen := map[string]bool{}
	for _, d := range luns {
		name := d.canonicalName()
		if seen[name] {
			continue
		}
		seen[name] = true
		before, had := old.volumeOn(name)
		if d.lost {
			if had {
				volumes = append(volumes, before)
			}
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, targetTimeout)
		volume, err := h.server.cfg.Storage.Volume(ctx, d.LUN, d.auth)
		cancel()
		switch {
		case err == nil:
			volumes = append(volumes, mount(d, volume))
		case errors.Is(err, vmfs.ErrNoVolume):
		default:
			h.server.logf("%s: disk %s: %v", h.label(), name, err)
			if had {
				volumes = append(volumes, before)
			}
		}
	}
	return volumes
}
