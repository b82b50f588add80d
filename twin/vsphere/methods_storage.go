// SPDX-License-Identifier: GPL-3.0-or-later

package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

// storageMethods answers HostStorageSystem.
type storageMethods struct {
	*overlay
	v *view
}

func (m *storageMethods) UpdateSoftwareInternetScsiEnabled(req *types.UpdateSoftwareInternetScsiEnabled) soap.HasFault {
	body := &methods.UpdateSoftwareInternetScsiEnabledBody{Res: &types.UpdateSoftwareInternetScsiEnabledResponse{}}
	body.Fault_ = m.changeHBA(func(s *state) *fault.Failure {
		return s.enableISCSI(m.v.host.cfg.Number, req.Enabled, m.v.host.storage.Load().onISCSI())
	}).SOAP()
	return body
}

func (m *storageMethods) UpdateInternetScsiName(req *types.UpdateInternetScsiName) soap.HasFault {
	body := &methods.UpdateInternetScsiNameBody{Res: &types.UpdateInternetScsiNameResponse{}}
	body.Fault_ = m.changeHBA(func(s *state) *fault.Failure { return s.renameHBA(req.IScsiHbaDevice, req.IScsiName) }).SOAP()
	return body
}

func (m *storageMethods) UpdateInternetScsiAlias(req *types.UpdateInternetScsiAlias) soap.HasFault {
	body := &methods.UpdateInternetScsiAliasBody{Res: &types.UpdateInternetScsiAliasResponse{}}
	body.Fault_ = m.changeHBA(func(s *state) *fault.Failure {
		s.ISCSI.HBA.IScsiAlias = req.IScsiAlias
		return s.checkHBA(req.IScsiHbaDevice)
	}).SOAP()
	return body
}

func (m *storageMethods) AddInternetScsiSendTargets(req *types.AddInternetScsiSendTargets) soap.HasFault {
	body := &methods.AddInternetScsiSendTargetsBody{Res: &types.AddInternetScsiSendTargetsResponse{}}
	body.Fault_ = m.changeHBA(func(s *state) *fault.Failure { return s.addSendTargets(req.IScsiHbaDevice, req.Targets) }).SOAP()
	return body
}

func (m *storageMethods) RemoveInternetScsiSendTargets(req *types.RemoveInternetScsiSendTargets) soap.HasFault {
	body := &methods.RemoveInternetScsiSendTargetsBody{Res: &types.RemoveInternetScsiSendTargetsResponse{}}
	body.Fault_ = m.changeHBA(func(s *state) *fault.Failure { return s.removeSendTargets(req.IScsiHbaDevice, req.Targets) }).SOAP()
	return body
}

func (m *storageMethods) AddInternetScsiStaticTargets(req *types.AddInternetScsiStaticTargets) soap.HasFault {
	body := &methods.AddInternetScsiStaticTargetsBody{Res: &types.AddInternetScsiStaticTargetsResponse{}}
	body.Fault_ = m.changeHBA(func(s *state) *fault.Failure { return s.addStaticTargets(req.IScsiHbaDevice, req.Targets) }).SOAP()
	return body
}

func (m *storageMethods) RemoveInternetScsiStaticTargets(req *types.RemoveInternetScsiStaticTargets) soap.HasFault {
	body := &methods.RemoveInternetScsiStaticTargetsBody{Res: &types.RemoveInternetScsiStaticTargetsResponse{}}
	body.Fault_ = m.changeHBA(func(s *state) *fault.Failure { return s.removeStaticTargets(req.IScsiHbaDevice, req.Targets) }).SOAP()
	return body
}

func (m *storageMethods) UpdateInternetScsiAuthenticationProperties(req *types.UpdateInternetScsiAuthenticationProperties) soap.HasFault {
	body := &methods.UpdateInternetScsiAuthenticationPropertiesBody{Res: &types.UpdateInternetScsiAuthenticationPropertiesResponse{}}
	body.Fault_ = m.changeHBA(func(s *state) *fault.Failure {
		return s.updateAuth(req.IScsiHbaDevice, req.AuthenticationProperties, req.TargetSet)
	}).SOAP()
	return body
}

func (m *storageMethods) RetrieveDiskPartitionInfo(req *types.RetrieveDiskPartitionInfo) soap.HasFault {
	body := &methods.RetrieveDiskPartitionInfoBody{Res: &types.RetrieveDiskPartitionInfoResponse{}}
	f := m.v.reachable()
	for i := 0; f == nil && i < len(req.DevicePath); i++ {
		var info types.HostDiskPartitionInfo
		info, f = m.v.host.partitionInfo(req.DevicePath[i])
		body.Res.Returnval = append(body.Res.Returnval, info)
	}
	body.Fault_ = f.SOAP()
	return body
}

// changeHBA changes the software iSCSI adapter. What is behind it stays as it was until the next rescan, except that an adapter that
// is turned off takes its disks with it.
func (m *storageMethods) changeHBA(edit func(*state) *fault.Failure) *fault.Failure {
	if f := m.v.reachable(); f != nil {
		return f
	}
	h := m.v.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.changeLocked(edit); f != nil {
		return f
	}
	old := h.storage.Load()
	luns := old.luns
	if !h.state().ISCSI.Enabled {
		luns = nil
	}
	h.storage.Store(look(h.state(), luns, old.volumes))
	h.publish()
	return nil
}

func (m *storageMethods) RescanAllHba(*types.RescanAllHba) soap.HasFault {
	body := &methods.RescanAllHbaBody{Res: &types.RescanAllHbaResponse{}}
	body.Fault_ = m.rescan(scanAll).SOAP()
	return body
}

func (m *storageMethods) RescanHba(req *types.RescanHba) soap.HasFault {
	body := &methods.RescanHbaBody{Res: &types.RescanHbaResponse{}}
	if !m.v.host.hasHBA(req.HbaDevice) {
		body.Fault_ = fault.NotFound("The host has no storage adapter %q", req.HbaDevice).SOAP()
		return body
	}
	body.Fault_ = m.rescan(scanAll).SOAP()
	return body
}

func (m *storageMethods) RescanVmfs(*types.RescanVmfs) soap.HasFault {
	body := &methods.RescanVmfsBody{Res: &types.RescanVmfsResponse{}}
	body.Fault_ = m.rescan(scanVolumes).SOAP()
	return body
}

func (m *storageMethods) RefreshStorageSystem(*types.RefreshStorageSystem) soap.HasFault {
	body := &methods.RefreshStorageSystemBody{Res: &types.RefreshStorageSystemResponse{}}
	body.Fault_ = m.rescan(scanVolumes).SOAP()
	return body
}

func (m *storageMethods) QueryUnresolvedVmfsVolume(*types.QueryUnresolvedVmfsVolume) soap.HasFault {
	body := &methods.QueryUnresolvedVmfsVolumeBody{Res: &types.QueryUnresolvedVmfsVolumeResponse{}}
	body.Fault_ = m.v.reachable().SOAP()
	return body
}

func (m *storageMethods) rescan(what scan) *fault.Failure {
	if f := m.v.reachable(); f != nil {
		return f
	}
	return m.v.host.rescan(context.Background(), what)
}

func (h *Host) hasHBA(device string) bool {
	for _, hba := range h.storage.Load().devices.HostBusAdapter {
		if hba.GetHostHostBusAdapter().Device == device {
			return true
		}
	}
	return false
}
