// SPDX-License-Identifier: GPL-3.0-or-later

package registry

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// Do runs one of the simulator's own tasks and waits for it. ask is called with a context that no one else has.
func (r *Registry) Do(user string, ask func(*simulator.Context) (types.ManagedObjectReference, *soap.Fault)) (types.AnyType, *fault.Failure) {
	task, refused := ask(r.ContextOf(user))
	if refused != nil {
		return nil, FromSOAP(refused)
	}
	t, ok := Get[*simulator.Task](r, task)
	if !ok {
		return nil, fault.Gone(task)
	}
	t.Wait()
	var info types.TaskInfo
	r.Locked(task, func() { info = t.Info })
	if info.Error != nil {
		return nil, fault.New(info.Error.Fault, "%s", info.Error.LocalizedMessage)
	}
	return info.Result, nil
}

// FromSOAP is a fault of the simulator as a failure.
func FromSOAP(refused *soap.Fault) *fault.Failure {
	if f, ok := refused.VimFault().(types.BaseMethodFault); ok {
		return fault.New(f, "%s", refused.String)
	}
	return fault.System("%s", refused.String)
}
