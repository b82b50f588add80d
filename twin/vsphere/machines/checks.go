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

// Volume is where the disk is, as the host sees it.
func (d Disk) Volume(h ESXi) (Volume, *fault.Failure) {
	v, err := h.Disks(d.Datastore)
	if err != nil {
		return nil, noDisk(d, h, err)
	}
	return v, nil
}

// noDisk is the fault for a disk that a host cannot get at.
func noDisk(d Disk, h ESXi, reason error) *fault.Failure {
	var cause types.BaseMethodFault = &types.InaccessibleDatastore{InvalidDatastore: types.InvalidDatastore{Name: d.Datastore}}
	if errors.Is(reason, fs.ErrNotExist) {
		cause = &types.FileNotFound{FileFault: types.FileFault{File: d.File}}
	}
	return fault.New(&types.CannotAccessVmDisk{
		CannotAccessVmDevice: types.CannotAccessVmDevice{Device: d.Label, Backing: d.File, Connected: true},
		Fault:                types.LocalizedMethodFault{Fault: cause, LocalizedMessage: reason.Error()},
	}, "The virtual disk %s (%s) cannot be accessed on the host %s: %v", d.Label, d.File, h.Name(), reason)
}

// LacksDisks are the faults for the disks that the host cannot get at.
func LacksDisks(hw Hardware, h ESXi) []*fault.Failure {
	var failures []*fault.Failure
	for _, d := range hw.Disks {
		v, f := d.Volume(h)
		if f == nil {
			if _, ok := v.Size(d.Path); !ok {
				f = noDisk(d, h, fs.ErrNotExist)
			}
		}
		if f != nil {
			failures = append(failures, f)
		}
	}
	return failures
}

// LacksNetworks are the faults for the networks that the host does not have.
func LacksNetworks(nics []Nic, h ESXi) []*fault.Failure {
	var failures []*fault.Failure
	for _, n := range nics {
		if n.connected && (n.Portgroup == "" || !h.HasPortGroup(n.Portgroup)) {
			failures = append(failures, noNetwork(n, h))
		}
	}
	return failures
}

func noNetwork(n Nic, h ESXi) *fault.Failure {
	return fault.New(&types.CannotAccessNetwork{
		CannotAccessVmDevice: types.CannotAccessVmDevice{Device: n.label, Backing: n.Backing, Connected: n.connected},
		Network:              n.Network,
	}, "The network %s of %s is not on the host %s", n.Backing, n.label, h.Name())
}

// memoryUsed is the memory, in MiB, of the machines that run on the host or are on their way to it, one machine not counted.
func (m *Manager) memoryUsed(h ESXi, except *VM) int64 {
	var used int64
	for _, mc := range m.All() {
		if mc == except {
			continue
		}
		current, receiving, on, to := mc.Processes()
		if (current != nil && SameHost(on, h)) || (receiving != nil && SameHost(to, h)) {
			used += mc.Hardware().MemoryMB
		}
	}
	return used
}

// LacksMemory is the text for a host that has no room for the machine, empty when it has; free is what it has left, in bytes.
func (m *Manager) LacksMemory(mc *VM, hw Hardware, h ESXi) (free int64, lacks bool) {
	left := h.MemoryMB() - m.memoryUsed(h, mc)
	return left << 20, left < hw.MemoryMB
}
