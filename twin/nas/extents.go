// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"livelab.dev/twin/nas/tgt"
)

func (s *Server) extents() kind[Extent] {
	return kind[Extent]{
		path: "/iscsi/extent", schema: "iscsi_extent", title: "iSCSI extent",
		items: func(state *State) *[]Extent { return &state.Extents },
		id:    func(e *Extent) *int { return &e.ID },
		fresh: func() Extent {
			return Extent{Type: "DISK", Blocksize: 512, InsecureTPC: true, RPM: "SSD", Enabled: true, Vendor: "TrueNAS"}
		},
		check:  s.checkExtent,
		remove: s.removeExtent,
	}
}

func (s *Server) removeExtent(r *http.Request, state *State, gone Extent) error {
	force, remove := forced(r)
	for _, t := range state.Targets {
		linked := slices.ContainsFunc(state.Links, func(l TargetExtent) bool { return l.Target == t.ID && l.Extent == gone.ID })
		if linked && !force && s.service.inUse(state.iqn(t)) {
			return refusal(einval, "Associated target(s) %s is in use.", state.iqn(t))
		}
	}
	state.Links = slices.DeleteFunc(state.Links, func(l TargetExtent) bool { return l.Extent == gone.ID })
	if remove && gone.Type == "FILE" {
		if err := os.Remove(s.backing(gone)); err != nil {
			return refusal(einval, "Failed to remove extent file")
		}
	}
	return nil
}

// backing is the file on this machine behind an extent.
func (s *Server) backing(e Extent) string {
	if e.Type == "FILE" {
		return filepath.Join(s.cfg.Dir, e.Path)
	}
	return s.zvolFile(strings.TrimPrefix(*e.Disk, "zvol/"))
}

func (s *Server) checkExtent(state *State, schema string, e *Extent, others []Extent, wrong Invalid) {
	s.completeExtent(e)
	switch {
	case e.Name == "":
		wrong.add(schema+".name", einval, "attribute required")
	case strings.Contains(e.Name, `"`):
		wrong.add(schema+".name", einval, "Double quotes are not allowed")
	case slices.ContainsFunc(others, func(o Extent) bool { return o.Name == e.Name }):
		wrong.add(schema+".name", eexist, "Extent name must be unique")
	}
	if err := tgt.Check("serial", e.Serial); err != nil || strings.Contains(e.Serial, `"`) {
		wrong.add(schema+".serial", einval, "Double quotes and commas are not allowed")
	}
	if len(e.Serial) > 15 {
		wrong.add(schema+".serial", einval, "Maximum length of 15 characters is allowed for extent serial")
	}
	if !slices.Contains([]int{512, 1024, 2048, 4096}, e.Blocksize) {
		wrong.add(schema+".blocksize", einval, "Invalid choice: %d", e.Blocksize)
	}
	if _, ok := rpms[e.RPM]; !ok {
		wrong.add(schema+".rpm", einval, "Invalid choice: %s", e.RPM)
	}
	switch e.Type {
	case "DISK":
		checkZvol(state, schema, e, others, wrong)
	case "FILE":
		s.checkFile(state, schema, e, wrong)
	default:
		wrong.add(schema+".type", einval, "Invalid choice: %s", e.Type)
	}
}

// rpms are the rotation rates that an extent may report, with SCSI's number for each.
var rpms = map[string]int{"UNKNOWN": 0, "SSD": 1, "5400": 5400, "7200": 7200, "10000": 10000, "15000": 15000}

// completeExtent gives a new extent its serial and NAA id. Both stay for the extent's life.
func (s *Server) completeExtent(e *Extent) {
	if e.Serial == "" {
		e.Serial = fmt.Sprintf("%s%03d", randomHex(12), e.ID-1)
	}
	if e.NAA == "" {
		// 6589cfc is iXsystems' own, as on the real one; the rest makes it unique.
		e.NAA = "0x6589cfc000000" + randomHex(19)
	}
}

func randomHex(digits int) string {
	b := make([]byte, (digits+1)/2)
	_, _ = rand.Read(b) // crypto/rand.Read never fails
	return hex.EncodeToString(b)[:digits]
}

func checkZvol(state *State, schema string, e *Extent, others []Extent, wrong Invalid) {
	if e.Disk == nil || *e.Disk == "" {
		wrong.add(schema+".disk", einval, "This field is required")
		return
	}
	e.Path, e.Filesize = *e.Disk, 0
	name, isZvol := strings.CutPrefix(*e.Disk, "zvol/")
	switch i := state.dataset(name); {
	case !isZvol:
		wrong.add(schema+".disk", enoent, "Disk in use or not found")
	case i < 0 || state.Datasets[i].Type != "VOLUME":
		wrong.add(schema+".disk", einval, "Zvol %s does not exist", name)
	case state.Datasets[i].VolSize%int64(e.Blocksize) != 0:
		wrong.add(schema+".blocksize", einval, "Zvol %s is no multiple of %d bytes", name, e.Blocksize)
	}
	if slices.ContainsFunc(others, func(o Extent) bool { return o.Disk != nil && *o.Disk == *e.Disk }) {
		wrong.add(schema+".disk", eexist, "Zvol %s is used by another extent", name)
	}
}

// checkFile checks a file extent and makes its file, as the real one does, when everything else is right.
func (s *Server) checkFile(state *State, schema string, e *Extent, wrong Invalid) {
	e.Disk = nil
	parts := strings.Split(e.Path, "/")
	pool := len(parts) > 3 && parts[0] == "" && parts[1] == "mnt" &&
		slices.ContainsFunc(state.Pools, func(p Pool) bool { return p.Name == parts[2] })
	switch {
	case e.Path == "":
		wrong.add(schema+".path", einval, "This field is required")
		return
	case !pool || path.Clean(e.Path) != e.Path || tgt.Check("path", e.Path) != nil:
		wrong.add(schema+".path", einval, "The path must reside within a pool mount point")
		return
	}
	file := s.backing(*e)
	info, err := os.Stat(file)
	switch {
	case err == nil && !info.Mode().IsRegular():
		wrong.add(schema+".path", einval, "You need to specify a filepath not a directory")
	case err != nil && e.Filesize == 0:
		wrong.add(schema+".path", einval, "The file must exist if the extent size is set to auto (0)")
	case e.Filesize < 0 || e.Blocksize > 0 && int64(e.Filesize)%int64(e.Blocksize) != 0:
		wrong.add(schema+".filesize", einval, "File size must be a multiple of block size")
	case err != nil && len(wrong) == 0:
		if err := makeSparse(file, int64(e.Filesize)); err != nil {
			wrong.add(schema+".path", einval, "%v", err)
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
