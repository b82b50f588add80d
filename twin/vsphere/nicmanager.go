// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// Kinds of traffic that a VMkernel adapter can carry.
const (
	nicManagement   = "management"
	nicVMotion      = "vmotion"
	nicProvisioning = "vSphereProvisioning"
)

// nicTypes are all kinds, in the order in which ESXi reports them.
var nicTypes = []string{
	"faultToleranceLogging", nicManagement, "nvmeRdma", "nvmeTcp", "vSphereBackupNFC", nicProvisioning, "vSphereReplication",
	"vSphereReplicationNFC", nicVMotion, "vsan", "vsanWitness",
}

// selected are the adapters that carry a kind of traffic.
func (s *state) selected(nicType string) []string {
	for _, selection := range s.Selected {
		if selection.NicType == nicType {
			return selection.Devices
		}
	}
	return nil
}

// selectNic lets an adapter carry a kind of traffic.
func (s *state) selectNic(nicType, device string) {
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

// selectVnic is SelectVnicForNicType. Faults: HostConfigFault, InvalidArgument.
func (s *state) selectVnic(nicType, device string) *fault.Failure {
	if f := s.checkSelection(nicType, device); f != nil {
		return f
	}
	s.selectNic(nicType, device)
	return nil
}

// deselectVnic is DeselectVnicForNicType. Faults: HostConfigFault, InvalidArgument.
func (s *state) deselectVnic(nicType, device string) *fault.Failure {
	if f := s.checkSelection(nicType, device); f != nil {
		return f
	}
	devices := s.selected(nicType)
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

func (s *state) checkSelection(nicType, device string) *fault.Failure {
	if !slices.Contains(nicTypes, nicType) {
		return fault.Invalid("nicType", "%q is not one of %v", nicType, nicTypes)
	}
	nic := s.vnic(device)
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

// netConfigs is what HostVirtualNicManager reports: for each kind the adapters that could carry it and those that do.
func (s *state) netConfigs() []types.VirtualNicManagerNetConfig {
	configs := make([]types.VirtualNicManagerNetConfig, 0, len(nicTypes))
	for _, nicType := range nicTypes {
		config := types.VirtualNicManagerNetConfig{NicType: nicType, MultiSelectAllowed: true}
		for _, nic := range s.Network.Vnic {
			if !carries(nic.Spec.NetStackInstanceKey, nicType) {
				continue
			}
			candidate := nic
			candidate.Key = nicType + "." + nic.Key
			config.CandidateVnic = append(config.CandidateVnic, candidate)
			if slices.Contains(s.selected(nicType), nic.Device) {
				config.SelectedVnic = append(config.SelectedVnic, candidate.Key)
			}
		}
		configs = append(configs, config)
	}
	return configs
}

// vmotion is what HostVMotionSystem reports, the older way to see the adapter for vMotion.
func (s *state) vmotion() types.HostVMotionInfo {
	info := types.HostVMotionInfo{NetConfig: &types.HostVMotionNetConfig{}}
	for _, nic := range s.Network.Vnic {
		if !carries(nic.Spec.NetStackInstanceKey, nicVMotion) {
			continue
		}
		candidate := nic
		candidate.Key = "VMotionConfig.vmotion." + nic.Key
		info.NetConfig.CandidateVnic = append(info.NetConfig.CandidateVnic, candidate)
	}
	if devices := s.selected(nicVMotion); len(devices) > 0 {
		info.NetConfig.SelectedVnic = "VMotionConfig.vmotion." + vnicKey(devices[0])
		if nic := s.vnic(devices[0]); nic != nil {
			info.IpConfig = nic.Spec.Ip
		}
	}
	return info
}
