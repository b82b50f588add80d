// SPDX-License-Identifier: GPL-3.0-or-later

package vcenter

import (
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// ReconfigureSwitch changes a distributed switch: hosts join it with uplinks of theirs, or leave it. When one of them cannot, none
// does. Distributed switches are not saved: after a restart only the hosts know of them. Faults: those of the host, and
// ManagedObjectNotFound, NotSupported.
func (vc *VCenter) ReconfigureSwitch(ref types.ManagedObjectReference, spec types.BaseDVSConfigSpec, user string) *fault.Failure {
	dvs, ok := registry.Get[*simulator.DistributedVirtualSwitch](vc.Registry, ref)
	if !ok {
		return fault.Gone(ref)
	}
	var undo []func() *fault.Failure
	for _, member := range spec.GetDVSConfigSpec().Host {
		back, f := vc.changeMember(dvs, member)
		if f != nil {
			return fault.First(f, all(undo))
		}
		undo = append(undo, back)
	}
	_, f := vc.Registry.Do(user, func(ctx *simulator.Context) (types.ManagedObjectReference, *soap.Fault) {
		body := dvs.ReconfigureDvsTask(ctx, &types.ReconfigureDvs_Task{This: ref, Spec: spec}).(*methods.ReconfigureDvs_TaskBody)
		return body.Res.Returnval, body.Fault_
	})
	if f != nil {
		return fault.First(f, all(undo))
	}
	for _, member := range spec.GetDVSConfigSpec().Host {
		if member.Operation == string(types.ConfigSpecOperationRemove) {
			vc.forgetMember(dvs, member.Host)
		}
	}
	return nil
}

// forgetMember takes a switch's port groups and a host that has left it out of each other's lists, which the simulator does not.
func (vc *VCenter) forgetMember(dvs *simulator.DistributedVirtualSwitch, host types.ManagedObjectReference) {
	for _, group := range vc.Registry.List(dvs.Self, "portgroup") {
		vc.Registry.RemoveFrom(group, "host", host)
		vc.Registry.RemoveFrom(host, "network", group)
	}
}

// DestroySwitch removes a distributed switch, once all its hosts have left it. Faults: those of ReconfigureSwitch.
func (vc *VCenter) DestroySwitch(ref types.ManagedObjectReference, user string) *fault.Failure {
	dvs, ok := registry.Get[*simulator.DistributedVirtualSwitch](vc.Registry, ref)
	if !ok {
		return fault.Gone(ref)
	}
	spec := &types.DVSConfigSpec{}
	for _, host := range registry.Read(vc.Registry, ref, func(dvs *simulator.DistributedVirtualSwitch) []types.ManagedObjectReference {
		return slices.Clone(dvs.Summary.HostMember)
	}) {
		spec.Host = append(spec.Host, types.DistributedVirtualSwitchHostMemberConfigSpec{Operation: "remove", Host: host})
	}
	if f := vc.ReconfigureSwitch(ref, spec, user); f != nil {
		return f
	}
	for _, group := range vc.Registry.List(ref, "portgroup") {
		if entity, ok := vc.Registry.Get(group).(mo.Entity); ok {
			vc.Registry.Orphan(entity)
		}
	}
	_, f := vc.Registry.Do(user, func(ctx *simulator.Context) (types.ManagedObjectReference, *soap.Fault) {
		body := dvs.DestroyTask(ctx, &types.Destroy_Task{This: ref}).(*methods.Destroy_TaskBody)
		return body.Res.Returnval, body.Fault_
	})
	return f
}

// all does what is to be undone, and is the first of its faults.
func all(undo []func() *fault.Failure) (first *fault.Failure) {
	for _, back := range undo {
		first = fault.First(first, back())
	}
	return first
}

// changeMember has a host join or leave a distributed switch, and says how to take that back.
func (vc *VCenter) changeMember(dvs *simulator.DistributedVirtualSwitch, member types.DistributedVirtualSwitchHostMemberConfigSpec,
) (undo func() *fault.Failure, f *fault.Failure) {
	v := vc.viewAt(member.Host)
	if v == nil {
		return nil, fault.Gone(member.Host)
	}
	name := vc.Registry.NameOf(dvs.Self)
	join := func(nics []string) *fault.Failure {
		return v.Change(func(s *host.State) *fault.Failure { return s.JoinSwitch(dvs.Uuid, name, nics) })
	}
	leave := func() *fault.Failure {
		return v.Change(func(s *host.State) *fault.Failure { return s.LeaveSwitch(dvs.Uuid, name) })
	}
	switch types.ConfigSpecOperation(member.Operation) {
	case types.ConfigSpecOperationAdd:
		return leave, join(uplinksOf(member.Backing))
	case types.ConfigSpecOperationRemove:
		had := v.Host.State().SwitchUplinks(dvs.Uuid)
		return func() *fault.Failure { return join(had) }, leave()
	}
	return nil, fault.New(&types.NotSupported{}, "The membership of %s in %q can be added and removed, not changed", v.Name, name)
}

// uplinksOf are the physical adapters that a host gives a distributed switch.
func uplinksOf(backing types.BaseDistributedVirtualSwitchHostMemberBacking) (nics []string) {
	if pnics, ok := backing.(*types.DistributedVirtualSwitchHostMemberPnicBacking); ok {
		for _, spec := range pnics.PnicSpec {
			nics = append(nics, spec.PnicDevice)
		}
	}
	return nics
}
