// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/registry"
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
	im    *imports
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

// imports are the imports of a data centre: the leases that are open, and those that have just ended.
type imports struct {
	m *Manager

	mu      sync.Mutex
	byToken map[string]*lease
	byRef   map[ref]*lease

	sweeping sync.Mutex
	// unfinished are the imports of an earlier manager that have left disks, by the file that notes them; guarded by sweeping.
	unfinished map[string]importNote
}

// importing lets machines be imported. What an earlier run did not finish is removed as soon as its datastore is there.
func importing(m *Manager) (*imports, error) {
	im := &imports{m: m, byToken: map[string]*lease{}, byRef: map[ref]*lease{}, unfinished: map[string]importNote{}}
	// An upload that a crash left behind belongs to a lease that nobody has any more.
	if err := os.RemoveAll(im.uploads()); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(im.uploads(), 0o700); err != nil {
		return nil, err
	}
	if err := im.readNotes(); err != nil {
		return nil, err
	}
	m.eachRound(func(time.Time, int) { im.sweep() })
	m.beforePlacing(im.sweep)
	m.onClose(im.abortAll)
	return im, nil
}

// uploads is where disks are on their way.
func (im *imports) uploads() string { return filepath.Join(im.m.cfg.Dir, "uploads") }

// serveUploads takes the uploads of a registry's endpoint.
func (im *imports) serveUploads(reg *registry.Registry) {
	// More specific than the simulator's own "/nfc/", which takes no disk.
	const pattern = "/nfc/{lease}/{file}"
	if mux := reg.Service.ServeMux; mux != nil {
		mux.HandleFunc(pattern, im.serve)
	} else {
		reg.Service.HandleFunc(pattern, im.serve)
	}
}

func (im *imports) add(l *lease) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.byToken[l.token], im.byRef[l.Self] = l, l
}

// close takes no more uploads for a lease.
func (im *imports) close(l *lease) {
	im.mu.Lock()
	defer im.mu.Unlock()
	delete(im.byToken, l.token)
}

// forget a lease altogether.
func (im *imports) forget(l *lease) {
	im.mu.Lock()
	defer im.mu.Unlock()
	delete(im.byRef, l.Self)
}

func (im *imports) at(object ref) *lease {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.byRef[object]
}

// abortAll ends all imports and waits until nothing is left of them.
func (im *imports) abortAll() {
	im.mu.Lock()
	var open []*lease
	for _, l := range im.byRef {
		open = append(open, l)
	}
	im.mu.Unlock()
	for _, l := range open {
		l.decide(fault.New(&types.RequestCanceled{}, "The server is being shut down"))
		<-l.ended
	}
}

// newLease is a lease for a machine that will be in the inventory.
func (im *imports) newLease(inv *inventory) *lease {
	token := uuid.NewString()
	l := &lease{
		Self: ref{Type: "HttpNfcLease", Value: "lease-" + uuid.NewString()}, token: token, im: im, inv: inv,
		files: map[string]*upload{}, outcome: make(chan *fault.Failure, 1), ended: make(chan struct{}),
	}
	im.add(l)
	inv.Put(&mo.HttpNfcLease{Self: l.Self, State: types.HttpNfcLeaseStateInitializing})
	l.expiry = time.AfterFunc(leaseTimeout, func() { l.decide(fault.New(&types.Timedout{}, "The lease has run out")) })
	return l
}

// open makes the lease ready for uploads.
func (l *lease) open(j *registry.Job, c *created, h host) *fault.Failure {
	hw := c.mc.hardware()
	info := types.HttpNfcLeaseInfo{Lease: l.Self, Entity: c.object, LeaseTimeout: int32(leaseTimeout / time.Second)}
	l.mu.Lock()
	l.machine, l.host = c, h
	for _, d := range hw.disks {
		name := path.Base(d.path)
		l.files[name] = newUpload(j, l, d, name)
		info.TotalDiskCapacityInKB += d.bytes >> 10
		info.DeviceUrl = append(info.DeviceUrl, types.HttpNfcLeaseDeviceUrl{
			Key:       deviceKey(l.inv, c.object, c.object.Value, d.key),
			ImportKey: deviceKey(l.inv, c.object, hw.name, d.key),
			Url:       l.url(name), Disk: types.NewBool(true), TargetId: name, DatastoreKey: d.datastore,
		})
	}
	l.mu.Unlock()
	if err := l.note(hw.disks); err != nil {
		return fault.System("%v", err)
	}
	l.inv.Set(l.Self,
		registry.Change{Name: "info", Val: info},
		registry.Change{Name: "initializeProgress", Val: int32(100)},
		registry.Change{Name: "state", Val: types.HttpNfcLeaseStateReady})
	return nil
}

// wait for the client to complete the lease. After it nothing is being uploaded any more.
func (l *lease) wait(j *registry.Job) *fault.Failure {
	var f *fault.Failure
	select {
	case f = <-l.outcome:
	case <-j.Ctx.Done():
		f = fault.New(&types.RequestCanceled{}, "The task was canceled by a user")
	}
	if f != nil {
		j.Cancel() // Ends uploads that are under way.
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
	l.inv.Set(l.Self, registry.Change{Name: "error", Val: *f.Localized()}, registry.Change{Name: "state", Val: types.HttpNfcLeaseStateError})
}

func (l *lease) done() {
	l.inv.Set(l.Self, registry.Change{Name: "transferProgress", Val: int32(100)}, registry.Change{Name: "state", Val: types.HttpNfcLeaseStateDone})
}

// end closes the lease for good.
func (l *lease) end() {
	l.mu.Lock()
	l.decided = true
	l.mu.Unlock()
	l.expiry.Stop()
	l.im.close(l)
	close(l.ended)
	time.AfterFunc(leaseStays, func() {
		l.im.forget(l)
		l.inv.Remove(l.inv.ContextOf(""), l.Self)
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
func serverURL(inv *inventory) string {
	manager, text := inv.OptionManager(), ""
	inv.Locked(manager.Reference(), func() {
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
