// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"net/netip"
	"time"

	"livelab.dev/twin/hypervisor"
)

// ESXi is an ESXi host as this package needs it; see [Host] for what the methods mean.
type ESXi interface {
	Name() string
	Number() int
	HasPortGroup(name string) bool
	VMotionAddress() (netip.Addr, bool)
	InMaintenance() bool
	Connected() bool
	MemoryMB() int64
	NetworkSocket(portgroup string) string
	Release() int
	Log(at time.Time, lines ...string)
	KernelLog() ([]string, error)
	// Disks is a datastore that the host has mounted; an error says why it cannot be used.
	Disks(datastore string) (Volume, error)
}

// Volume keeps the disks of machines.
type Volume interface {
	// ID is the same for whoever has the volume mounted.
	ID() string
	// Free is the number of bytes that can still be allocated.
	Free() int64
	// Size of a file in bytes; false when there is none.
	Size(path string) (int64, bool)
	Allocate(ctx context.Context, path string, size int64) error
	// ImportDisk makes a disk with the content of a file in this computer: vmdk, qcow2 or raw.
	ImportDisk(ctx context.Context, path, source string, progress func(done, total int64)) error
	Remove(ctx context.Context, path string) error
	// Blockdev is how QEMU opens the disk.
	Blockdev(path string) (map[string]any, *hypervisor.Secret, error)
}

func SameHost(a, b ESXi) bool { return a != nil && b != nil && a.Number() == b.Number() }
