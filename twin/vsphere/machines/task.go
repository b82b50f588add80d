// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// taskBase keeps the numbers of these tasks apart from those of the simulator's own.
const taskBase = 200000

// job is a task that runs. The simulator's own tasks keep their object locked for as long as they run, have no progress, and
// say of a fault no more than its type; these do not.
type job struct {
	inv    *inventory
	task   ref
	user   string
	ctx    context.Context // ends when the task is cancelled or the manager closed
	cancel context.CancelFunc
	shown  int // progress that clients have seen, percent
}

// start runs work as a task and returns the task's reference at once. descriptionID is the task's kind in the API reference, such
// as "VirtualMachine.powerOn".
func (inv *inventory) start(ctx *simulator.Context, entity ref, descriptionID string, work func(*job) (types.AnyType, *fault.Failure)) ref {
	return inv.startAfter(ctx, entity, descriptionID, func(ref) {}, work)
}

// startAfter is start; first is done before the request for the task is answered, so in the order of requests.
func (inv *inventory) startAfter(ctx *simulator.Context, entity ref, descriptionID string, first func(task ref),
	work func(*job) (types.AnyType, *fault.Failure),
) ref {
	t := &simulator.Task{}
	t.Info = types.TaskInfo{
		Entity: &entity, EntityName: inv.nameOf(entity), DescriptionId: descriptionID, Name: methodOf(descriptionID),
		State: types.TaskInfoStateRunning, Cancelable: true,
		Reason: &types.TaskReasonUser{UserName: userOf(ctx)},
	}
	inv.m.mu.Lock()
	inv.m.tasks++
	t.Self = ref{Type: "Task", Value: fmt.Sprintf("task-%d", taskBase+inv.m.tasks)}
	inv.m.mu.Unlock()
	t.Info.Key, t.Info.Task = t.Self.Value, t.Self
	j := &job{inv: inv, task: t.Self, user: userOf(ctx)}
	j.ctx, j.cancel = context.WithCancel(inv.m.ctx)

	inv.mu.Lock()
	inv.jobs[t.Self] = j
	inv.mu.Unlock()
	now := time.Now()
	t.Info.QueueTime, t.Info.StartTime = now, &now
	first(t.Self)
	// Registering it adds it to the entity's recent tasks.
	inv.locked(entity, func() { inv.reg.Put(t) })
	go j.run(work)
	return t.Self
}

// methodOf is the API method behind a task: where the two are not called alike, the task's kind is shorter.
func methodOf(descriptionID string) string {
	_, what, _ := strings.Cut(descriptionID, ".")
	switch what {
	case "powerOn", "powerOff", "reset", "suspend", "relocate", "migrate":
		what += "VM"
	case "reconfigure":
		what = "reconfigVM"
	case "createVm":
		what = "createVM"
	case "ImportVAppLRO":
		return what
	}
	return strings.ToUpper(what[:1]) + what[1:] + "_Task"
}

func (j *job) run(work func(*job) (types.AnyType, *fault.Failure)) {
	defer j.cancel()
	result, f := work(j)
	j.inv.mu.Lock()
	delete(j.inv.jobs, j.task)
	j.inv.mu.Unlock()

	changes := []change{{Name: "info.completeTime", Val: time.Now()}, {Name: "info.cancelable", Val: false}}
	if f != nil {
		changes = append(changes,
			change{Name: "info.error", Val: *f.Localized()},
			change{Name: "info.state", Val: types.TaskInfoStateError})
	} else {
		changes = append(changes,
			change{Name: "info.result", Val: result},
			change{Name: "info.progress", Val: int32(100)},
			change{Name: "info.state", Val: types.TaskInfoStateSuccess})
	}
	j.inv.set(j.task, changes...)
}

// progress shows how far the task is, in percent. It never goes back.
func (j *job) progress(percent int) {
	percent = min(percent, 99)
	if percent > j.shown {
		j.shown = percent
		j.inv.set(j.task, change{Name: "info.progress", Val: int32(percent)})
	}
}

// taskMethods answers for a task that runs.
type taskMethods struct {
	*overlay
	job *job
}

// CancelTask has the work stop; the task then ends with RequestCanceled.
func (t *taskMethods) CancelTask(*types.CancelTask) soap.HasFault {
	t.job.inv.set(t.Self, change{Name: "info.cancelled", Val: true})
	t.job.cancel()
	return &methods.CancelTaskBody{Res: &types.CancelTaskResponse{}}
}

// cancelled is the fault of a task whose work was cancelled; nil when it was not.
func (j *job) cancelled() *fault.Failure {
	if j.ctx.Err() == nil {
		return nil
	}
	return fault.New(&types.RequestCanceled{}, "The task was canceled by a user")
}

// do runs one of the simulator's own tasks and waits for it. ask is called with a context that no one else has.
func (inv *inventory) do(user string, ask func(*simulator.Context) (ref, *soap.Fault)) (types.AnyType, *fault.Failure) {
	task, refused := ask(inv.context(user))
	if refused != nil {
		return nil, fromSOAP(refused)
	}
	t, ok := get[*simulator.Task](inv, task)
	if !ok {
		return nil, fault.Gone(task)
	}
	t.Wait()
	var info types.TaskInfo
	inv.locked(task, func() { info = t.Info })
	if info.Error != nil {
		return nil, fault.New(info.Error.Fault, "%s", info.Error.LocalizedMessage)
	}
	return info.Result, nil
}

// fromSOAP is a fault of the simulator as a failure.
func fromSOAP(refused *soap.Fault) *fault.Failure {
	if f, ok := refused.VimFault().(types.BaseMethodFault); ok {
		return fault.New(f, "%s", refused.String)
	}
	return fault.System("%s", refused.String)
}
