// SPDX-License-Identifier: GPL-3.0-or-later

// Package vsphere serves the vSphere API of a small data centre: ESXi hosts, each on an address of its own, and a vCenter.
//
// The API is govmomi's simulator used as a library. What the simulator lacks or only pretends (virtual switches, VMkernel
// adapters, services, software iSCSI, VMFS datastores, adding hosts) is answered here instead, with the faults of the vSphere
// API reference.
//
// A host is one thing. Its state is kept once, in [Host], and shown in every registry that knows the host: that of its own
// endpoint, where it is "ha-host", and vCenter's once it was added there. A change is made on a copy of the state; only when
// the whole change is valid does the copy take the state's place, is written to disk and shown in the registries. So a
// refused change leaves no trace, and whoever reads sees either the old state or the new one.
package vsphere
