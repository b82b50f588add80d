// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// problems is everything that stands in the way of a move, the most basic first. Nothing has been changed when there is something.
func (mv *move) problems() []*fault.Failure {
	if !mv.changesHost() {
		return lacksNetworks(mv.changedNICs(), mv.to)
	}
	var failures []*fault.Failure
	for _, h := range []host{mv.from, mv.to} {
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
	failures = append(failures, lacksDisks(mv.hw, mv.to)...)
	failures = append(failures, lacksNetworks(mv.hw.nics, mv.to)...)
	if mv.live() {
		if free, lacks := mv.inv.m.lacksMemory(mv.mc, mv.hw, mv.to); lacks {
			failures = append(failures, fault.New(&types.InsufficientHostMemoryCapacityFault{
				InsufficientHostCapacityFault: types.InsufficientHostCapacityFault{Host: &mv.toRef},
				Unreserved:                    free, Requested: mv.hw.memoryMB << 20,
			}, "The host %s has %d MB of memory left; %s needs %d MB", mv.to.Name(), free>>20, mv.hw.name, mv.hw.memoryMB))
		}
	}
	return failures
}

// live tells whether the machine has to go on while it moves.
func (mv *move) live() bool { return mv.mc.running() != nil }

// changedNICs are the adapters that change their network.
func (mv *move) changedNICs() []nic {
	var nics []nic
	for _, c := range mv.networks {
		key := c.GetVirtualDeviceConfigSpec().Device.GetVirtualDevice().Key
		for _, n := range mv.hw.nics {
			if n.key == key {
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
		h      host
		ref    ref
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
