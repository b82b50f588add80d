// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/survive"
	"livelab.dev/twin/vsphere/registry/fault"
)

// taskBase keeps the numbers of these tasks apart from those of the simulator's own.
const taskBase = 100000

// Task is what is to be done as a task.
type Task struct {
	// Entity is what it is about.
	Entity types.ManagedObjectReference
	// Kind is its descriptionId in the API reference, such as "VirtualMachine.powerOn".
	Kind string
	// Within ends the task when it ends; nil for a task that cannot be cancelled.
	Within context.Context
	// First is done before the request for the task is answered, so in the order of requests. May be nil.
	First func(task types.ManagedObjectReference)
}

// Job is a task that runs.
type Job struct {
	Ref    types.ManagedObjectReference
	User   string          // who asked for it
	Ctx    context.Context // ends when the task is cancelled, or what it is within ends
	reg    *Registry
	Cancel context.CancelFunc
	final  bool // it cannot be cancelled
	shown  int  // progress that clients have seen, percent
}

// Task runs work that cannot be cancelled as a task about an entity.
func (r *Registry) Task(ctx *simulator.Context, entity types.ManagedObjectReference, kind string,
	work func() (types.AnyType, *fault.Failure),
) types.ManagedObjectReference {
	return r.Run(ctx, Task{Entity: entity, Kind: kind}, func(*Job) (types.AnyType, *fault.Failure) { return work() })
}

// Run runs work as a task of the registry and returns its reference at once. The simulator's own tasks keep the object they are
// about locked for as long as they run, have no progress, and say of a fault no more than its type; these do not.
func (r *Registry) Run(ctx *simulator.Context, what Task, work func(*Job) (types.AnyType, *fault.Failure)) types.ManagedObjectReference {
	t := &simulator.Task{}
	t.Info = types.TaskInfo{
		Entity: &what.Entity, EntityName: r.NameOf(what.Entity), DescriptionId: what.Kind, Name: methodOf(what.Kind),
		State: types.TaskInfoStateRunning, Cancelable: what.Within != nil,
		Reason: &types.TaskReasonUser{UserName: UserOf(ctx)},
	}
	j := &Job{reg: r, User: UserOf(ctx), final: what.Within == nil}
	if what.Within == nil {
		what.Within = context.Background()
	}
	j.Ctx, j.Cancel = context.WithCancel(what.Within)
	r.mu.Lock()
	r.tasks++
	t.Self = types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-%d", taskBase+r.tasks)}
	j.Ref, r.jobs[t.Self] = t.Self, j
	r.mu.Unlock()
	t.Info.Key, t.Info.Task = t.Self.Value, t.Self

	now := time.Now()
	t.Info.QueueTime, t.Info.StartTime = now, &now
	if what.First != nil {
		what.First(t.Self)
	}
	// Registering it adds it to the entity's recent tasks.
	r.WithLock(r.Context(), what.Entity, func() { r.Put(t) })
	go j.finish(t, work)
	return t.Self
}

// finish does a task's work and shows how it ended.
func (j *Job) finish(t *simulator.Task, work func(*Job) (types.AnyType, *fault.Failure)) {
	defer j.Cancel()
	result, f := j.attempt(t.Info.DescriptionId, work)
	j.reg.mu.Lock()
	delete(j.reg.jobs, j.Ref)
	j.reg.mu.Unlock()

	changes := []Change{{Name: "info.completeTime", Val: time.Now()}, {Name: "info.cancelable", Val: false}}
	if f != nil {
		changes = append(changes,
			Change{Name: "info.error", Val: *f.Localized()},
			Change{Name: "info.state", Val: types.TaskInfoStateError})
	} else {
		changes = append(changes,
			Change{Name: "info.result", Val: result},
			Change{Name: "info.progress", Val: int32(100)},
			Change{Name: "info.state", Val: types.TaskInfoStateSuccess})
	}
	j.reg.Change(t, changes...)
}

// attempt does a task's work. A panic in it fails the task; it does not end the data centre, as a request's would not.
func (j *Job) attempt(what string, work func(*Job) (types.AnyType, *fault.Failure)) (result types.AnyType, f *fault.Failure) {
	if err := survive.Do(j.reg.logf, j.Ref.Value+", "+what, func() { result, f = work(j) }); err != nil {
		return nil, fault.System("%v", err)
	}
	return result, f
}

// Progress shows how far the task is, in percent. It never goes back.
func (j *Job) Progress(percent int) {
	percent = min(percent, 99)
	if percent > j.shown {
		j.shown = percent
		j.reg.Set(j.Ref, Change{Name: "info.progress", Val: int32(percent)})
	}
}

// Cancelled is the fault of a task whose work was cancelled; nil when it was not.
func (j *Job) Cancelled() *fault.Failure {
	if j.Ctx.Err() == nil {
		return nil
	}
	return fault.New(&types.RequestCanceled{}, "The task was canceled by a user")
}

// End has the work stop; the task then ends with RequestCanceled.
func (j *Job) End() *fault.Failure {
	if j.final {
		return fault.New(&types.NotSupported{}, "The task %s cannot be canceled", j.Ref.Value)
	}
	j.reg.Set(j.Ref, Change{Name: "info.cancelled", Val: true})
	j.Cancel()
	return nil
}

// ByHost tells whether the task was asked for at a host's own endpoint, and not at vCenter's.
func (j *Job) ByHost() bool { return j.reg.IsESX() }

// Job is a task of these that runs; nil for any other.
func (r *Registry) Job(ref types.ManagedObjectReference) *Job {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.jobs[ref]
}

// methodOf is the API method behind a task: where the two are not called alike, the task's kind is shorter.
func methodOf(kind string) string {
	_, what, _ := strings.Cut(kind, ".")
	switch what {
	case "powerOn", "powerOff", "reset", "suspend", "relocate", "migrate":
		what += "VM"
	case "disconnect", "reconnect", "reboot":
		what += "Host"
	case "reconfigure":
		what = "reconfigVM"
	case "createVm":
		what = "createVM"
	case "ImportVAppLRO":
		return what
	}
	return strings.ToUpper(what[:1]) + what[1:] + "_Task"
}

// UserOf is who made a request.
func UserOf(ctx *simulator.Context) string {
	if ctx.Session == nil {
		return ""
	}
	return ctx.Session.UserName
}

// NameOf is an object's name, or its id when it has none.
func (r *Registry) NameOf(ref types.ManagedObjectReference) string {
	name := ref.Value
	if entity, ok := r.Get(ref).(mo.Entity); ok {
		r.Locked(ref, func() {
			if n := entity.Entity().Name; n != "" {
				name = n
			}
		})
	}
	return name
}
