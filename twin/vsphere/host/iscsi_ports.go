// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// BindVnic binds a VMkernel adapter to the software iSCSI adapter. Faults: IscsiFaultVnicAlreadyBound,
// IscsiFaultVnicHasMultipleUplinks, IscsiFaultVnicHasNoUplinks, IscsiFaultVnicNotFound, NotFound.
func (s *State) BindVnic(hba, device string) *fault.Failure {
	if f := s.CheckHBA(hba); f != nil {
		return f
	}
	if s.Vnic(device) == nil {
		return fault.New(&types.IscsiFaultVnicNotFound{VnicDevice: device}, "The host has no VMkernel adapter %q", device)
	}
	if slices.Contains(s.ISCSI.Bound, device) {
		return fault.New(&types.IscsiFaultVnicAlreadyBound{VnicDevice: device}, "%s is bound to %s already", device, hba)
	}
	if f := s.checkPort(device); f != nil {
		return f
	}
	s.ISCSI.Bound = append(s.ISCSI.Bound, device)
	return nil
}

// checkPort is the reason why an adapter cannot be bound: the port group under it has no uplink, or several active ones.
func (s *State) checkPort(device string) *fault.Failure {
	active, standby := s.activeUplinks(device)
	switch {
	case len(active) == 0:
		return fault.New(&types.IscsiFaultVnicHasNoUplinks{VnicDevice: device}, "%s has no active uplink", device)
	case len(active)+len(standby) > 1:
		return fault.New(&types.IscsiFaultVnicHasMultipleUplinks{VnicDevice: device}, "%s has several uplinks (%v): a bound adapter has exactly one", device, append(active, standby...))
	}
	return nil
}

// activeUplinks are the physical adapters behind a VMkernel adapter, after the port group's order.
func (s *State) activeUplinks(device string) (active, standby []string) {
	nic := s.Vnic(device)
	if nic == nil {
		return nil, nil
	}
	group := s.portgroup(nic.Portgroup)
	if group == nil || group.ComputedPolicy.NicTeaming == nil || group.ComputedPolicy.NicTeaming.NicOrder == nil {
		return nil, nil
	}
	order := group.ComputedPolicy.NicTeaming.NicOrder
	return slices.Clone(order.ActiveNic), slices.Clone(order.StandbyNic)
}

// UnbindVnic releases an adapter. One that is the last with paths to disks needs force. Faults: IscsiFaultVnicHasActivePaths,
// IscsiFaultVnicNotBound, NotFound.
func (s *State) UnbindVnic(hba, device string, force, activePaths bool) *fault.Failure {
	if f := s.CheckHBA(hba); f != nil {
		return f
	}
	if !slices.Contains(s.ISCSI.Bound, device) {
		return fault.New(&types.IscsiFaultVnicNotBound{VnicDevice: device}, "%s is not bound to %s", device, hba)
	}
	if activePaths && !force {
		return fault.New(&types.IscsiFaultVnicHasActivePaths{VnicDevice: device}, "%s has active paths to disks behind %s", device, hba)
	}
	s.ISCSI.Bound = slices.DeleteFunc(s.ISCSI.Bound, func(d string) bool { return d == device })
	return nil
}

// PortInfo is what IscsiManager says of a VMkernel adapter.
func (s *State) PortInfo(device string, activePaths bool) types.IscsiPortInfo {
	info := types.IscsiPortInfo{VnicDevice: device, ComplianceStatus: &types.IscsiStatus{}, PathStatus: string(types.IscsiPortInfoPathStatusNotUsed)}
	nic := s.Vnic(device)
	info.Vnic = nic
	if group := s.portgroup(nic.Portgroup); group != nil {
		info.PortgroupName, info.PortgroupKey = group.Spec.Name, group.Key
		info.SwitchName = group.Spec.VswitchName
	}
	if active, _ := s.activeUplinks(device); len(active) > 0 {
		info.PnicDevice, info.Pnic = active[0], s.Pnic(active[0])
	}
	if f := s.checkPort(device); f != nil {
		info.ComplianceStatus.Reason = []types.LocalizedMethodFault{*f.Localized()}
	}
	if activePaths && slices.Contains(s.ISCSI.Bound, device) {
		info.PathStatus = string(types.IscsiPortInfoPathStatusActive)
		if len(s.ISCSI.Bound) == 1 {
			info.PathStatus = string(types.IscsiPortInfoPathStatusLastActive)
		}
	}
	return info
}

// Candidates are the adapters that could be bound.
func (s *State) Candidates() []string {
	var devices []string
	for _, nic := range s.Network.Vnic {
		if s.checkPort(nic.Device) == nil && !slices.Contains(s.ISCSI.Bound, nic.Device) {
			devices = append(devices, nic.Device)
		}
	}
	return devices
}

// PortInfos is what there is to say of some VMkernel adapters.
func (h *Host) PortInfos(devices []string) []types.IscsiPortInfo {
	var infos []types.IscsiPortInfo
	for _, device := range devices {
		infos = append(infos, h.State().PortInfo(device, h.Storage.Load().ActivePaths()))
	}
	return infos
}
