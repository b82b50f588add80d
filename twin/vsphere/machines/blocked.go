// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"slices"

	"github.com/vmware/govmomi/simulator"

	"livelab.dev/twin/vsphere/registry"
)

// importBlocks are the methods of a machine that cannot be used while it is being imported.
var importBlocks = []string{
	"PowerOnVM_Task", "Destroy_Task", "UnregisterVM", "ReconfigVM_Task", "RelocateVM_Task", "MigrateVM_Task", "CloneVM_Task",
	"CreateSnapshot_Task", "CreateSnapshotEx_Task", "MarkAsTemplate", "ExportVm",
}

// Block says whether the machine is being imported.
func (mc *VM) Block(importing bool) {
	mc.mu.Lock()
	mc.importing = importing
	mc.mu.Unlock()
	blocked := importBlocks
	if !importing {
		blocked = nil
	}
	mc.set(registry.Change{Name: "disabledMethod", Val: slices.Clone(blocked)})
}

// blocked tells whether a method is one that a machine does not have now.
func (inv *Inventory) blocked(method *simulator.Method) bool {
	if method.This.Type != "VirtualMachine" || !slices.Contains(importBlocks, method.Name) {
		return false
	}
	mc := inv.Machine(method.This)
	if mc == nil {
		return false
	}
	mc.mu.Lock()
	defer mc.mu.Unlock()
	return mc.importing
}
