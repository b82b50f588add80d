// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// Kinds of traffic that a VMkernel adapter can carry.
const (
	nicManagement   = "management"
	NicVMotion      = "vmotion"
	nicProvisioning = "vSphereProvisioning"
)

// NicTypes are all kinds, in the order in which ESXi reports them.
var NicTypes = []string{
	"faultToleranceLogging", nicManagement, "nvmeRdma", "nvmeTcp", "vSphereBackupNFC", nicProvisioning, "vSphereReplication",
	"vSphereReplicationNFC", NicVMotion, "vsan", "vsanWitness",
}

// Carriers are the adapters that carry a kind of traffic.
func (s *State) Carriers(nicType string) []string {
	for _, selection := range s.Selected {
		if selection.NicType == nicType {
			return selection.Devices
		}
	}
	return nil
}

// SelectNic lets an adapter carry a kind of traffic.
func (s *State) SelectNic(nicType, device string) {
	for i := range s.Selected {
		if s.Selected[i].NicType == nicType {
			if !slices.Contains(s.Selected[i].Devices, device) {
				s.Selected[i].Devices = append(s.Selected[i].Devices, device)
			}
			return
		}
	}
	s.Selected = append(s.Selected, nicSelection{NicType: nicType, Devices: []string{device}})
}

// SelectVnic is SelectVnicForNicType. Faults: HostConfigFault, InvalidArgument.
func (s *State) SelectVnic(nicType, device string) *fault.Failure {
	if f := s.CheckSelection(nicType, device); f != nil {
		return f
	}
	s.SelectNic(nicType, device)
	return nil
}

// DeselectVnic is DeselectVnicForNicType. Faults: HostConfigFault, InvalidArgument.
func (s *State) DeselectVnic(nicType, device string) *fault.Failure {
	if f := s.CheckSelection(nicType, device); f != nil {
		return f
	}
	devices := s.Carriers(nicType)
	if !slices.Contains(devices, device) {
		return fault.Invalid("device", "%s does not carry %s traffic", device, nicType)
	}
	if nicType == nicManagement && len(devices) == 1 {
		return fault.HostConfig("%s is the only VMkernel adapter for management traffic", device)
	}
	for i := range s.Selected {
		if s.Selected[i].NicType == nicType {
			s.Selected[i].Devices = slices.DeleteFunc(s.Selected[i].Devices, func(d string) bool { return d == device })
		}
	}
	return nil
}

func (s *State) CheckSelection(nicType, device string) *fault.Failure {
	if !slices.Contains(NicTypes, nicType) {
		return fault.Invalid("nicType", "%q is not one of %v", nicType, NicTypes)
	}
	nic := s.Vnic(device)
	if nic == nil {
		return fault.Invalid("device", "the host has no VMkernel adapter %q", device)
	}
	if !carries(nic.Spec.NetStackInstanceKey, nicType) {
		return fault.HostConfig("%s is on the TCP/IP stack %q, which does not carry %s traffic", device, nic.Spec.NetStackInstanceKey, nicType)
	}
	return nil
}

// carries tells whether a TCP/IP stack carries a kind of traffic: the default one carries all, the others only their own.
func carries(stack, nicType string) bool { return stack == defaultStack || stack == nicType }

// NetConfigs is what HostVirtualNicManager reports: for each kind the adapters that could carry it and those that do.
func (s *State) NetConfigs() []types.VirtualNicManagerNetConfig {
	configs := make([]types.VirtualNicManagerNetConfig, 0, len(NicTypes))
	for _, nicType := range NicTypes {
		config := types.VirtualNicManagerNetConfig{NicType: nicType, MultiSelectAllowed: true}
		for _, nic := range s.Network.Vnic {
			if !carries(nic.Spec.NetStackInstanceKey, nicType) {
				continue
			}
			candidate := nic
			candidate.Key = nicType + "." + nic.Key
			config.CandidateVnic = append(config.CandidateVnic, candidate)
			if slices.Contains(s.Carriers(nicType), nic.Device) {
				config.SelectedVnic = append(config.SelectedVnic, candidate.Key)
			}
		}
		configs = append(configs, config)
	}
	return configs
}

// Vmotion is what HostVMotionSystem reports, the older way to see the adapter for vMotion.
func (s *State) Vmotion() types.HostVMotionInfo {
	info := types.HostVMotionInfo{NetConfig: &types.HostVMotionNetConfig{}}
	for _, nic := range s.Network.Vnic {
		if !carries(nic.Spec.NetStackInstanceKey, NicVMotion) {
			continue
		}
		candidate := nic
		candidate.Key = "VMotionConfig.vmotion." + nic.Key
		info.NetConfig.CandidateVnic = append(info.NetConfig.CandidateVnic, candidate)
	}
	if devices := s.Carriers(NicVMotion); len(devices) > 0 {
		info.NetConfig.SelectedVnic = "VMotionConfig.vmotion." + vnicKey(devices[0])
		if nic := s.Vnic(devices[0]); nic != nil {
			info.IpConfig = nic.Spec.Ip
		}
	}
	return info
}

// ClearSelection takes a kind of traffic from every adapter.
func (s *State) ClearSelection(nicType string) {
	for i := range s.Selected {
		if s.Selected[i].NicType == nicType {
			s.Selected[i].Devices = nil
		}
	}
}
