// SPDX-License-Identifier: GPL-3.0-or-later

package imports

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

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

const (
	// leaseTimeout is how long a lease lives without a sign of life from the client.
	leaseTimeout = 5 * time.Minute
	// leaseStays is how long a finished lease can still be asked how it ended.
	leaseStays = time.Minute
)

// Lease is an import on its way. The object that clients read is registered under Self.
type Lease struct {
	Self  machines.Ref
	token string // in the upload's URLs; who knows it may upload
	im    *Imports
	Inv   *machines.Inventory
	host  machines.ESXi

	Mu      sync.Mutex
	Machine *machines.Created
	files   map[string]*upload  // by file name
	outcome chan *fault.Failure // how it ended, once; nil for completed
	decided bool
	Ended   chan struct{} // closed when everything that follows from the end is done
	expiry  *time.Timer
}

// Imports are the imports of a data centre: the leases that are open, and those that have just ended.
type Imports struct {
	m *machines.Manager

	mu      sync.Mutex
	byToken map[string]*Lease
	byRef   map[machines.Ref]*Lease

	sweeping sync.Mutex
	// unfinished are the imports of an earlier manager that have left disks, by the file that notes them; guarded by sweeping.
	unfinished map[string]importNote
}

// New lets machines be imported. What an earlier run did not finish is removed as soon as its datastore is there.
func New(m *machines.Manager) (*Imports, error) {
	im := &Imports{m: m, byToken: map[string]*Lease{}, byRef: map[machines.Ref]*Lease{}, unfinished: map[string]importNote{}}
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
	m.EachRound(func(time.Time, int) { im.sweep() })
	m.BeforePlacing(im.sweep)
	m.OnClose(im.abortAll)
	return im, nil
}

// uploads is where disks are on their way.
func (im *Imports) uploads() string { return filepath.Join(im.m.Cfg.Dir, "uploads") }

// ServeUploads takes the uploads of a registry's endpoint.
func (im *Imports) ServeUploads(reg *registry.Registry) {
	// More specific than the simulator's own "/nfc/", which takes no disk.
	const pattern = "/nfc/{lease}/{file}"
	if mux := reg.Service.ServeMux; mux != nil {
		mux.HandleFunc(pattern, im.serve)
	} else {
		reg.Service.HandleFunc(pattern, im.serve)
	}
}

func (im *Imports) add(l *Lease) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.byToken[l.token], im.byRef[l.Self] = l, l
}

// close takes no more uploads for a lease.
func (im *Imports) close(l *Lease) {
	im.mu.Lock()
	defer im.mu.Unlock()
	delete(im.byToken, l.token)
}

// forget a lease altogether.
func (im *Imports) forget(l *Lease) {
	im.mu.Lock()
	defer im.mu.Unlock()
	delete(im.byRef, l.Self)
}

func (im *Imports) At(object machines.Ref) *Lease {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.byRef[object]
}

// abortAll ends all imports and waits until nothing is left of them.
func (im *Imports) abortAll() {
	im.mu.Lock()
	var open []*Lease
	for _, l := range im.byRef {
		open = append(open, l)
	}
	im.mu.Unlock()
	for _, l := range open {
		l.Decide(fault.New(&types.RequestCanceled{}, "The server is being shut down"))
		<-l.Ended
	}
}

// NewLease is a lease for a machine that will be in the inventory.
func (im *Imports) NewLease(inv *machines.Inventory) *Lease {
	token := uuid.NewString()
	l := &Lease{
		Self: machines.Ref{Type: "HttpNfcLease", Value: "lease-" + uuid.NewString()}, token: token, im: im, Inv: inv,
		files: map[string]*upload{}, outcome: make(chan *fault.Failure, 1), Ended: make(chan struct{}),
	}
	im.add(l)
	inv.Put(&mo.HttpNfcLease{Self: l.Self, State: types.HttpNfcLeaseStateInitializing})
	l.expiry = time.AfterFunc(leaseTimeout, func() { l.Decide(fault.New(&types.Timedout{}, "The lease has run out")) })
	return l
}

// open makes the lease ready for uploads.
func (l *Lease) open(j *registry.Job, c *machines.Created, h machines.ESXi) *fault.Failure {
	hw := c.Mc.Hardware()
	info := types.HttpNfcLeaseInfo{Lease: l.Self, Entity: c.Object, LeaseTimeout: int32(leaseTimeout / time.Second)}
	l.Mu.Lock()
	l.Machine, l.host = c, h
	for _, d := range hw.Disks {
		name := path.Base(d.Path)
		l.files[name] = newUpload(j, l, d, name)
		info.TotalDiskCapacityInKB += d.Bytes >> 10
		info.DeviceUrl = append(info.DeviceUrl, types.HttpNfcLeaseDeviceUrl{
			Key:       deviceKey(l.Inv, c.Object, c.Object.Value, d.Key),
			ImportKey: deviceKey(l.Inv, c.Object, hw.Name, d.Key),
			Url:       l.url(name), Disk: types.NewBool(true), TargetId: name, DatastoreKey: d.Datastore,
		})
	}
	l.Mu.Unlock()
	if err := l.note(hw.Disks); err != nil {
		return fault.System("%v", err)
	}
	l.Inv.Set(l.Self,
		registry.Change{Name: "info", Val: info},
		registry.Change{Name: "initializeProgress", Val: int32(100)},
		registry.Change{Name: "state", Val: types.HttpNfcLeaseStateReady})
	return nil
}

// wait for the client to complete the lease. After it nothing is being uploaded any more.
func (l *Lease) wait(j *registry.Job) *fault.Failure {
	var f *fault.Failure
	select {
	case f = <-l.outcome:
	case <-j.Ctx.Done():
		f = fault.New(&types.RequestCanceled{}, "The task was canceled by a user")
	}
	if f != nil {
		j.Cancel() // Ends uploads that are under way.
	}
	l.Mu.Lock()
	l.decided = true
	files := l.files
	l.Mu.Unlock()
	for _, u := range files {
		u.busy.Lock() // Wait for the upload to end.
		u.closed = true
		u.busy.Unlock()
	}
	return f
}

// Decide ends the lease; the first to do so wins.
func (l *Lease) Decide(f *fault.Failure) bool {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	if l.decided {
		return false
	}
	l.decided = true
	l.outcome <- f
	return true
}

// failed shows why the lease ended.
func (l *Lease) failed(f *fault.Failure) {
	l.Inv.Set(l.Self, registry.Change{Name: "error", Val: *f.Localized()}, registry.Change{Name: "state", Val: types.HttpNfcLeaseStateError})
}

func (l *Lease) done() {
	l.Inv.Set(l.Self, registry.Change{Name: "transferProgress", Val: int32(100)}, registry.Change{Name: "state", Val: types.HttpNfcLeaseStateDone})
}

// end closes the lease for good.
func (l *Lease) end() {
	l.Mu.Lock()
	l.decided = true
	l.Mu.Unlock()
	l.expiry.Stop()
	l.im.close(l)
	close(l.Ended)
	time.AfterFunc(leaseStays, func() {
		l.im.forget(l)
		l.Inv.Remove(l.Inv.ContextOf(""), l.Self)
	})
}

// Alive notes a sign of life from the client; it is false when the lease has ended.
func (l *Lease) Alive() bool {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	if !l.decided {
		l.expiry.Reset(leaseTimeout)
	}
	return !l.decided
}

// serverURL is the endpoint's own address, "https://host:port".
func serverURL(inv *machines.Inventory) string {
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
