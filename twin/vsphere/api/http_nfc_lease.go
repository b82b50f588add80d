// SPDX-License-Identifier: GPL-3.0-or-later

package api

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines/imports"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// leaseMethods answers HttpNfcLease.
type leaseMethods struct {
	*registry.Overlay
	l *imports.Lease
}

// HttpNfcLeaseComplete ends the import well. It returns when the machine can be used.
func (m *leaseMethods) HttpNfcLeaseComplete(*types.HttpNfcLeaseComplete) soap.HasFault {
	body := &methods.HttpNfcLeaseCompleteBody{}
	if f := m.finish(nil); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	body.Res = &types.HttpNfcLeaseCompleteResponse{}
	return body
}

// HttpNfcLeaseAbort ends the import and returns when nothing is left of it.
func (m *leaseMethods) HttpNfcLeaseAbort(req *types.HttpNfcLeaseAbort) soap.HasFault {
	body := &methods.HttpNfcLeaseAbortBody{}
	f := fault.New(&types.RequestCanceled{}, "The import was aborted by the client")
	if req.Fault != nil {
		f = fault.New(req.Fault.Fault, "%s", req.Fault.LocalizedMessage)
	}
	if f := m.finish(f); f != nil {
		body.Fault_ = f.SOAP()
		return body
	}
	body.Res = &types.HttpNfcLeaseAbortResponse{}
	return body
}

// finish decides the lease and waits until that is carried out. Its own failure is that of a lease that had ended already.
func (m *leaseMethods) finish(outcome *fault.Failure) *fault.Failure {
	m.l.Mu.Lock()
	ready := m.l.Machine != nil
	m.l.Mu.Unlock()
	if outcome == nil && !ready {
		return fault.New(&types.InvalidState{}, "The lease is not ready yet")
	}
	if !m.l.Decide(outcome) {
		return fault.New(&types.InvalidState{}, "The lease has ended already")
	}
	<-m.l.Ended
	return nil
}

// HttpNfcLeaseProgress notes how far the client says that it is, and that it is still there.
func (m *leaseMethods) HttpNfcLeaseProgress(req *types.HttpNfcLeaseProgress) soap.HasFault {
	body := &methods.HttpNfcLeaseProgressBody{}
	if req.Percent < 0 || req.Percent > 100 {
		body.Fault_ = fault.Invalid("percent", "%d is not between 0 and 100", req.Percent).SOAP()
		return body
	}
	if !m.l.Alive() {
		body.Fault_ = fault.New(&types.InvalidState{}, "The lease has ended already").SOAP()
		return body
	}
	m.l.Inv.Set(m.Self, registry.Change{Name: "transferProgress", Val: req.Percent})
	body.Res = &types.HttpNfcLeaseProgressResponse{}
	return body
}

// HttpNfcLeaseGetManifest lists what was uploaded.
func (m *leaseMethods) HttpNfcLeaseGetManifest(*types.HttpNfcLeaseGetManifest) soap.HasFault {
	return &methods.HttpNfcLeaseGetManifestBody{Res: &types.HttpNfcLeaseGetManifestResponse{Returnval: m.l.Manifest()}}
}
