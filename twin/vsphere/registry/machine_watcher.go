// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"cmp"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// machineWatcher watches a registry for virtual machines. It implements simulator.RegisterObject.
type machineWatcher struct {
	Self types.ManagedObjectReference
	// changed is called when something about a machine changed that a restart must not lose. The machine may be locked.
	changed func()
}

// kept are the properties of a machine that a restart must not lose, and the one that says whether its import is done.
var kept = []string{"name", "parent", "config", "runtime.host", "disabledMethod"}

// Reference implements simulator.RegisterObject.
func (w *machineWatcher) Reference() types.ManagedObjectReference { return w.Self }

// PutObject gives a new machine what the simulator leaves empty although the API requires a value: pyVmomi refuses to read a
// machine's runtime without.
func (w *machineWatcher) PutObject(_ *simulator.Context, object mo.Reference) {
	if machine, ok := object.(*simulator.VirtualMachine); ok {
		machine.Runtime.FaultToleranceState = cmp.Or(machine.Runtime.FaultToleranceState, types.VirtualMachineFaultToleranceStateNotConfigured)
		machine.Runtime.RecordReplayState = cmp.Or(machine.Runtime.RecordReplayState, types.VirtualMachineRecordReplayStateInactive)
		w.changed()
	}
}

// UpdateObject implements simulator.RegisterObject.
func (w *machineWatcher) UpdateObject(_ *simulator.Context, object mo.Reference, changes []types.PropertyChange) {
	if object.Reference().Type == "VirtualMachine" && slices.ContainsFunc(changes, func(c types.PropertyChange) bool { return slices.Contains(kept, c.Name) }) {
		w.changed()
	}
}

// RemoveObject implements simulator.RegisterObject.
func (w *machineWatcher) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	if ref.Type == "VirtualMachine" {
		w.changed()
	}
}
