// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// overlay is embedded by objects that answer single methods of a registered object. The registered object keeps the
// properties, and every method the overlay does not have. An overlay is not locked while it runs.
type overlay struct {
	Self ref
}

func (o *overlay) Reference() ref { return o.Self }
func (*overlay) Lock()            {}
func (*overlay) Unlock()          {}

// attach takes over the machines of a registry.
func (m *Manager) attach(svc *simulator.Service, reg *simulator.Registry, hostOf func(ref) host) *inventory {
	inv := &inventory{m: m, reg: reg, hostOf: hostOf, byRef: map[ref]*machine{}, jobs: map[ref]*job{}}
	inv.mendEvents()
	reg.AddHandler(&watcher{ref{Type: "Watcher", Value: "machines.faces"}, inv})
	previous := reg.Handler
	reg.Handler = func(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
		if method.Name == "Login" {
			m.align() // Whoever logs in sees what is so now, not what was a second ago.
		}
		if inv.blocked(method) {
			return nil, &types.MethodDisabled{}
		}
		if object := inv.overlayFor(method); object != nil && answers(object, method.Name) {
			prefer(ctx, object)
			return object, nil
		}
		if previous != nil {
			return previous(ctx, method)
		}
		return nil, nil
	}
	// More specific than the simulator's own "/nfc/", which takes no disk.
	pattern, serve := "/nfc/{lease}/{file}", m.leases.serve
	if svc.ServeMux == nil {
		svc.HandleFunc(pattern, serve)
	} else {
		svc.ServeMux.Handle(pattern, http.HandlerFunc(serve))
	}
	m.mu.Lock()
	m.inventories = append(m.inventories, inv)
	m.mu.Unlock()
	return inv
}

// prefer makes an object that a handler returns win. The simulator asks the handler first, but for a client that is logged in it
// then takes what the session sees under the same reference, which is the registered object. So the session of this one
// request gets to see the handler's.
func prefer(ctx *simulator.Context, object mo.Reference) {
	if ctx.Session != nil {
		view := simulator.NewRegistry()
		view.Put(object)
		ctx.Session.Map = view
	}
}

// overlayFor is the object that may answer a method in place of the registered one; nil for none.
func (inv *inventory) overlayFor(method *simulator.Method) mo.Reference {
	o := &overlay{method.This}
	switch method.This.Type {
	case "VirtualMachine":
		if mc := inv.machine(method.This); mc != nil {
			return &vmMethods{overlay: o, inv: inv, mc: mc}
		}
	case "Task":
		inv.mu.Lock()
		defer inv.mu.Unlock()
		if j := inv.jobs[method.This]; j != nil {
			return &taskMethods{o, j}
		}
	case "ResourcePool", "VirtualApp":
		return &poolMethods{o, inv}
	case "Folder":
		return &folderMethods{o, inv}
	case "HttpNfcLease":
		if l := inv.m.leases.at(method.This); l != nil {
			return &leaseMethods{o, l}
		}
	case "Datacenter":
		return &datacenterMethods{o, inv}
	case "OvfManager":
		return &ovfMethods{o, inv}
	case "ServiceInstance":
		return &serviceMethods{o, inv}
	case "VirtualMachineProvisioningChecker":
		return &checkerMethods{o, inv}
	case "PerformanceManager":
		return &perfMethods{o, inv}
	}
	return nil
}

// answers tells whether an object has an API method. The simulator spells "X_Task" as XTask.
func answers(object mo.Reference, method string) bool {
	name := strings.ToUpper(method[:1]) + method[1:]
	if base, ok := strings.CutSuffix(name, "_Task"); ok {
		name = base + "Task"
	}
	return reflect.ValueOf(object).MethodByName(name).IsValid()
}
