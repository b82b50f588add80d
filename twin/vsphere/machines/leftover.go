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

func (m *Manager) notesDir() string { return filepath.Join(m.cfg.Dir, "imports") }

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
	dir := l.inv.m.notesDir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, l.token), data, 0o600)
}

// forgetNote is for an import that is over: its disks are a machine's now, or removed.
func (l *lease) forgetNote() { _ = os.Remove(filepath.Join(l.inv.m.notesDir(), l.token)) }

// readNotes finds the imports that an earlier manager did not finish.
func (m *Manager) readNotes() error {
	files, err := filepath.Glob(filepath.Join(m.notesDir(), "*"))
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
			m.unfinished[file] = n
		}
		err = errors.Join(err, readErr)
	}
	return err
}

// sweep removes the disks of unfinished imports whose datastore is there. It is done before a machine is made, too: a path that
// is noted must not be a new machine's.
func (m *Manager) sweep() {
	m.sweeping.Lock()
	defer m.sweeping.Unlock()
	for file, n := range m.unfinished {
		h := m.hostNumbered(n.Host)
		if h == nil {
			continue
		}
		if err := n.remove(m.ctx, h); err != nil {
			continue // Not there yet, or not there now.
		}
		_ = os.Remove(file)
		delete(m.unfinished, file)
		m.cfg.Logf("machines: removed the disks of an import that had not finished: %v", n.Disks)
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

// hostNumbered is a host that some registry shows, nil for none.
func (m *Manager) hostNumbered(number int) host {
	for _, inv := range m.attached() {
		for _, entity := range inv.reg.All("HostSystem") {
			if h := inv.hostOf(entity.Reference()); h != nil && h.Number() == number {
				return h
			}
		}
	}
	return nil
}

// directoryFree gives the machine that is to be imported a directory in which none of its disks is in the way of another file: web,
// web_1, web_2, …
func (p *place) directoryFree(config *types.VirtualMachineConfigSpec) {
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
			if at, ok := p.moved(d.FileName, directory); ok {
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
		if at, ok := p.moved(d.FileName, directory); ok {
			d.FileName = at.String()
		}
	}
	p.directory = directory
	config.Files.VmPathName = (&object.DatastorePath{Datastore: p.datastoreName, Path: path.Join(directory, config.Name+".vmx")}).String()
}

// moved is where a file of the machine's directory would be in another; false for a file that is elsewhere.
func (p *place) moved(file, directory string) (object.DatastorePath, bool) {
	var at object.DatastorePath
	if !at.FromString(file) || at.Datastore != p.datastoreName || path.Dir(at.Path) != p.directory {
		return at, false
	}
	at.Path = path.Join(directory, path.Base(at.Path))
	return at, true
}
