// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"errors"
	"io/fs"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// The functions here say what a host lacks for a machine. Powering on asks them about the machine's own host, vMotion about the
// destination.

// volume is where the disk is, as the host sees it.
func (d disk) volume(h host) (volume, *fault.Failure) {
	v, err := h.volume(d.datastore)
	if err != nil {
		return nil, noDisk(d, h, err)
	}
	return v, nil
}

// noDisk is the fault for a disk that a host cannot get at.
func noDisk(d disk, h host, reason error) *fault.Failure {
	var cause types.BaseMethodFault = &types.InaccessibleDatastore{InvalidDatastore: types.InvalidDatastore{Name: d.datastore}}
	if errors.Is(reason, fs.ErrNotExist) {
		cause = &types.FileNotFound{FileFault: types.FileFault{File: d.file}}
	}
	return fault.New(&types.CannotAccessVmDisk{
		CannotAccessVmDevice: types.CannotAccessVmDevice{Device: d.label, Backing: d.file, Connected: true},
		Fault:                types.LocalizedMethodFault{Fault: cause, LocalizedMessage: reason.Error()},
	}, "The virtual disk %s (%s) cannot be accessed on the host %s: %v", d.label, d.file, h.Name(), reason)
}

// lacksDisks are the faults for the disks that the host cannot get at.
func lacksDisks(hw hardware, h host) []*fault.Failure {
	var failures []*fault.Failure
	for _, d := range hw.disks {
		v, f := d.volume(h)
		if f == nil {
			if _, ok := v.size(d.path); !ok {
				f = noDisk(d, h, fs.ErrNotExist)
			}
		}
		if f != nil {
			failures = append(failures, f)
		}
	}
	return failures
}

// lacksNetworks are the faults for the networks that the host does not have.
func lacksNetworks(nics []nic, h host) []*fault.Failure {
	var failures []*fault.Failure
	for _, n := range nics {
		if n.connected && (n.portgroup == "" || !h.HasPortGroup(n.portgroup)) {
			failures = append(failures, noNetwork(n, h))
		}
	}
	return failures
}

func noNetwork(n nic, h host) *fault.Failure {
	return fault.New(&types.CannotAccessNetwork{
		CannotAccessVmDevice: types.CannotAccessVmDevice{Device: n.label, Backing: n.backing, Connected: n.connected},
		Network:              n.network,
	}, "The network %s of %s is not on the host %s", n.backing, n.label, h.Name())
}

// memoryUsed is the memory, in MiB, of the machines that run on the host or are on their way to it, one machine not counted.
func (m *Manager) memoryUsed(h host, except *machine) int64 {
	var used int64
	for _, mc := range m.all() {
		if mc == except {
			continue
		}
		current, receiving, on, to := mc.processes()
		if (current != nil && sameHost(on, h)) || (receiving != nil && sameHost(to, h)) {
			used += mc.hardware().memoryMB
		}
	}
	return used
}

// lacksMemory is the text for a host that has no room for the machine, empty when it has; free is what it has left, in bytes.
func (m *Manager) lacksMemory(mc *machine, hw hardware, h host) (free int64, lacks bool) {
	left := h.MemoryMB() - m.memoryUsed(h, mc)
	return left << 20, left < hw.memoryMB
}
