// SPDX-License-Identifier: GPL-3.0-or-later

package imports

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

	"livelab.dev/twin/vsphere/machines"

	"livelab.dev/twin/vsphere/names"
)

// An import that a crash ended leaves disks that belong to no machine. So each import is noted in a file until it is over; what a
// new manager finds noted, it removes as soon as the datastore is there.

// importNote says which disks an import puts on a volume.
type importNote struct {
	Host  int // number of one that sees the datastore
	Disks []notedDisk
}

type notedDisk struct{ Datastore, Path string }

func (im *Imports) NotesDir() string { return filepath.Join(im.m.Cfg.Dir, "imports") }

// note writes down an import before its first disk comes.
func (l *Lease) note(disks []machines.Disk) error {
	n := importNote{Host: l.host.Number()}
	for _, d := range disks {
		n.Disks = append(n.Disks, notedDisk{d.Datastore, d.Path})
	}
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	dir := l.im.NotesDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, l.token), data, 0o600)
}

// forgetNote is for an import that is over: its disks are a machine's now, or removed.
func (l *Lease) forgetNote() { _ = os.Remove(filepath.Join(l.im.NotesDir(), l.token)) }

// readNotes finds the imports that an earlier manager did not finish.
func (im *Imports) readNotes() error {
	files, err := filepath.Glob(filepath.Join(im.NotesDir(), "*"))
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
func (im *Imports) sweep() {
	im.sweeping.Lock()
	defer im.sweeping.Unlock()
	for file, n := range im.unfinished {
		h := im.m.HostNumbered(n.Host)
		if h == nil {
			continue
		}
		if err := n.remove(im.m.Ctx, h); err != nil {
			continue // Not there yet, or not there now.
		}
		_ = os.Remove(file)
		delete(im.unfinished, file)
		im.m.Cfg.Logf("machines: removed the disks of an import that had not finished: %v", n.Disks)
	}
}

func (n importNote) remove(ctx context.Context, h machines.ESXi) error {
	for _, d := range n.Disks {
		v, err := h.Disks(d.Datastore)
		if err != nil {
			return err
		}
		if err := v.Remove(ctx, d.Path); err != nil {
			return err
		}
	}
	return nil
}

// DirectoryFree gives the machine that is to be imported a directory in which none of its disks is in the way of another file: web,
// web_1, web_2, …
func DirectoryFree(p *machines.Place, config *types.VirtualMachineConfigSpec) {
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
				if _, exists := p.Volume.Size(at.Path); exists {
					return true
				}
			}
		}
		return false
	}
	original, directory := p.Directory, p.Directory
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
	p.Directory = directory
	config.Files.VmPathName = (&object.DatastorePath{Datastore: p.DatastoreName, Path: path.Join(directory, names.File(config.Name)+".vmx")}).String()
}

// moved is where a file of the machine's directory would be in another; false for a file that is elsewhere.
func moved(p *machines.Place, file, directory string) (object.DatastorePath, bool) {
	var at object.DatastorePath
	if !at.FromString(file) || at.Datastore != p.DatastoreName || path.Dir(at.Path) != p.Directory {
		return at, false
	}
	at.Path = path.Join(directory, path.Base(at.Path))
	return at, true
}
