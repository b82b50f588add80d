// SPDX-License-Identifier: GPL-3.0-or-later

package move

import (
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry/fault"
)

// problems is everything that stands in the way of a move, the most basic first. Nothing has been changed when there is something.
func (mv *move) problems() []*fault.Failure {
	if !mv.changesHost() {
		return machines.LacksNetworks(mv.changedNICs(), mv.to)
	}
	var failures []*fault.Failure
	for _, h := range []machines.ESXi{mv.from, mv.to} {
		if !h.Connected() {
			failures = append(failures, fault.New(&types.HostNotConnected{}, "The host %s is not connected", h.Name()))
		}
	}
	if mv.to.InMaintenance() {
		failures = append(failures, fault.New(&types.InvalidHostState{Host: &mv.toRef},
			"The host %s is in maintenance mode", mv.to.Name()))
	}
	if mv.live() {
		failures = append(failures, mv.vmotionIssues()...)
	}
	failures = append(failures, machines.LacksDisks(mv.hw, mv.to)...)
	failures = append(failures, machines.LacksNetworks(mv.hw.Nics, mv.to)...)
	if mv.live() {
		if free, lacks := mv.inv.Manager.LacksMemory(mv.mc, mv.hw, mv.to); lacks {
			failures = append(failures, fault.New(&types.InsufficientHostMemoryCapacityFault{
				InsufficientHostCapacityFault: types.InsufficientHostCapacityFault{Host: &mv.toRef},
				Unreserved:                    free, Requested: mv.hw.MemoryMB << 20,
			}, "The host %s has %d MB of memory left; %s needs %d MB", mv.to.Name(), free>>20, mv.hw.Name, mv.hw.MemoryMB))
		}
	}
	return failures
}

// live tells whether the machine has to go on while it moves.
func (mv *move) live() bool { return mv.mc.Running() != nil }

// changedNICs are the adapters that change their network.
func (mv *move) changedNICs() []machines.Nic {
	var nics []machines.Nic
	for _, c := range mv.networks {
		key := c.GetVirtualDeviceConfigSpec().Device.GetVirtualDevice().Key
		for _, n := range mv.hw.Nics {
			if n.Key == key {
				nics = append(nics, n)
			}
		}
	}
	return nics
}

// vmotionIssues are the sides that have no VMkernel adapter for vMotion.
func (mv *move) vmotionIssues() []*fault.Failure {
	var failures []*fault.Failure
	for _, side := range []struct {
		h      machines.ESXi
		ref    machines.Ref
		source bool
	}{{mv.from, mv.fromRef, true}, {mv.to, mv.toRef, false}} {
		if _, ok := side.h.VMotionAddress(); !ok {
			failures = append(failures, fault.New(&types.VMotionNotConfigured{VMotionInterfaceIssue: mv.interfaceIssue(side.source)},
				"The host %s has no VMkernel adapter with an address that is enabled for vMotion", side.h.Name()))
		}
	}
	return failures
}

func (mv *move) interfaceIssue(atSource bool) types.VMotionInterfaceIssue {
	h, object := mv.to, mv.toRef
	if atSource {
		h, object = mv.from, mv.fromRef
	}
	return types.VMotionInterfaceIssue{AtSourceHost: atSource, FailedHost: h.Name(), FailedHostEntity: &object}
}
