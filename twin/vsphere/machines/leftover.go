// SPDX-License-Identifier: GPL-3.0-or-later

package machines

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"
)

// An import that a crash ended leaves disks that belong to no machine. So each import is noted in a file until it is over; what a
// new manager finds noted, it removes as soon as the datastore is there.

// importNote says which disks an import puts on a volume.
type importNote struct {
	Host  int // number of one that sees the datastore
	Disks []notedDisk
}

type notedDisk struct{ Datastore, Path string }

func (im *imports) notesDir() string { return filepath.Join(im.m.cfg.Dir, "imports") }

// note writes down an import before its first disk comes.
func (l *lease) note(disks []disk) error {
	n := importNote{Host: l.host.Number()}
	for _, d := range disks {
		n.Disks = append(n.Disks, notedDisk{d.datastore, d.path})
	}
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	dir := l.im.notesDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, l.token), data, 0o600)
}

// forgetNote is for an import that is over: its disks are a machine's now, or removed.
func (l *lease) forgetNote() { _ = os.Remove(filepath.Join(l.im.notesDir(), l.token)) }

// readNotes finds the imports that an earlier manager did not finish.
func (im *imports) readNotes() error {
	files, err := filepath.Glob(filepath.Join(im.notesDir(), "*"))
	for _, file := range files {
		var n importNote
		data, readErr := os.ReadFile(file)
		if readErr == nil {
			readErr = json.Unmarshal(data, &n)
		}
		if readErr != nil {
			// Written in the very moment of the crash: no disk had come by then.
			readErr = os.Remove(file)
		} else {
			im.unfinished[file] = n
		}
		err = errors.Join(err, readErr)
	}
	return err
}

// sweep removes the disks of unfinished imports whose datastore is there. It is done before a machine is made, too: a path that
// is noted must not be a new machine's.
func (im *imports) sweep() {
	im.sweeping.Lock()
	defer im.sweeping.Unlock()
	for file, n := range im.unfinished {
		h := im.m.hostNumbered(n.Host)
		if h == nil {
			continue
		}
		if err := n.remove(im.m.ctx, h); err != nil {
			continue // Not there yet, or not there now.
		}
		_ = os.Remove(file)
		delete(im.unfinished, file)
		im.m.cfg.Logf("machines: removed the disks of an import that had not finished: %v", n.Disks)
	}
}

func (n importNote) remove(ctx context.Context, h host) error {
	for _, d := range n.Disks {
		v, err := h.volume(d.Datastore)
		if err != nil {
			return err
		}
		if err := v.remove(ctx, d.Path); err != nil {
			return err
		}
	}
	return nil
}

// directoryFree gives the machine that is to be imported a directory in which none of its disks is in the way of another file: web,
// web_1, web_2, …
func directoryFree(p *place, config *types.VirtualMachineConfigSpec) {
	var disks []*types.VirtualDeviceFileBackingInfo
	for _, c := range config.DeviceChange {
		if d, ok := c.GetVirtualDeviceConfigSpec().Device.(*types.VirtualDisk); ok {
			if backing, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
				disks = append(disks, backing.GetVirtualDeviceFileBackingInfo())
			}
		}
	}
	taken := func(directory string) bool {
		for _, d := range disks {
			if at, ok := moved(p, d.FileName, directory); ok {
				if _, exists := p.volume.size(at.Path); exists {
					return true
				}
			}
		}
		return false
	}
	original, directory := p.directory, p.directory
	for n := 1; taken(directory); n++ {
		directory = original + "_" + strconv.Itoa(n)
	}
	if directory == original {
		return
	}
	for _, d := range disks {
		if at, ok := moved(p, d.FileName, directory); ok {
			d.FileName = at.String()
		}
	}
	p.directory = directory
	config.Files.VmPathName = (&object.DatastorePath{Datastore: p.datastoreName, Path: path.Join(directory, config.Name+".vmx")}).String()
}

// moved is where a file of the machine's directory would be in another; false for a file that is elsewhere.
func moved(p *place, file, directory string) (object.DatastorePath, bool) {
	var at object.DatastorePath
	if !at.FromString(file) || at.Datastore != p.datastoreName || path.Dir(at.Path) != p.directory {
		return at, false
	}
	at.Path = path.Join(directory, path.Base(at.Path))
	return at, true
}
