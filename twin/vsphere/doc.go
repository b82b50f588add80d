// SPDX-License-Identifier: GPL-3.0-or-later

// Package vsphere serves the vSphere API of a small data centre: ESXi hosts, each on an address of its own, and a vCenter.
//
// The API is govmomi's simulator used as a library. What the simulator lacks or only pretends (virtual switches, VMkernel
// adapters, services, software iSCSI, VMFS datastores, adding hosts) is answered here instead, with the faults of the vSphere
// API reference.
//
// A host is one thing. Its state is kept once, in package host, and shown in every registry that knows the host: that of its own
// endpoint, where it is "ha-host", and vCenter's once it was added there.
//
// What is done where, from the bottom up; a package calls those below it only (layers_test.go holds that):
//
//	registry/fault  what a method says when it refuses
//	names           how a vCenter spells the names of entities
//	store, wire     JSON on disk; what govmomi's encoding cannot say
//	registry        the objects of an endpoint, its HTTPS side, its tasks
//	host            a host's own state and its rules
//	machines        virtual machines, whoever shows them; what is done with them is in imports, power, move and perf
//	view            a host as a registry shows it
//	vcenter         the inventory
//	api             the methods of the API, a file for each managed object
//	vsphere         puts all of it together
package vsphere
