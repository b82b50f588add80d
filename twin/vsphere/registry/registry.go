// SPDX-License-Identifier: GPL-3.0-or-later

// Package registry is the object store of one endpoint, govmomi's with objects that answer in place of its own; the endpoint's HTTPS
// side; and the one runner of its tasks.
package registry

import (
	"context"
	"reflect"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// Registry is the object store of one endpoint, with the objects that answer in place of the simulator's.
type Registry struct {
	*simulator.Registry
	Service *simulator.Service
	Calls   counter
	door    *doorkeeper
	// Inventory is held by whoever makes or removes objects that several hosts share.
	Inventory sync.Mutex

	logf func(string, ...any)

	mu       sync.RWMutex
	overlays map[types.ManagedObjectReference]mo.Reference
	// kinds make an overlay for any object of a type, or nil; for objects that come and go, such as folders.
	kinds map[string][]func(types.ManagedObjectReference) mo.Reference
	// guards are asked before each call whether it may be made.
	guards []func(*simulator.Method) types.BaseMethodFault
	tasks  int
	jobs   map[types.ManagedObjectReference]*Job // tasks that run
}

// Overlay is embedded by objects that answer single methods of a registered object. The registered object keeps the
// properties, and every method the overlay does not have.
//
// An overlay is not locked while it runs: a host's change is shown in two registries, and holding an object of one while
// waiting for the other is how two requests would wait for each other for ever.
type Overlay struct {
	Self types.ManagedObjectReference
}

func (o *Overlay) Reference() types.ManagedObjectReference { return o.Self }
func (*Overlay) Lock()                                     {}
func (*Overlay) Unlock()                                   {}

// New makes the registry of an endpoint with the simulator's objects for a product. logf logs one line.
func New(content types.ServiceContent, root mo.Folder, logf func(string, ...any)) *Registry {
	ctx, instance := simulator.NewServiceInstance(simulator.NewContext(), content, root)
	return Over(simulator.New(ctx, instance), ctx.Map, logf)
}

// Over is a registry over one that the simulator made; its handler becomes this one's.
func Over(service *simulator.Service, objects *simulator.Registry, logf func(string, ...any)) *Registry {
	r := &Registry{
		Registry: objects,
		Service:  service,
		logf:     logf,
		overlays: map[types.ManagedObjectReference]mo.Reference{},
		kinds:    map[string][]func(types.ManagedObjectReference) mo.Reference{},
		jobs:     map[types.ManagedObjectReference]*Job{},
	}
	r.Handler = r.handle
	return r
}

// WatchMachines calls changed whenever there is something new about a virtual machine that a restart must not lose.
func (r *Registry) WatchMachines(changed func()) {
	r.AddHandler(&machineWatcher{types.ManagedObjectReference{Type: "Watcher", Value: "machines"}, changed})
}

// Guard has a function asked before each call whether it may be made; nil lets it through.
func (r *Registry) Guard(ask func(*simulator.Method) types.BaseMethodFault) {
	r.guards = append(r.guards, ask)
}

// Answer has objects of a type answered by an overlay that make makes, where it has the method; nil for an object that is left to others.
func (r *Registry) Answer(kind string, make func(types.ManagedObjectReference) mo.Reference) {
	r.kinds[kind] = append(r.kinds[kind], make)
}

// handle finds the overlay that answers a call.
func (r *Registry) handle(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	for _, ask := range r.guards {
		if refusal := ask(method); refusal != nil {
			return nil, refusal
		}
	}
	object := r.overlayFor(method)
	if object != nil {
		prefer(ctx, method, object)
	}
	return object, nil
}

// overlayFor is the overlay that has a method of an object; nil for none.
func (r *Registry) overlayFor(method *simulator.Method) mo.Reference {
	r.mu.RLock()
	object := r.overlays[method.This]
	r.mu.RUnlock()
	if object != nil && answers(object, method.Name) {
		return object
	}
	for _, kind := range r.kinds[method.This.Type] {
		if object := kind(method.This); !isNil(object) && answers(object, method.Name) {
			return object
		}
	}
	return nil
}

// isNil tells whether there is no object, or a nil of some type.
func isNil(object mo.Reference) bool { return object == nil || reflect.ValueOf(object).IsNil() }

// prefer makes an object that the handler returns win. The simulator asks Handler first, but for a client that is logged in it then
// takes what the session sees under the same reference, which is always the registered object. So the session of this one request
// gets to see the handler's.
func prefer(ctx *simulator.Context, method *simulator.Method, object mo.Reference) {
	if ctx.Session == nil {
		return
	}
	view := simulator.NewRegistry()
	view.Put(object)
	if method.This.Type == "SessionManager" {
		ctx.Session.Registry = view // A session looks for this one in Map by another way.
	} else {
		ctx.Session.Map = view
	}
}

// answers tells whether an object has an API method. The simulator spells "X_Task" as XTask.
func answers(object mo.Reference, method string) bool {
	name := strings.ToUpper(method[:1]) + method[1:]
	if base, ok := strings.CutSuffix(name, "_Task"); ok {
		name = base + "Task"
	}
	return reflect.ValueOf(object).MethodByName(name).IsValid()
}

// Count counts the calls and keeps the doorkeeper informed; called is told of each method. Call it last.
func (r *Registry) Count(called func(method string)) {
	inner := r.Handler
	r.Handler = func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		r.Calls.add(method.Name)
		r.door.called(ctx.Session, method.Name)
		called(method.Name)
		return inner(ctx, method)
	}
}

// Overlay answers for one object from now on.
func (r *Registry) Overlay(object mo.Reference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.overlays[object.Reference()] = object
}

// DropOverlay forgets the overlay of an object that is removed.
func (r *Registry) DropOverlay(ref types.ManagedObjectReference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.overlays, ref)
}

// Context is for work that no request asked for, or that another registry's request asked for.
func (r *Registry) Context() *simulator.Context { return r.ContextOf("vpxuser") }

// ContextOf is for work on behalf of a user, after the request that asked for it was answered.
func (r *Registry) ContextOf(user string) *simulator.Context {
	return &simulator.Context{
		Context: context.Background(),
		Map:     r.Registry,
		Session: &simulator.Session{
			UserSession: types.UserSession{Key: uuid.NewString(), UserName: user},
			Registry:    simulator.NewRegistry(),
			Map:         r.Registry,
		},
	}
}

// Change is a property of an object that has a new value.
type Change = types.PropertyChange

// Change sets properties of a registered object and tells the clients that wait for updates.
func (r *Registry) Change(object mo.Reference, changes ...Change) {
	ctx := r.Context()
	r.WithLock(ctx, object.Reference(), func() { ctx.Update(object, changes) })
}

// Post writes an event to the registry's history.
func (r *Registry) Post(event types.BaseEvent) {
	ctx, manager := r.Context(), r.EventManager()
	r.WithLock(ctx, manager.Reference(), func() {
		manager.PostEvent(ctx, &types.PostEvent{EventToPost: event})
	})
}

// Ticket is a new service ticket: whoever has it may transfer a file.
func (r *Registry) Ticket() string { return r.door.ticket() }

// Set gives properties of a registered object new values, where there is such an object, and tells the clients that wait for updates.
func (r *Registry) Set(ref types.ManagedObjectReference, changes ...Change) {
	if object := r.Get(ref); object != nil {
		r.Change(object, changes...)
	}
}

// WithLock runs f with an object's lock on behalf of a context. Unlike the simulator's, it gives the lock back after a panic.
func (r *Registry) WithLock(ctx *simulator.Context, object mo.Reference, f func()) {
	defer r.AcquireLock(ctx, object)()
	f()
}

// Locked runs f while no one else uses the object's fields. No function here holds one such lock while it takes another.
func (r *Registry) Locked(ref types.ManagedObjectReference, f func()) {
	r.WithLock(r.Context(), ref, f)
}

// Get is the registered object of a type, with its fields to be used under locked only.
func Get[T mo.Reference](r *Registry, ref types.ManagedObjectReference) (T, bool) {
	found, ok := r.Get(ref).(T)
	return found, ok
}

// Read takes something from a registered object; the zero value when there is no such object.
func Read[T mo.Reference, V any](r *Registry, ref types.ManagedObjectReference, f func(T) V) (value V) {
	if found, ok := Get[T](r, ref); ok {
		r.Locked(ref, func() { value = f(found) })
	}
	return value
}
