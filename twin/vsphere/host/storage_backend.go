// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"context"

	"livelab.dev/twin/iscsi"
	"livelab.dev/twin/partitions"
	"livelab.dev/twin/vmfs"
)

// Storage is how a host's software iSCSI adapter and its VMFS reach the wire.
type Storage interface {
	// Discover asks a portal ("address:port") for its targets.
	Discover(ctx context.Context, portal string, auth iscsi.Auth) ([]iscsi.Target, error)
	// LUNs logs in to a target and asks for its disks.
	LUNs(ctx context.Context, target iscsi.Target, auth iscsi.Auth) ([]iscsi.LUN, error)
	// Partitions reads a LUN's partition table.
	Partitions(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth) (partitions.Table, error)
	// Volume reads the VMFS volume on a LUN; vmfs.ErrNoVolume when there is none.
	Volume(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth) (Volume, error)
	// Format makes a VMFS volume on a LUN; vmfs.ErrVolumeExists when there is one.
	Format(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth, label string) (Volume, error)
	// Erase takes the VMFS volume off a LUN.
	Erase(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth) error
}

// Volume is a VMFS volume as it is found on a LUN.
type Volume struct {
	UUID, Label string
	// Capacity and Free are in bytes.
	Capacity, Free int64
	// VMFS gives access to the volume's files; nil for a host's local volume.
	VMFS *vmfs.Volume
}

// RealStorage reaches the wire: iSCSI with twin/iscsi, partition tables with twin/partitions, VMFS with twin/vmfs.
type RealStorage struct{}

// Discover implements [Storage].
func (RealStorage) Discover(ctx context.Context, portal string, auth iscsi.Auth) ([]iscsi.Target, error) {
	return iscsi.Discover(ctx, portal, auth)
}

// LUNs implements [Storage].
func (RealStorage) LUNs(ctx context.Context, target iscsi.Target, auth iscsi.Auth) ([]iscsi.LUN, error) {
	return iscsi.ListLUNs(ctx, target, auth)
}

// Partitions implements [Storage].
func (RealStorage) Partitions(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth) (partitions.Table, error) {
	return partitions.Read(ctx, lun, auth)
}

// Volume implements [Storage].
func (RealStorage) Volume(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth) (Volume, error) {
	v, err := vmfs.Open(ctx, lun, auth)
	if err != nil {
		return Volume{}, err
	}
	return realVolume(v), nil
}

// Format implements [Storage].
func (RealStorage) Format(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth, label string) (Volume, error) {
	v, err := vmfs.Format(ctx, lun, auth, label)
	if err != nil {
		return Volume{}, err
	}
	return realVolume(v), nil
}

// Erase implements [Storage].
func (RealStorage) Erase(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth) error {
	return vmfs.Erase(ctx, lun, auth)
}

func realVolume(v *vmfs.Volume) Volume {
	return Volume{UUID: v.UUID, Label: v.Label, Capacity: v.Capacity, Free: v.Free(), VMFS: v}
}
