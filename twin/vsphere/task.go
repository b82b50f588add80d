// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"fmt"
	"log"
	"runtime/debug"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// task runs work as a task of the registry and returns its reference at once. The simulator's own tasks keep the object they are
// about locked for as long as they run, and say of a fault no more than its type; these do neither.
//
// descriptionID is the task's kind in the API reference, such as "host.reconnect".
func (r *registry) task(ctx *simulator.Context, entity types.ManagedObjectReference, descriptionID string,
	work func() (types.AnyType, *fault.Failure),
) types.ManagedObjectReference {
	t := &simulator.Task{}
	now := time.Now()
	t.Info = types.TaskInfo{
		Entity: &entity, EntityName: r.nameOf(entity), DescriptionId: descriptionID, Name: descriptionID + "_Task",
		QueueTime: now, StartTime: &now, State: types.TaskInfoStateRunning,
		Reason: &types.TaskReasonUser{UserName: userOf(ctx)},
	}
	r.mu.Lock()
	r.tasks++
	t.Self = types.ManagedObjectReference{Type: "Task", Value: fmt.Sprintf("task-%d", taskBase+r.tasks)}
	r.mu.Unlock()
	t.Info.Key, t.Info.Task = t.Self.Value, t.Self
	r.Put(t)
	go r.finish(t, work)
	return t.Self
}

// taskBase keeps these tasks' numbers apart from those of the simulator's own.
const taskBase = 100000

func (r *registry) finish(t *simulator.Task, work func() (types.AnyType, *fault.Failure)) {
	result, f := r.attempt(work)
	changes := []change{{Name: "info.completeTime", Val: time.Now()}}
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
	r.update(t, changes...)
}

// attempt runs a task's work. A panic in it fails the task; it does not end the data centre, as a request's would not.
func (r *registry) attempt(work func() (types.AnyType, *fault.Failure)) (result types.AnyType, f *fault.Failure) {
	defer func() {
		if p := recover(); p != nil {
			log.Printf("vsphere: a task failed: %v\n%s", p, debug.Stack())
			f = fault.New(&types.SystemError{Reason: fmt.Sprint(p)}, "A general system error occurred: %v", p)
		}
	}()
	return work()
}

func userOf(ctx *simulator.Context) string {
	if ctx.Session == nil {
		return ""
	}
	return ctx.Session.UserName
}

// nameOf is an entity's name, or its id when it has none.
func (r *registry) nameOf(ref types.ManagedObjectReference) string {
	name := ref.Value
	if entity, ok := r.Get(ref).(mo.Entity); ok {
		r.WithLock(r.context(), ref, func() {
			if n := entity.Entity().Name; n != "" {
				name = n
			}
		})
	}
	return name
}
