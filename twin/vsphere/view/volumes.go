// SPDX-License-Identifier: GPL-3.0-or-later

package view

import (
	"context"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/names"
	"livelab.dev/twin/vsphere/registry/fault"
)

// CreateDatastore makes a VMFS volume on a disk and mounts it. Faults: DuplicateName, HostConfigFault, InvalidArgument,
// InvalidName, NotFound, ResourceInUse.
func (v *View) CreateDatastore(spec types.VmfsDatastoreCreateSpec) (types.ManagedObjectReference, *fault.Failure) {
	var none types.ManagedObjectReference
	h, label := v.Host, spec.Vmfs.VolumeName
	if f := host.CheckDatastoreName(label); f != nil {
		return none, f
	}
	if f := v.FreeDatastoreName(label); f != nil {
		return none, f
	}
	h.Mu.Lock()
	defer h.Mu.Unlock()
	d, f := h.DeviceAt(spec.Vmfs.Extent.DiskName)
	if f == nil && spec.DiskUuid != "" && spec.DiskUuid != d.Uuid() {
		f = fault.Invalid("spec.diskUuid", "%q is not that of the disk %s", spec.DiskUuid, d.CanonicalName())
	}
	if f != nil {
		return none, f
	}
	if f := h.Format(d, label); f != nil {
		return none, f
	}
	if f := h.RescanLocked(context.Background(), host.ScanVolumes); f != nil {
		return none, f
	}
	volume, _ := h.Storage.Load().VolumeOn(d.CanonicalName())
	ds := v.datastoreOf(volume.UUID)
	if ds == nil {
		return none, fault.HostConfig("The datastore %q was made on %s but cannot be mounted", label, d.CanonicalName())
	}
	return ds.Self, nil
}

// FreeDatastoreName refuses a name that a datastore of the datacenter has.
func (v *View) FreeDatastoreName(name string) *fault.Failure {
	for _, ref := range v.Reg.List(v.datacenter, "datastore") {
		if names.Same(v.Reg.NameOf(ref), name) {
			return fault.New(&types.DuplicateName{Name: name, Object: ref}, "The name %q is that of another datastore", name)
		}
	}
	return nil
}

// RemoveDatastore destroys a VMFS volume. Hosts other than this one notice at their next rescan. Faults: HostConfigFault, NotFound,
// ResourceInUse.
func (v *View) RemoveDatastore(ref types.ManagedObjectReference) *fault.Failure {
	h := v.Host
	volume, ok := v.VolumeOf(ref)
	if !ok {
		return fault.NotFound("The host %s has no datastore %s", v.Name, v.Reg.NameOf(ref))
	}
	if volume.Local {
		return fault.InUse(mo.Datastore{}, volume.Label, "The datastore %q holds the host's own files and cannot be removed", volume.Label)
	}
	if machines := v.Reg.List(ref, "vm"); len(machines) > 0 {
		return fault.InUse(mo.Datastore{}, volume.Label, "The datastore %q is in use by the virtual machine %q", volume.Label, v.Reg.NameOf(machines[0]))
	}
	h.Mu.Lock()
	defer h.Mu.Unlock()
	d, found := h.Storage.Load().Disk(volume.Disk)
	if !found {
		return fault.HostConfig("The disk %s of the datastore %q is not there", volume.Disk, volume.Label)
	}
	ctx, cancel := context.WithTimeout(context.Background(), host.FormatTimeout)
	defer cancel()
	if err := h.Env.Storage.Erase(ctx, d.LUN, d.Auth); err != nil {
		return fault.HostConfig("The datastore %q cannot be removed: %v", volume.Label, err)
	}
	return h.RescanLocked(ctx, host.ScanVolumes)
}

// VolumeOf is the volume behind a Datastore of this registry; false when the host has it not mounted.
func (v *View) VolumeOf(ref types.ManagedObjectReference) (host.Mounted, bool) {
	return v.Host.Storage.Load().FindVolume(func(m host.Mounted) bool {
		ds := v.datastoreOf(m.UUID)
		return ds != nil && ds.Self == ref
	})
}
