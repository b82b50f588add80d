// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// logged keeps what was logged.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(&l.text, format+"\n", args...)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// ended waits for a task and says how it ended.
func ended(r *Registry, ref types.ManagedObjectReference) types.TaskInfo {
	for r.Job(ref) != nil || Read(r, ref, state) == types.TaskInfoStateRunning {
		time.Sleep(time.Millisecond)
	}
	return Read(r, ref, func(t *simulator.Task) types.TaskInfo { return t.Info })
}

func state(t *simulator.Task) types.TaskInfoState { return t.Info.State }

// TestTaskSurvivesPanic shows that a panic in a job ends its task with a fault and is logged, and that what comes after it works.
func TestTaskSurvivesPanic(t *testing.T) {
	var log logged
	r := New(esx.ServiceContent, esx.RootFolder, log.printf)
	about := esx.HostSystem.Self
	for _, what := range []Task{
		{Entity: about, Kind: "HostSystem.reboot"},
		{Entity: about, Kind: "VirtualMachine.powerOn", Within: context.Background()},
	} {
		ref := r.Run(r.Context(), what, func(*Job) (types.AnyType, *fault.Failure) {
			var none map[string]int
			none["a"] = 1 //nolint:staticcheck // A mistake, such as anyone makes.
			return nil, nil
		})
		info := ended(r, ref)
		if _, ok := info.Error.Fault.(*types.SystemError); !ok || info.State != types.TaskInfoStateError || info.CompleteTime == nil {
			t.Errorf("%s ended as %+v", what.Kind, info)
		}
		if text := log.String(); !strings.Contains(text, "nil map") || !strings.Contains(text, "task_test.go") {
			t.Errorf("%s: logged %q: neither the reason nor the place", what.Kind, text)
		}
		if r.Job(ref) != nil {
			t.Errorf("%s still counts as running", what.Kind)
		}
	}
	ref := r.Task(r.Context(), about, "HostSystem.reboot", func() (types.AnyType, *fault.Failure) { return nil, nil })
	if info := ended(r, ref); info.State != types.TaskInfoStateSuccess {
		t.Errorf("the next task ended as %+v", info)
	}
}

// TestTaskCancel shows that only a task that says it can be cancelled is.
func TestTaskCancel(t *testing.T) {
	r := New(esx.ServiceContent, esx.RootFolder, t.Logf)
	about := esx.HostSystem.Self
	hold := make(chan struct{})
	fixed := r.Task(r.Context(), about, "HostSystem.reboot", func() (types.AnyType, *fault.Failure) { <-hold; return nil, nil })
	if f := r.Job(fixed).End(); f == nil {
		t.Error("a task that cannot be cancelled was")
	}
	close(hold)
	loose := r.Run(r.Context(), Task{Entity: about, Kind: "VirtualMachine.relocate", Within: context.Background()},
		func(j *Job) (types.AnyType, *fault.Failure) { <-j.Ctx.Done(); return nil, j.Cancelled() })
	if f := r.Job(loose).End(); f != nil {
		t.Error(f)
	}
	info := ended(r, loose)
	if _, ok := info.Error.Fault.(*types.RequestCanceled); !ok || !info.Cancelled {
		t.Errorf("cancelled: %+v", info)
	}
	if info := ended(r, fixed); info.State != types.TaskInfoStateSuccess {
		t.Errorf("not cancelled: %+v", info)
	}
}

// TestTaskNames shows that a task is called as the method that it was made by.
func TestTaskNames(t *testing.T) {
	for kind, want := range map[string]string{
		"HostSystem.disconnect": "DisconnectHost_Task", "VirtualMachine.powerOn": "PowerOnVM_Task", "Folder.createVm": "CreateVM_Task",
		"ResourcePool.ImportVAppLRO": "ImportVAppLRO", "VirtualMachine.reconfigure": "ReconfigVM_Task",
	} {
		if got := methodOf(kind); got != want {
			t.Errorf("%s is %s, want %s", kind, got, want)
		}
	}
}
