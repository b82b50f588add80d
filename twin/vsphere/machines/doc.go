// SPDX-License-Identifier: GPL-3.0-or-later

// Package machines is the life of virtual machines in a vSphere API: import from OVF, power, guest information, vMotion,
// events and performance counters. It takes over the methods of govmomi's simulator that only change the inventory there.
//
// A machine runs in a hypervisor.Backing; its disks are extents of a volume on a LUN, so every host that sees the LUN can run it.
// The objects stay the simulator's: clients read the same properties as ever, and are told of changes as WaitForUpdates has it.
//
// # What a vMotion took
//
// The task's startTime, completeTime and progress are real. Besides VmBeingHotMigratedEvent and VmMigratedEvent, an EventEx with
// eventTypeId [MigrationFiguresEvent] is posted on the machine. Its arguments, which are the task's result as well (a list of
// KeyAnyValue), are:
//
//	task               string   key of the task
//	source             string   name of the host it left
//	destination        string   name of the host it went to
//	total_ms           long     from connecting to running at the destination
//	setup_ms           long     until the first page is sent
//	precopy_ms         long     rounds in which the machine went on running
//	downtime_ms        long     how long the machine stopped, by the source's account
//	switchover_ms      long     from the stop at the source to running at the destination
//	transferred_bytes  long
//	rounds             int      rounds of the pre-copy
//	memory_mb          long     configured memory, MiB
//	measured           boolean  false when a model computed the figures and no machine moved
//	accelerator        string   kvm, tcg or none
//
// # Guest information
//
// There are no VMware Tools in the guests. What they would report is what the network shows: a machine that uses an address counts as
// one whose Tools run. Its host name is not known to the network; the machine's name stands in for it.
//
// # Performance counters
//
// Processes are sampled each second and kept for an hour. The provider's refresh rate is 20 s as in ESXi, but every interval from
// 1 s up is served, by aggregation. CPU use in MHz is CPU seconds per second times the clock of the host's cores. A host's figures
// are the sum over the processes on it, those included that are still receiving a machine; the host itself uses nothing.
package machines
