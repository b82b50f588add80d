package vsphere

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// machineDefaults watches a registry for new virtual machines and gives them what the simulator leaves empty although the API
// requires a value: pyVmomi refuses to read a machine's runtime without.
type machineDefaults struct {
	Self types.ManagedObjectReference
}

// Reference implements simulator.RegisterObject.
func (d *machineDefaults) Reference() types.ManagedObjectReference { return d.Self }

// PutObject implements simulator.RegisterObject.
func (*machineDefaults) PutObject(_ *simulator.Context, object mo.Reference) {
	if machine, ok := object.(*simulator.VirtualMachine); ok {
		setDefault(&machine.Runtime.FaultToleranceState, types.VirtualMachineFaultToleranceStateNotConfigured)
		setDefault(&machine.Runtime.RecordReplayState, types.VirtualMachineRecordReplayStateInactive)
	}
}

// UpdateObject implements simulator.RegisterObject.
func (*machineDefaults) UpdateObject(*simulator.Context, mo.Reference, []types.PropertyChange) {}

// RemoveObject implements simulator.RegisterObject.
func (*machineDefaults) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}
