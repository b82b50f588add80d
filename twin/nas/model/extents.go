// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/tgt"
)

// Extents are what LUNs hold.
func (n *NAS) Extents() Kind[Extent] {
	return Kind[Extent]{
		nas: n, name: "/iscsi/extent", title: "iSCSITargetExtent",
		items: func(state *State) *[]Extent { return &state.Extents },
		id:    func(e *Extent) *int { return &e.ID },
		fresh: func() Extent {
			return Extent{Type: "DISK", Blocksize: 512, InsecureTPC: true, RPM: "SSD", Enabled: true, Vendor: "TrueNAS"}
		},
		check:  n.checkExtent,
		remove: n.removeExtent,
	}
}

func (n *NAS) removeExtent(o Options, state *State, gone Extent) error {
	for _, t := range state.Targets {
		linked := slices.ContainsFunc(state.Links, func(l TargetExtent) bool { return l.Target == t.ID && l.Extent == gone.ID })
		if linked && !o.Force && n.service.inUse(state.iqn(t)) {
			return fault.Refuse(fault.EFAULT, "Associated target(s) %s is in use.", state.iqn(t))
		}
	}
	state.Links = slices.DeleteFunc(state.Links, func(l TargetExtent) bool { return l.Extent == gone.ID })
	if o.Remove && gone.Type == "FILE" {
		if err := os.Remove(n.backing(gone)); err != nil {
			return fault.Refuse(fault.EFAULT, "Failed to remove extent file")
		}
	}
	return nil
}

// zvolName is the dataset behind "zvol/tank/my+vol", in which a plus stands for a space. It is the path itself when it
// is no zvol's.
func zvolName(path string) string {
	if name, ok := strings.CutPrefix(path, "zvol/"); ok {
		return strings.ReplaceAll(name, "+", " ")
	}
	return path
}

// ZvolPath is a zvol as an extent names it.
func ZvolPath(dataset string) string { return "zvol/" + strings.ReplaceAll(dataset, " ", "+") }

// backing is the file on this machine behind an extent.
func (n *NAS) backing(e Extent) string {
	switch {
	case e.Type == "FILE":
		return filepath.Join(n.cfg.Dir, e.Path)
	case strings.HasPrefix(*e.Disk, "zvol/"):
		return n.zvolFile(zvolName(*e.Disk))
	}
	return filepath.Join(n.cfg.Dir, "disk", filepath.Base(*e.Disk))
}

func (n *NAS) checkExtent(state *State, e *Extent, others []Extent, wrong *fault.Invalid) {
	completeExtent(e)
	switch {
	case e.Name == "":
		wrong.Add("name", fault.EINVAL, "This field is required")
	case strings.Contains(e.Name, `"`):
		wrong.Add("name", fault.EINVAL, "Double quotes are not allowed")
	case slices.ContainsFunc(others, func(o Extent) bool { return o.Name == e.Name }):
		wrong.Add("name", fault.EEXIST, "Extent name must be unique")
	}
	n.checkSerial(e, others, wrong)
	if e.Type == "DISK" {
		n.checkDevice(state, e, others, wrong)
	} else {
		n.checkFile(state, e, wrong)
	}
}

func (n *NAS) checkSerial(e *Extent, others []Extent, wrong *fault.Invalid) {
	if err := tgt.Check("serial", e.Serial); err != nil || strings.Contains(e.Serial, `"`) {
		wrong.Add("serial", fault.EINVAL, "Double quotes and commas are not allowed")
	}
	if len(e.Serial) > n.Version.MaxSerial {
		wrong.Add("serial", fault.EINVAL, "Extent serial can not exceed %d characters", n.Version.MaxSerial)
	}
	if n.Version.UniqueSerial && slices.ContainsFunc(others, func(o Extent) bool { return o.Serial == e.Serial }) {
		wrong.Add("serial", fault.EEXIST, "Serial number must be unique")
	}
}

// rpms are the rotation rates that an extent may report, with SCSI's number for each.
var rpms = map[string]int{"UNKNOWN": 0, "SSD": 1, "5400": 5400, "7200": 7200, "10000": 10000, "15000": 15000}

// completeExtent gives a new extent its serial and NAA id. Both stay for the extent's life.
func completeExtent(e *Extent) {
	if e.Serial == "" {
		e.Serial = randomHex(15)
	}
	if e.NAA == "" {
		// 6589cfc is iXsystems' own, as on the real one; the rest makes it unique.
		e.NAA = "0x6589cfc000000" + randomHex(19)
	}
}

// checkDevice checks an extent on a zvol or, where the version has that, on a whole disk.
func (n *NAS) checkDevice(state *State, e *Extent, others []Extent, wrong *fault.Invalid) {
	if e.Disk == nil || *e.Disk == "" {
		wrong.Add("disk", fault.EINVAL, "This field is required")
		return
	}
	disk := strings.TrimPrefix(*e.Disk, "/dev/")
	if strings.HasPrefix(disk, "zvol/") {
		disk = ZvolPath(zvolName(disk))
	}
	e.Disk, e.Path, e.Filesize = &disk, disk, 0
	if !strings.HasPrefix(disk, "zvol/") {
		n.checkRawDisk(state, disk, wrong)
	} else if i := state.dataset(zvolName(disk)); i < 0 || state.Datasets[i].Type != "VOLUME" {
		wrong.Add("disk", fault.EINVAL, "Device '/dev/%s' for volume '%s' does not exist", disk, zvolName(disk))
	} else if state.Datasets[i].VolSize%int64(e.Blocksize) != 0 {
		wrong.Add("blocksize", fault.EINVAL, "Zvol %s is no multiple of %d bytes", zvolName(disk), e.Blocksize)
	}
	for _, o := range others {
		if o.Disk != nil && *o.Disk == disk {
			wrong.Add("disk", fault.EINVAL, "Disk currently in use by extent %s", o.Name)
		}
	}
}

func (n *NAS) checkRawDisk(state *State, name string, wrong *fault.Invalid) {
	if !n.Version.RawDisks {
		wrong.Add("disk", fault.EINVAL, `Disk name must start with "zvol/"`)
		return
	}
	disk, ok := n.Disk(name)
	if !ok || disk.System || disk.ExportedPool != "" || state.poolOf(name) != "" {
		wrong.Add("disk", fault.EINVAL, "Disk in use or not found")
		return
	}
	if file := filepath.Join(n.cfg.Dir, "disk", name); allocated(file) == 0 {
		if err := makeSparse(file, disk.Size); err != nil {
			wrong.Add("disk", fault.EINVAL, "%v", err)
		}
	}
}

// DiskChoices are the zvols, and the disks where the version takes them, that no extent has.
func (n *NAS) DiskChoices() map[string]string {
	return View(n, func(state *State) map[string]string {
		free := map[string]string{}
		for _, d := range state.Datasets {
			if d.Type == "VOLUME" {
				free[ZvolPath(d.Name)] = fmt.Sprintf("%s (%d)", d.Name, d.VolSize)
			}
		}
		for _, d := range n.cfg.Disks {
			if n.Version.RawDisks && !d.System && d.ExportedPool == "" && state.poolOf(d.Name) == "" {
				free[d.Name] = fmt.Sprintf("%s (%d)", d.Name, d.Size)
			}
		}
		for _, e := range state.Extents {
			if e.Disk != nil {
				delete(free, *e.Disk)
			}
		}
		return free
	})
}

// checkFile checks a file extent and makes its file, as the real one does, when everything else is right.
func (n *NAS) checkFile(state *State, e *Extent, wrong *fault.Invalid) {
	e.Disk = nil
	parts := strings.Split(e.Path, "/")
	pool := len(parts) > 3 && parts[0] == "" && parts[1] == "mnt" &&
		slices.ContainsFunc(state.Pools, func(p Pool) bool { return p.Name == parts[2] })
	switch {
	case e.Path == "":
		wrong.Add("path", fault.EINVAL, "This field is required")
		return
	case !pool || path.Clean(e.Path) != e.Path || tgt.Check("path", e.Path) != nil:
		wrong.Add("path", fault.EINVAL, "The path must reside within a pool mount point")
		return
	}
	if strings.Contains(e.Path, " ") {
		wrong.Add("path", fault.EINVAL, "Path may not contain spaces: %q", e.Path)
	}
	file := n.backing(*e)
	info, err := os.Stat(file)
	switch {
	case err == nil && !info.Mode().IsRegular():
		wrong.Add("path", fault.EINVAL, "You need to specify a filepath not a directory")
	case err != nil && e.Filesize == 0:
		wrong.Add("path", fault.EINVAL, "The file must exist if the extent size is set to auto (0)")
	case e.Filesize < 0 || e.Blocksize > 0 && int64(e.Filesize)%int64(e.Blocksize) != 0:
		wrong.Add("filesize", fault.EINVAL, "File size must be a multiple of block size")
	case err != nil && len(*wrong) == 0:
		if err := makeSparse(file, int64(e.Filesize)); err != nil {
			wrong.Add("path", fault.EINVAL, "%v", err)
		}
	}
}

// makeSparse makes a file of zeros of a size in bytes that takes no room, and the directories above it.
func makeSparse(file string, size int64) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}
