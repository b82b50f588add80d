// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/host"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
	"livelab.dev/twin/vsphere/view"
)

// storageMethods answers HostStorageSystem.
type storageMethods struct {
	*registry.Overlay
	v *view.View
}

func (m *storageMethods) UpdateSoftwareInternetScsiEnabled(req *types.UpdateSoftwareInternetScsiEnabled) soap.HasFault {
	body := &methods.UpdateSoftwareInternetScsiEnabledBody{Res: &types.UpdateSoftwareInternetScsiEnabledResponse{}}
	body.Fault_ = m.changeHBA(func(s *host.State) *fault.Failure {
		return s.EnableISCSI(m.v.Host.Cfg.Number, req.Enabled, m.v.Host.Storage.Load().OnISCSI())
	}).SOAP()
	return body
}

func (m *storageMethods) UpdateInternetScsiName(req *types.UpdateInternetScsiName) soap.HasFault {
	body := &methods.UpdateInternetScsiNameBody{Res: &types.UpdateInternetScsiNameResponse{}}
	body.Fault_ = m.changeHBA(func(s *host.State) *fault.Failure { return s.RenameHBA(req.IScsiHbaDevice, req.IScsiName) }).SOAP()
	return body
}

func (m *storageMethods) UpdateInternetScsiAlias(req *types.UpdateInternetScsiAlias) soap.HasFault {
	body := &methods.UpdateInternetScsiAliasBody{Res: &types.UpdateInternetScsiAliasResponse{}}
	body.Fault_ = m.changeHBA(func(s *host.State) *fault.Failure {
		s.ISCSI.HBA.IScsiAlias = req.IScsiAlias
		return s.CheckHBA(req.IScsiHbaDevice)
	}).SOAP()
	return body
}

func (m *storageMethods) AddInternetScsiSendTargets(req *types.AddInternetScsiSendTargets) soap.HasFault {
	body := &methods.AddInternetScsiSendTargetsBody{Res: &types.AddInternetScsiSendTargetsResponse{}}
	body.Fault_ = m.changeHBA(func(s *host.State) *fault.Failure { return s.AddSendTargets(req.IScsiHbaDevice, req.Targets) }).SOAP()
	return body
}

func (m *storageMethods) RemoveInternetScsiSendTargets(req *types.RemoveInternetScsiSendTargets) soap.HasFault {
	body := &methods.RemoveInternetScsiSendTargetsBody{Res: &types.RemoveInternetScsiSendTargetsResponse{}}
	body.Fault_ = m.changeHBA(func(s *host.State) *fault.Failure { return s.RemoveSendTargets(req.IScsiHbaDevice, req.Targets) }).SOAP()
	return body
}

func (m *storageMethods) AddInternetScsiStaticTargets(req *types.AddInternetScsiStaticTargets) soap.HasFault {
	body := &methods.AddInternetScsiStaticTargetsBody{Res: &types.AddInternetScsiStaticTargetsResponse{}}
	body.Fault_ = m.changeHBA(func(s *host.State) *fault.Failure { return s.AddStaticTargets(req.IScsiHbaDevice, req.Targets) }).SOAP()
	return body
}

func (m *storageMethods) RemoveInternetScsiStaticTargets(req *types.RemoveInternetScsiStaticTargets) soap.HasFault {
	body := &methods.RemoveInternetScsiStaticTargetsBody{Res: &types.RemoveInternetScsiStaticTargetsResponse{}}
	body.Fault_ = m.changeHBA(func(s *host.State) *fault.Failure { return s.RemoveStaticTargets(req.IScsiHbaDevice, req.Targets) }).SOAP()
	return body
}

func (m *storageMethods) UpdateInternetScsiAuthenticationProperties(req *types.UpdateInternetScsiAuthenticationProperties) soap.HasFault {
	body := &methods.UpdateInternetScsiAuthenticationPropertiesBody{Res: &types.UpdateInternetScsiAuthenticationPropertiesResponse{}}
	body.Fault_ = m.changeHBA(func(s *host.State) *fault.Failure {
		return s.UpdateAuth(req.IScsiHbaDevice, req.AuthenticationProperties, req.TargetSet)
	}).SOAP()
	return body
}

func (m *storageMethods) RetrieveDiskPartitionInfo(req *types.RetrieveDiskPartitionInfo) soap.HasFault {
	body := &methods.RetrieveDiskPartitionInfoBody{Res: &types.RetrieveDiskPartitionInfoResponse{}}
	f := m.v.Reachable()
	for i := 0; f == nil && i < len(req.DevicePath); i++ {
		var info types.HostDiskPartitionInfo
		info, f = m.v.Host.PartitionInfo(req.DevicePath[i])
		body.Res.Returnval = append(body.Res.Returnval, info)
	}
	body.Fault_ = f.SOAP()
	return body
}

func (m *storageMethods) changeHBA(edit func(*host.State) *fault.Failure) *fault.Failure {
	if f := m.v.Reachable(); f != nil {
		return f
	}
	return m.v.Host.ChangeHBA(edit)
}

func (m *storageMethods) RescanAllHba(*types.RescanAllHba) soap.HasFault {
	body := &methods.RescanAllHbaBody{Res: &types.RescanAllHbaResponse{}}
	body.Fault_ = m.rescan(host.ScanAll).SOAP()
	return body
}

func (m *storageMethods) RescanHba(req *types.RescanHba) soap.HasFault {
	body := &methods.RescanHbaBody{Res: &types.RescanHbaResponse{}}
	if !m.v.Host.HasHBA(req.HbaDevice) {
		body.Fault_ = fault.NotFound("The host has no storage adapter %q", req.HbaDevice).SOAP()
		return body
	}
	body.Fault_ = m.rescan(host.ScanAll).SOAP()
	return body
}

func (m *storageMethods) RescanVmfs(*types.RescanVmfs) soap.HasFault {
	body := &methods.RescanVmfsBody{Res: &types.RescanVmfsResponse{}}
	body.Fault_ = m.rescan(host.ScanVolumes).SOAP()
	return body
}

func (m *storageMethods) RefreshStorageSystem(*types.RefreshStorageSystem) soap.HasFault {
	body := &methods.RefreshStorageSystemBody{Res: &types.RefreshStorageSystemResponse{}}
	body.Fault_ = m.rescan(host.ScanVolumes).SOAP()
	return body
}

func (m *storageMethods) QueryUnresolvedVmfsVolume(*types.QueryUnresolvedVmfsVolume) soap.HasFault {
	body := &methods.QueryUnresolvedVmfsVolumeBody{Res: &types.QueryUnresolvedVmfsVolumeResponse{}}
	body.Fault_ = m.v.Reachable().SOAP()
	return body
}

func (m *storageMethods) rescan(what host.Scan) *fault.Failure {
	if f := m.v.Reachable(); f != nil {
		return f
	}
	return m.v.Host.Rescan(context.Background(), what)
}
