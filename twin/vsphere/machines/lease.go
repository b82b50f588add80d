// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"net/url"
	"path"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry/fault"
)

const (
	// leaseTimeout is how long a lease lives without a sign of life from the client.
	leaseTimeout = 5 * time.Minute
	// leaseStays is how long a finished lease can still be asked how it ended.
	leaseStays = time.Minute
)

// lease is an import on its way. The object that clients read is registered under Self.
type lease struct {
	Self  ref
	token string // in the upload's URLs; who knows it may upload
	inv   *inventory
	host  host

	mu      sync.Mutex
	machine *created
	files   map[string]*upload  // by file name
	outcome chan *fault.Failure // how it ended, once; nil for completed
	decided bool
	ended   chan struct{} // closed when everything that follows from the end is done
	expiry  *time.Timer
}

// leases has those that are open, and those that have just ended.
type leases struct {
	mu      sync.Mutex
	byToken map[string]*lease
	byRef   map[ref]*lease
}

func (ls *leases) add(l *lease) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.byToken == nil {
		ls.byToken, ls.byRef = map[string]*lease{}, map[ref]*lease{}
	}
	ls.byToken[l.token], ls.byRef[l.Self] = l, l
}

// close takes no more uploads for a lease.
func (ls *leases) close(l *lease) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	delete(ls.byToken, l.token)
}

// forget a lease altogether.
func (ls *leases) forget(l *lease) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	delete(ls.byRef, l.Self)
}

func (ls *leases) at(object ref) *lease {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.byRef[object]
}

// abortAll ends all imports and waits until nothing is left of them.
func (ls *leases) abortAll() {
	ls.mu.Lock()
	var open []*lease
	for _, l := range ls.byRef {
		open = append(open, l)
	}
	ls.mu.Unlock()
	for _, l := range open {
		l.decide(fault.New(&types.RequestCanceled{}, "The server is being shut down"))
		<-l.ended
	}
}

func (inv *inventory) newLease() *lease {
	token := uuid.NewString()
	l := &lease{
		Self: ref{Type: "HttpNfcLease", Value: "lease-" + uuid.NewString()}, token: token, inv: inv,
		files: map[string]*upload{}, outcome: make(chan *fault.Failure, 1), ended: make(chan struct{}),
	}
	inv.m.leases.add(l)
	inv.reg.Put(&mo.HttpNfcLease{Self: l.Self, State: types.HttpNfcLeaseStateInitializing})
	l.expiry = time.AfterFunc(leaseTimeout, func() { l.decide(fault.New(&types.Timedout{}, "The lease has run out")) })
	return l
}

// open makes the lease ready for uploads.
func (l *lease) open(j *job, c *created, h host) *fault.Failure {
	hw := c.mc.hardware()
	info := types.HttpNfcLeaseInfo{Lease: l.Self, Entity: c.object, LeaseTimeout: int32(leaseTimeout / time.Second)}
	l.mu.Lock()
	l.machine, l.host = c, h
	for _, d := range hw.disks {
		name := path.Base(d.path)
		l.files[name] = newUpload(j, l, d, name)
		info.TotalDiskCapacityInKB += d.bytes >> 10
		info.DeviceUrl = append(info.DeviceUrl, types.HttpNfcLeaseDeviceUrl{
			Key:       l.inv.deviceKey(c.object, c.object.Value, d.key),
			ImportKey: l.inv.deviceKey(c.object, hw.name, d.key),
			Url:       l.url(name), Disk: types.NewBool(true), TargetId: name, DatastoreKey: d.datastore,
		})
	}
	l.mu.Unlock()
	if err := l.note(hw.disks); err != nil {
		return fault.System("%v", err)
	}
	l.inv.set(l.Self,
		change{Name: "info", Val: info},
		change{Name: "initializeProgress", Val: int32(100)},
		change{Name: "state", Val: types.HttpNfcLeaseStateReady})
	return nil
}

// wait for the client to complete the lease. After it nothing is being uploaded any more.
func (l *lease) wait(j *job) *fault.Failure {
	var f *fault.Failure
	select {
	case f = <-l.outcome:
	case <-j.ctx.Done():
		f = fault.New(&types.RequestCanceled{}, "The task was canceled by a user")
	}
	if f != nil {
		j.cancel() // Ends uploads that are under way.
	}
	l.mu.Lock()
	l.decided = true
	files := l.files
	l.mu.Unlock()
	for _, u := range files {
		u.busy.Lock() // Wait for the upload to end.
		u.closed = true
		u.busy.Unlock()
	}
	return f
}

// decide ends the lease; the first to do so wins.
func (l *lease) decide(f *fault.Failure) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.decided {
		return false
	}
	l.decided = true
	l.outcome <- f
	return true
}

// failed shows why the lease ended.
func (l *lease) failed(f *fault.Failure) {
	l.inv.set(l.Self, change{Name: "error", Val: *f.Localized()}, change{Name: "state", Val: types.HttpNfcLeaseStateError})
}

func (l *lease) done() {
	l.inv.set(l.Self, change{Name: "transferProgress", Val: int32(100)}, change{Name: "state", Val: types.HttpNfcLeaseStateDone})
}

// end closes the lease for good.
func (l *lease) end() {
	l.mu.Lock()
	l.decided = true
	l.mu.Unlock()
	l.expiry.Stop()
	l.inv.m.leases.close(l)
	close(l.ended)
	time.AfterFunc(leaseStays, func() {
		l.inv.m.leases.forget(l)
		l.inv.reg.Remove(l.inv.context(""), l.Self)
	})
}

// alive notes a sign of life from the client; it is false when the lease has ended.
func (l *lease) alive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.decided {
		l.expiry.Reset(leaseTimeout)
	}
	return !l.decided
}

// serverURL is the endpoint's own address, "https://host:port".
func (inv *inventory) serverURL() string {
	manager, text := inv.reg.OptionManager(), ""
	inv.locked(manager.Reference(), func() {
		for _, option := range manager.Setting {
			if o := option.GetOptionValue(); o.Key == "vcsim.server.url" {
				text, _ = o.Value.(string)
			}
		}
	})
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// leaseMethods answers HttpNfcLease.
type leaseMethods struct {
	*overlay
	l *lease
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
	m.l.mu.Lock()
	ready := m.l.machine != nil
	m.l.mu.Unlock()
	if outcome == nil && !ready {
		return fault.New(&types.InvalidState{}, "The lease is not ready yet")
	}
	if !m.l.decide(outcome) {
		return fault.New(&types.InvalidState{}, "The lease has ended already")
	}
	<-m.l.ended
	return nil
}

// HttpNfcLeaseProgress notes how far the client says that it is, and that it is still there.
func (m *leaseMethods) HttpNfcLeaseProgress(req *types.HttpNfcLeaseProgress) soap.HasFault {
	body := &methods.HttpNfcLeaseProgressBody{}
	if req.Percent < 0 || req.Percent > 100 {
		body.Fault_ = fault.Invalid("percent", "%d is not between 0 and 100", req.Percent).SOAP()
		return body
	}
	if !m.l.alive() {
		body.Fault_ = fault.New(&types.InvalidState{}, "The lease has ended already").SOAP()
		return body
	}
	m.l.inv.set(m.Self, change{Name: "transferProgress", Val: req.Percent})
	body.Res = &types.HttpNfcLeaseProgressResponse{}
	return body
}

// HttpNfcLeaseGetManifest lists what was uploaded.
func (m *leaseMethods) HttpNfcLeaseGetManifest(*types.HttpNfcLeaseGetManifest) soap.HasFault {
	return &methods.HttpNfcLeaseGetManifestBody{Res: &types.HttpNfcLeaseGetManifestResponse{Returnval: m.l.manifest()}}
}
