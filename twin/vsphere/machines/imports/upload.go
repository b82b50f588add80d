// SPDX-License-Identifier: GPL-3.0-or-later

package imports

import (
	"context"
	"crypto/sha1" // #nosec G505 -- the API's manifest is SHA-1
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"livelab.dev/twin/vsphere/machines"
	"livelab.dev/twin/vsphere/registry"
	"livelab.dev/twin/vsphere/registry/fault"
)

// upload is a disk of a lease.
type upload struct {
	l     *Lease
	disk  machines.Disk
	ctx   context.Context // ends with the lease
	spool string          // where the bytes are before they go onto the datastore

	busy   sync.Mutex // held while it is being uploaded
	closed bool       // nothing can be uploaded any more

	mu   sync.Mutex
	sum  []byte
	size int64
}

func newUpload(j *registry.Job, l *Lease, d machines.Disk, name string) *upload {
	return &upload{l: l, disk: d, ctx: j.Ctx, spool: filepath.Join(l.im.uploads(), l.token+"-"+name)}
}

// serve takes an upload. The URL's token is all the authorization there is, as in the API.
func (im *Imports) serve(w http.ResponseWriter, r *http.Request) {
	im.mu.Lock()
	l := im.byToken[r.PathValue("lease")]
	im.mu.Unlock()
	var u *upload
	if l != nil {
		l.Mu.Lock()
		u = l.files[r.PathValue("file")]
		l.Mu.Unlock()
	}
	switch {
	case u == nil:
		http.NotFound(w, r)
	case r.Method != http.MethodPut && r.Method != http.MethodPost:
		w.Header().Set("Allow", "PUT, POST")
		http.Error(w, "a disk can be uploaded here, nothing else", http.StatusMethodNotAllowed)
	default:
		u.serve(w, r)
	}
}

func (u *upload) serve(w http.ResponseWriter, r *http.Request) {
	u.busy.Lock()
	defer u.busy.Unlock()
	if u.closed {
		http.Error(w, "the lease has ended", http.StatusGone)
		return
	}
	defer os.Remove(u.spool)
	if err := u.receive(r); err != nil {
		// The client has gone, or this computer has no room. Nobody waits for the machine any more.
		f := fault.New(&types.OvfImportFailed{}, "The upload of %s broke off: %v", u.disk.File, err)
		u.l.Inv.Manager.Cfg.Logf("machines: %s", f.Text)
		u.l.Decide(f)
		http.Error(w, f.Text, http.StatusBadRequest)
		return
	}
	if f := u.l.fill(u.ctx, u.disk, u.spool); f != nil {
		u.l.Inv.Manager.Cfg.Logf("machines: upload of %s: %v", u.disk.File, f)
		u.l.Decide(f)
		http.Error(w, f.Text, http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// receive writes what the client sends into the spool file.
func (u *upload) receive(r *http.Request) error {
	out, err := os.OpenFile(u.spool, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	hash := sha1.New() // #nosec G401
	size, err := io.Copy(io.MultiWriter(out, hash, lifeSign{u.l}), &endable{r.Body, u.ctx})
	err = errors.Join(err, out.Close())
	if err == nil && r.ContentLength >= 0 && size != r.ContentLength {
		err = fmt.Errorf("%d of %d bytes were sent", size, r.ContentLength)
	}
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sum, u.size = hash.Sum(nil), size
	return nil
}

// lifeSign keeps a lease alive while bytes come in.
type lifeSign struct{ l *Lease }

func (s lifeSign) Write(p []byte) (int, error) {
	s.l.Alive()
	return len(p), nil
}

// endable reads until a context ends.
type endable struct {
	r   io.Reader
	ctx context.Context
}

func (e *endable) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	return e.r.Read(p)
}

// Manifest lists what was uploaded.
func (l *Lease) Manifest() []types.HttpNfcLeaseManifestEntry {
	l.Mu.Lock()
	defer l.Mu.Unlock()
	var entries []types.HttpNfcLeaseManifestEntry
	for _, u := range l.files {
		u.mu.Lock()
		if u.sum != nil {
			entries = append(entries, types.HttpNfcLeaseManifestEntry{
				Key: deviceKey(l.Inv, l.Machine.Object, l.Machine.Object.Value, u.disk.Key), Sha1: hex.EncodeToString(u.sum), Size: u.size,
				Disk: true, Capacity: u.disk.Bytes,
			})
		}
		u.mu.Unlock()
	}
	return entries
}

// deviceKey is how a lease names a disk of a machine: by its number among the machine's disks.
func deviceKey(inv *machines.Inventory, machine machines.Ref, name string, key int32) string {
	return registry.Read(inv.Registry, machine, func(vm *simulator.VirtualMachine) string {
		devices := object.VirtualDeviceList(vm.Config.Hardware.Device)
		n := 0
		for _, device := range devices {
			if d, ok := device.(*types.VirtualDisk); ok {
				if d.Key == key {
					return importKey(name, devices, d, n)
				}
				n++
			}
		}
		return ""
	})
}
