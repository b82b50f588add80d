// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

const (
	kernelLog = "vmkernel"
	// mostLines is how many lines of a log one call tells at the most.
	mostLines = 1000
)

// diagnosticMethods answers DiagnosticManager: it hands out the hosts' logs. vCenter's own are not kept.
type diagnosticMethods struct {
	*registry.Overlay
	inv *machines.Inventory
}

// host is the host whose logs are asked for; nil with vCenter's own.
func (m *diagnosticMethods) host(ref *types.ManagedObjectReference) (machines.ESXi, *fault.Failure) {
	if ref == nil && m.inv.IsESX() {
		for _, host := range m.inv.All("HostSystem") {
			at := host.Reference()
			ref = &at
		}
	}
	if ref == nil {
		return nil, nil
	}
	h := m.inv.HostOf(*ref)
	if h == nil {
		return nil, fault.Gone(*ref)
	}
	if !m.inv.IsESX() && !h.Connected() {
		return nil, fault.New(&types.HostNotConnected{}, "The host %s is not connected", h.Name())
	}
	return h, nil
}

func (m *diagnosticMethods) QueryDescriptions(req *types.QueryDescriptions) soap.HasFault {
	h, f := m.host(req.Host)
	if f != nil {
		return &methods.QueryDescriptionsBody{Fault_: f.SOAP()}
	}
	body := &methods.QueryDescriptionsBody{Res: &types.QueryDescriptionsResponse{}}
	if h != nil {
		body.Res.Returnval = []types.DiagnosticManagerLogDescriptor{{
			Key: kernelLog, FileName: "/var/log/vmkernel.log", Creator: string(types.DiagnosticManagerLogCreatorHostd),
			Format: string(types.DiagnosticManagerLogFormatPlain), MimeType: "text/plain",
			Info: &types.Description{Label: "VMkernel log", Summary: "Messages of the VMkernel"},
		}}
	}
	return body
}

// BrowseDiagnosticLog tells lines from a number on, the first one being 1. Behind the last line there is nothing to tell but its number.
func (m *diagnosticMethods) BrowseDiagnosticLog(req *types.BrowseDiagnosticLog) soap.HasFault {
	h, f := m.host(req.Host)
	if f == nil && (h == nil || req.Key != kernelLog) {
		f = fault.Invalid("key", "there is no log %q here", req.Key)
	}
	if f != nil {
		return &methods.BrowseDiagnosticLogBody{Fault_: f.SOAP()}
	}
	lines, err := h.KernelLog()
	if err != nil {
		return &methods.BrowseDiagnosticLogBody{Fault_: fault.New(&types.CannotAccessFile{FileFault: types.FileFault{File: req.Key}}, "%v", err).SOAP()}
	}
	first := min(max(int(req.Start), 1), len(lines)+1)
	count := mostLines
	if req.Lines > 0 {
		count = min(count, int(req.Lines))
	}
	last := min(first-1+count, len(lines))
	return &methods.BrowseDiagnosticLogBody{Res: &types.BrowseDiagnosticLogResponse{Returnval: types.DiagnosticManagerLogHeader{
		LineStart: int32(first), LineEnd: int32(last), LineText: lines[first-1 : last],
	}}}
}
