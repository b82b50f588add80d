// SPDX-License-Identifier: GPL-3.0-or-later

package faulttest

import (
	"strings"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

// TestUnreadable shows what makes a fault one that a client cannot read.
func TestUnreadable(t *testing.T) {
	vm := types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-1"}
	for _, test := range []struct {
		fault types.BaseMethodFault
		want  string // empty for one that can be read
	}{
		{&types.ResourceInUse{Type: "HostVirtualNic", Name: "vmk1"}, ""},
		{&types.ResourceInUse{Type: "Datastore", Name: "ds"}, ""},
		{&types.ResourceInUse{Type: "VirtualNic", Name: "vmk1"}, "VirtualNic"},
		{&types.DuplicateName{Name: "web", Object: vm}, ""},
		{&types.DuplicateName{Name: "web"}, "DuplicateName.object"},
		{&types.TaskInProgress{Task: types.ManagedObjectReference{Type: "Tusk", Value: "task-1"}}, "TaskInProgress.task"},
		{&types.InvalidName{Name: "a"}, ""},
		{&types.InvalidName{Name: "a", Entity: &types.ManagedObjectReference{}}, "InvalidName.entity"},
		{&types.InvalidPowerState{ExistingState: "poweredOn"}, ""},
		{&types.InvalidPowerState{ExistingState: "on"}, "InvalidPowerState.existingState"},
		{&types.CannotAccessVmDisk{}, "CannotAccessVmDisk.fault.fault: missing"},
	} {
		got := strings.Join(Unreadable(test.fault), "; ")
		if !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%+v: %q, want %q", test.fault, got, test.want)
		}
	}
}
