// SPDX-License-Identifier: GPL-3.0-or-later

// Package machines is the life of virtual machines in a vSphere API: import from OVF, power, guest information, vMotion,
// events and performance counters. It takes over the methods of govmomi's simulator that only change the inventory there.
//
// A machine runs in a hypervisor.Backing; its disks are extents of a volume on a LUN, so every host that sees the LUN can run it.
// The objects stay the simulator's: clients read the same properties as ever, and are told of changes as WaitForUpdates has it.
//
// # What a vMotion took
//
// The task's startTime, completeTime and progress are real. What the phases took is in the logs, where ESXi has it: in the vmkernel.log
// of the two hosts, which DiagnosticManager hands out, and in the machine's vmware.log, a file of its datastore. The destination begins
// a new vmware.log; vmware-1.log and so on are those before it.
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
