// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"net/netip"

	"livelab.dev/twin/hypervisor"
)

// host is an ESXi host as this package needs it; see [Host] for what the methods mean.
type host interface {
	Name() string
	Number() int
	HasPortGroup(name string) bool
	VMotionAddress() (netip.Addr, bool)
	InMaintenance() bool
	Connected() bool
	MemoryMB() int64
	NetworkSocket(portgroup string) string
	// volume is a datastore that the host has mounted; an error says why it cannot be used.
	volume(datastore string) (volume, error)
}

// volume keeps the disks of machines.
type volume interface {
	// id is the same for whoever has the volume mounted.
	id() string
	// free is the number of bytes that can still be allocated.
	free() int64
	// size of a file in bytes; false when there is none.
	size(path string) (int64, bool)
	allocate(ctx context.Context, path string, size int64) error
	// importDisk makes a disk with the content of a file in this computer: vmdk, qcow2 or raw.
	importDisk(ctx context.Context, path, source string, progress func(done, total int64)) error
	remove(ctx context.Context, path string) error
	// blockdev is how QEMU opens the disk.
	blockdev(path string) (map[string]any, *hypervisor.Secret, error)
}

func sameHost(a, b host) bool { return a != nil && b != nil && a.Number() == b.Number() }
