// SPDX-License-Identifier: GPL-3.0-or-later

// Package vmfs keeps a volume of files on a LUN, reached over iSCSI, that several hosts see as the same.
//
// It stands for VMware's VMFS and is not its format: a catalogue in the LUN's first 16 MiB, and each disk as one
// contiguous range of whole MiB behind it, so that QEMU can use a disk straight from the LUN. The catalogue is replaced
// in one step, so that a crash leaves the old or the new one. Volumes of one process keep out of each other's way;
// different processes must not change the same LUN at the same time.
package vmfs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"livelab.dev/twin/iscsi"
)

// Extent is a range of the LUN, in bytes.
type Extent struct {
	Offset int64 `json:"offset"`
	Size   int64 `json:"size"`
}

// File is a file of a volume. Small files are in the catalogue and have no extent.
type File struct {
	Path     string    `json:"path"`
	Size     int64     `json:"size"` // bytes
	Modified time.Time `json:"modified"`
	Extent   *Extent   `json:"extent,omitempty"`
	Data     []byte    `json:"data,omitempty"`
	// Partial marks a disk whose import has not ended. One that was left behind by a crash makes room for others.
	Partial bool `json:"partial,omitempty"`
}

// Volume is a volume as one host sees it. Its methods may be called by several goroutines.
type Volume struct {
	UUID     string
	Label    string
	Capacity int64 // bytes, those of the catalogue not counted

	lun    iscsi.LUN
	auth   iscsi.Auth
	shared *shared

	mu    sync.Mutex
	cache *catalogue
	seen  uint64 // the change up to which cache is
}

// shared is what the volumes of this process on the same LUN have in common.
type shared struct {
	change  sync.Mutex    // held through a change
	changes atomic.Uint64 // counts them; a volume that has seen fewer reads the LUN again
	imports sync.Map      // paths of the disks that are being imported
}

var (
	lunsMu sync.Mutex
	luns   = map[string]*shared{}
)

// sharedOf finds what belongs to a LUN, by its NAA id where it has one.
func sharedOf(lun iscsi.LUN) *shared {
	key := lun.NAA
	if key == "" {
		key = fmt.Sprintf("%s/%s/%d", lun.Portal, lun.IQN, lun.Number)
	}
	lunsMu.Lock()
	defer lunsMu.Unlock()
	if luns[key] == nil {
		luns[key] = &shared{}
	}
	return luns[key]
}

// refreshTimeout bounds the reading of a catalogue that another host has changed, where no context is given.
const refreshTimeout = 20 * time.Second

// ErrVolumeExists says that a LUN has a volume already. Erase removes it.
var ErrVolumeExists = errors.New("the LUN has a volume already")

// Format makes an empty volume on a LUN, which is cleared for it. It fails with ErrVolumeExists when there is one.
func Format(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth, label string) (*Volume, error) {
	d, err := iscsi.Open(ctx, lun, auth)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if d.Size < MinSize {
		return nil, fmt.Errorf("LUN %d of %s has %d bytes; a volume needs %d", d.Number, d.IQN, d.Size, MinSize)
	}
	common := sharedOf(d.LUN)
	common.change.Lock()
	defer common.change.Unlock()
	if old, err := load(ctx, d); err == nil {
		return nil, fmt.Errorf("LUN %d of %s: %w, %q", d.Number, d.IQN, ErrVolumeExists, old.Label)
	} else if !errors.Is(err, ErrNoVolume) {
		return nil, err
	}
	if err := d.Zero(ctx, 0, d.Size); err != nil {
		return nil, fmt.Errorf("clearing the LUN: %w", err)
	}
	c := &catalogue{UUID: newUUID(), Label: label, Files: map[string]*File{}}
	if err := c.commit(ctx, d); err != nil {
		return nil, err
	}
	common.changes.Add(1)
	return newVolume(d.LUN, auth, c, common.changes.Load()), nil
}

// Open finds the volume on a LUN, or fails with ErrNoVolume.
func Open(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth) (*Volume, error) {
	d, err := iscsi.Open(ctx, lun, auth)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	seen := sharedOf(d.LUN).changes.Load()
	c, err := load(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("LUN %d of %s: %w", d.Number, d.IQN, err)
	}
	return newVolume(d.LUN, auth, c, seen), nil
}

// Erase removes the volume of a LUN with all its files.
func Erase(ctx context.Context, lun iscsi.LUN, auth iscsi.Auth) error {
	d, err := iscsi.Open(ctx, lun, auth)
	if err != nil {
		return err
	}
	defer d.Close()
	common := sharedOf(d.LUN)
	common.change.Lock()
	defer common.change.Unlock()
	// The headers go first: what is left after a crash is no volume, and cleared by Format.
	if err := d.Zero(ctx, 0, dataStart); err != nil {
		return err
	}
	common.changes.Add(1)
	return errors.Join(d.Zero(ctx, dataStart, d.Size-dataStart), d.Flush(ctx))
}

func newVolume(lun iscsi.LUN, auth iscsi.Auth, c *catalogue, seen uint64) *Volume {
	return &Volume{UUID: c.UUID, Label: c.Label, Capacity: (lun.Size - dataStart) / mib * mib,
		lun: lun, auth: auth, shared: sharedOf(lun), cache: c, seen: seen}
}

// newUUID has the form of VMFS's: 12345678-12345678-1234-123456789012.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:16] + "-" + h[16:20] + "-" + h[20:]
}

// LUN is where the volume is.
func (v *Volume) LUN() iscsi.LUN { return v.lun }

// current is the catalogue, read again when another volume of this process has changed it. When the LUN is away, it is
// the last one known.
func (v *Volume) current() *catalogue {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.shared.changes.Load() != v.seen {
		ctx, cancel := context.WithTimeout(context.Background(), refreshTimeout)
		defer cancel()
		_ = v.refresh(ctx)
	}
	return v.cache
}

// Refresh reads the catalogue from the LUN. It fails with ErrNoVolume when the volume is gone, or another is there.
func (v *Volume) Refresh(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.refresh(ctx)
}

func (v *Volume) refresh(ctx context.Context) error {
	seen := v.shared.changes.Load()
	d, err := iscsi.Open(ctx, v.lun, v.auth)
	if err != nil {
		return err
	}
	defer d.Close()
	c, err := v.load(ctx, d)
	if err == nil {
		v.cache, v.seen = c, seen
	}
	return err
}

// load reads this volume's catalogue, and no other's.
func (v *Volume) load(ctx context.Context, d device) (*catalogue, error) {
	c, err := load(ctx, d)
	if err == nil && c.UUID != v.UUID {
		err = fmt.Errorf("%w %s: its LUN holds %s now", ErrNoVolume, v.UUID, c.UUID)
	}
	return c, err
}

// update changes the catalogue as the LUN has it now. The change is made when do returns without error; do may call
// commit in between.
func (v *Volume) update(ctx context.Context, do func(d device, c *catalogue, commit func() error) error) error {
	v.shared.change.Lock()
	defer v.shared.change.Unlock()
	d, err := iscsi.Open(ctx, v.lun, v.auth)
	if err != nil {
		return err
	}
	defer d.Close()
	c, err := v.load(ctx, d)
	if err != nil {
		return err
	}
	commit := func() error {
		defer v.shared.changes.Add(1) // even when it fails: what is on the LUN then is not known
		return c.commit(ctx, d)
	}
	if err := do(d, c, commit); err != nil {
		return err
	}
	if err := commit(); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cache, v.seen = c, v.shared.changes.Load() // no other change comes in between, as change is held
	return nil
}

// Files are the volume's files, by path.
func (v *Volume) Files() []File {
	c := v.current()
	files := []File{}
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		files = append(files, *c.Files[name])
	}
	return files
}

// Lookup finds a file, or fails with fs.ErrNotExist.
func (v *Volume) Lookup(name string) (File, error) {
	clean, err := cleanPath(name)
	if err != nil {
		return File{}, err
	}
	if f := v.current().Files[clean]; f != nil {
		return *f, nil
	}
	return File{}, v.missing(name)
}

func (v *Volume) missing(name string) error {
	return fmt.Errorf("[%s] %s: %w", v.Label, name, fs.ErrNotExist)
}

// Free is the room for further disks, in bytes. It may be in several pieces.
func (v *Volume) Free() int64 {
	var free int64
	for _, gap := range v.current().gaps(v.Capacity) {
		free += gap.Size
	}
	return free
}

// cleanPath brings a path to its one form, without a leading slash.
func cleanPath(name string) (string, error) {
	clean := strings.TrimPrefix(path.Clean("/"+name), "/")
	if clean == "" || strings.ContainsRune(name, 0) || slices.Contains(strings.Split(name, "/"), "..") {
		return "", fmt.Errorf("%q: %w: a path such as web/web.vmdk is needed", name, fs.ErrInvalid)
	}
	return clean, nil
}
