// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/hypervisor"
	"livelab.dev/twin/vmfs"

	"livelab.dev/twin/vsphere/registry"
)

// Host is an ESXi host as the package that serves it knows it. Its methods may be called at any time, by many at once.
type Host interface {
	// Name is the host's name in vCenter.
	Name() string
	// Number tells hosts apart.
	Number() int
	// HasPortGroup tells whether the host has a port group of that name.
	HasPortGroup(name string) bool
	// VMotionAddress is the address of the VMkernel adapter that carries vMotion; false when none does.
	VMotionAddress() (netip.Addr, bool)
	// Volume is a datastore on a LUN that the host has mounted; an error says why it cannot be used.
	Volume(datastore string) (*vmfs.Volume, error)
	// InMaintenance tells whether the host is in maintenance mode.
	InMaintenance() bool
	// Connected tells whether vCenter has a connection to the host.
	Connected() bool
	// MemoryMB is the host's memory in MiB.
	MemoryMB() int64
	// NetworkSocket is the unix socket of the network behind a port group; empty for one that leads nowhere.
	NetworkSocket(portgroup string) string
	// Release is the major version of ESXi.
	Release() int
	// Log adds lines of one moment to the host's vmkernel.log.
	Log(at time.Time, lines ...string)
	// KernelLog is that log, by lines.
	KernelLog() ([]string, error)
}

// Attach takes over the virtual machines of a service's registry: vCenter's, or that of a host's own endpoint. hostOf is the host
// behind a HostSystem of this registry; nil for one that is not (or no longer) there. Machines on hosts of which hostOf knows
// nothing stay the simulator's. Call it once for each registry, before it is served.
func (m *Manager) Attach(reg *registry.Registry, hostOf func(types.ManagedObjectReference) Host) *Inventory {
	return m.Take(reg, func(object types.ManagedObjectReference) ESXi {
		if h := hostOf(object); h != nil {
			return vmfsHost{h}
		}
		return nil
	})
}

// vmfsHost is a Host with the volumes that this package works with.
type vmfsHost struct{ Host }

func (h vmfsHost) Disks(datastore string) (Volume, error) {
	v, err := h.Volume(datastore)
	if err != nil {
		return nil, err
	}
	if v == nil {
		return nil, fmt.Errorf("the datastore %s is not on %s", datastore, h.Name())
	}
	return vmfsVolume{v}, nil
}

// vmfsVolume is a volume on a LUN.
type vmfsVolume struct{ v *vmfs.Volume }

func (v vmfsVolume) ID() string  { return v.v.UUID }
func (v vmfsVolume) Free() int64 { return v.v.Free() }

func (v vmfsVolume) Size(path string) (int64, bool) {
	file, err := v.v.Lookup(path)
	return file.Size, err == nil
}

func (v vmfsVolume) Allocate(ctx context.Context, path string, size int64) error {
	_, err := v.v.Allocate(ctx, path, size)
	return err
}

func (v vmfsVolume) ImportDisk(ctx context.Context, path, source string, progress func(done, total int64)) error {
	_, err := v.v.ImportDisk(ctx, path, source, progress)
	return err
}

func (v vmfsVolume) Remove(ctx context.Context, path string) error {
	if err := v.v.Remove(ctx, path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (v vmfsVolume) Blockdev(path string) (map[string]any, *hypervisor.Secret, error) {
	node := v.v.BlockdevJSON(path)
	if node == nil {
		return nil, nil, fmt.Errorf("[%s] %s: %w", v.v.Label, path, fs.ErrNotExist)
	}
	if secret := v.v.Secret(); secret != nil {
		return node, &hypervisor.Secret{ID: secret.ID, Value: secret.Value}, nil
	}
	return node, nil, nil
}
