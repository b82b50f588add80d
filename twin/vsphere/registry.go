// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"
	"maps"
	"reflect"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// registry is the object store of one endpoint, with the objects that answer in place of the simulator's.
type registry struct {
	*simulator.Registry
	service *simulator.Service
	calls   counter
	door    *doorkeeper
	// inventory is held by whoever makes or removes objects that several hosts share.
	inventory sync.Mutex

	mu       sync.RWMutex
	overlays map[types.ManagedObjectReference]mo.Reference
	// kinds makes an overlay for any object of a type; for objects that come and go, such as folders.
	kinds map[string]func(types.ManagedObjectReference) mo.Reference
	tasks int
}

// overlay is embedded by objects that answer single methods of a registered object. The registered object keeps the
// properties, and every method the overlay does not have.
//
// An overlay is not locked while it runs: a host's change is shown in two registries, and holding an object of one while
// waiting for the other is how two requests would wait for each other for ever.
type overlay struct {
	Self types.ManagedObjectReference
}

func (o *overlay) Reference() types.ManagedObjectReference { return o.Self }
func (*overlay) Lock()                                     {}
func (*overlay) Unlock()                                   {}

func newRegistry(content types.ServiceContent, root mo.Folder) *registry {
	ctx, instance := simulator.NewServiceInstance(simulator.NewContext(), content, root)
	r := &registry{
		Registry: ctx.Map,
		service:  simulator.New(ctx, instance),
		overlays: map[types.ManagedObjectReference]mo.Reference{},
		kinds:    map[string]func(types.ManagedObjectReference) mo.Reference{},
	}
	r.Handler = r.handle
	return r
}

// watchMachines calls changed whenever there is something new about a virtual machine that a restart must not lose.
func (r *registry) watchMachines(changed func()) {
	r.AddHandler(&machineWatcher{types.ManagedObjectReference{Type: "Watcher", Value: "machines"}, changed})
}

// handle finds the overlay that answers a call.
func (r *registry) handle(_ *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	r.mu.RLock()
	object, kind := r.overlays[method.This], r.kinds[method.This.Type]
	r.mu.RUnlock()
	if object == nil && kind != nil {
		object = kind(method.This)
	}
	if object == nil || !answers(object, method.Name) {
		return nil, nil
	}
	return object, nil
}

// answers tells whether an object has an API method. The simulator spells "X_Task" as XTask.
func answers(object mo.Reference, method string) bool {
	name := method
	if base, ok := strings.CutSuffix(method, "_Task"); ok {
		name = base + "Task"
	}
	return reflect.ValueOf(object).MethodByName(name).IsValid()
}

// seal finishes the handler, after all others were chained to it: it counts calls, and makes the objects that the handlers return
// win. The simulator asks Handler first, but for a client that is logged in it then takes what the session sees under the same
// reference, which is always the registered object. So the session of this one request gets to see the handler's.
func (r *registry) seal(called func(method string)) {
	inner := r.Handler
	r.Handler = func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		r.calls.add(method.Name)
		r.door.called(ctx.Session, method.Name)
		called(method.Name)
		object, refused := inner(ctx, method)
		if object != nil && ctx.Session != nil {
			view := simulator.NewRegistry()
			view.Put(object)
			if method.This.Type == "SessionManager" {
				ctx.Session.Registry = view // A session looks for this one in Map by another way.
			} else {
				ctx.Session.Map = view
			}
		}
		return object, refused
	}
}

// overlay answers for one object from now on.
func (r *registry) overlay(object mo.Reference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.overlays[object.Reference()] = object
}

// dropOverlay forgets the overlay of an object that is removed.
func (r *registry) dropOverlay(ref types.ManagedObjectReference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.overlays, ref)
}

// context is for work that no request asked for, or that another registry's request asked for.
func (r *registry) context() *simulator.Context {
	return &simulator.Context{
		Context: context.Background(),
		Map:     r.Registry,
		Session: &simulator.Session{
			UserSession: types.UserSession{Key: uuid.NewString(), UserName: "vpxuser"},
			Registry:    simulator.NewRegistry(),
			Map:         r.Registry,
		},
	}
}

// change is a property of an object that has a new value.
type change = types.PropertyChange

// update sets properties of a registered object and tells the clients that wait for updates.
func (r *registry) update(object mo.Reference, changes ...change) {
	ctx := r.context()
	r.WithLock(ctx, object.Reference(), func() { ctx.Update(object, changes) })
}

// post writes an event to the registry's history.
func (r *registry) post(event types.BaseEvent) {
	ctx, manager := r.context(), r.EventManager()
	r.WithLock(ctx, manager.Reference(), func() {
		manager.PostEvent(ctx, &types.PostEvent{EventToPost: event})
	})
}

// counter counts by name.
type counter struct {
	mu sync.Mutex
	n  map[string]int64
}

func (c *counter) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int64{}
	}
	c.n[name]++
}

func (c *counter) snapshot() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		return map[string]int64{}
	}
	return maps.Clone(c.n)
}
