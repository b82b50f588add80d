// SPDX-License-Identifier: GPL-3.0-or-later

package model

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"livelab.dev/twin/nas/fault"
	"livelab.dev/twin/nas/tgt"
)

// DatasetSpec is what a dataset is made of or changed to. Nil and empty fields are left as they are.
type DatasetSpec struct {
	Name            string  `json:"name"`
	Type            string  `json:"type"`
	VolSize         int64   `json:"volsize"`
	VolBlockSize    string  `json:"volblocksize"`
	Sparse          bool    `json:"sparse"`
	ForceSize       bool    `json:"force_size"`
	CreateAncestors bool    `json:"create_ancestors"`
	Comments        *string `json:"comments"`
	Compression     *string `json:"compression"`
	Sync            *string `json:"sync"`
	Dedup           *string `json:"deduplication"`
	ReadOnly        *string `json:"readonly"`
}

var datasetForm = regexp.MustCompile(`^[a-zA-Z0-9][-_.: a-zA-Z0-9]*(/[a-zA-Z0-9][-_.: a-zA-Z0-9]*)+$`)

// inherit is a property's value that is its parent's.
const inherit = "INHERIT"

func (d *Dataset) set(spec DatasetSpec) {
	for _, p := range []struct {
		from *string
		to   *string
	}{{spec.Comments, &d.Comments}, {spec.Compression, &d.Compression}, {spec.Sync, &d.Sync}, {spec.Dedup, &d.Dedup}, {spec.ReadOnly, &d.ReadOnly}} {
		if p.from != nil && *p.from == inherit {
			*p.to = ""
		} else if p.from != nil {
			*p.to = *p.from
		}
	}
}

// CreateDataset makes a zvol or a file system.
func (n *NAS) CreateDataset(spec DatasetSpec) error {
	return n.change(func(next *State) error {
		if spec.CreateAncestors {
			if err := n.makeAncestors(next, spec.Name); err != nil {
				return err
			}
		}
		var wrong fault.Invalid
		checkName(next, spec, &wrong)
		d := Dataset{Name: spec.Name, Type: spec.Type}
		d.set(spec)
		if spec.Type == "VOLUME" {
			d.VolSize, d.Sparse, d.VolBlockSize = spec.VolSize, spec.Sparse, volBlockSize(spec.VolBlockSize)
			n.checkVolume(next, d, 0, spec.ForceSize, &wrong)
		} else if spec.VolSize != 0 {
			wrong.Add("volsize", fault.EINVAL, "This field is not valid for FILESYSTEM")
		}
		if err := wrong.Err(); err != nil {
			return err
		}
		if err := n.checkRoom(next, d, 0); err != nil {
			return err
		}
		next.Datasets = append(next.Datasets, d)
		if d.Type == "VOLUME" {
			return makeSparse(n.zvolFile(d.Name), d.VolSize)
		}
		return os.MkdirAll(filepath.Join(n.cfg.Dir, "mnt", d.Name), 0o700)
	})
}

// makeAncestors makes the file systems that lead to a dataset.
func (n *NAS) makeAncestors(state *State, name string) error {
	parts := strings.Split(name, "/")
	for i := 2; i < len(parts); i++ {
		parent := strings.Join(parts[:i], "/")
		if state.dataset(parent) >= 0 {
			continue
		}
		var wrong fault.Invalid
		checkName(state, DatasetSpec{Name: parent}, &wrong)
		if err := wrong.Err(); err != nil {
			return err
		}
		state.Datasets = append(state.Datasets, Dataset{Name: parent, Type: "FILESYSTEM"})
		if err := os.MkdirAll(filepath.Join(n.cfg.Dir, "mnt", parent), 0o700); err != nil {
			return err
		}
	}
	return nil
}

func checkName(state *State, spec DatasetSpec, wrong *fault.Invalid) {
	parent := ""
	if i := strings.LastIndex(spec.Name, "/"); i >= 0 {
		parent = spec.Name[:i]
	}
	isPool := slices.ContainsFunc(state.Pools, func(p Pool) bool { return p.Name == parent })
	i := state.dataset(parent)
	switch {
	case parent == "":
		wrong.Add("name", fault.EINVAL, "You need a full name, e.g. pool/newdataset")
	case !datasetForm.MatchString(spec.Name) || strings.Contains(spec.Name, "..") || strings.HasSuffix(spec.Name, " "):
		wrong.Add("name", fault.EINVAL, "%q is not a name for a dataset", spec.Name)
	case !isPool && i < 0:
		wrong.Add("name", fault.ENOENT, "Parent dataset %s does not exist", parent)
	case !isPool && state.Datasets[i].Type == "VOLUME":
		wrong.Add("name", fault.EINVAL, "Parent %s is a zvol and cannot have datasets", parent)
	case state.dataset(spec.Name) >= 0:
		wrong.Add("name", fault.EEXIST, "Path %s already exists", spec.Name)
	}
}

// volBlockSize reads "512", "4K" … "128K" as bytes; 0 when it is none of those.
func volBlockSize(s string) int64 {
	if s == "" {
		s = "16K"
	}
	s = strings.TrimSuffix(s, "B")
	if !slices.Contains([]string{"512", "1K", "2K", "4K", "8K", "16K", "32K", "64K", "128K"}, s) {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSuffix(s, "K"), 10, 64)
	if strings.HasSuffix(s, "K") {
		n *= 1024
	}
	return n
}

// checkVolume checks a zvol's size. Own is the room in bytes that it takes already.
func (n *NAS) checkVolume(state *State, d Dataset, own int64, force bool, wrong *fault.Invalid) {
	if d.VolBlockSize == 0 {
		wrong.Add("volblocksize", fault.EINVAL, "Invalid choice: use 512, 1K, 2K, 4K, 8K, 16K, 32K, 64K or 128K")
		return
	}
	if d.VolSize <= 0 {
		wrong.Add("volsize", fault.EINVAL, "This field is required for VOLUME")
		return
	}
	if d.VolSize%d.VolBlockSize != 0 {
		wrong.Add("volsize", fault.EINVAL, "Volume size should be a multiple of volume block size")
	}
	available, ok := n.Available(state, d.Name)
	if ok && !force && d.VolSize > (available+own)/5*4 {
		wrong.Add("volsize", fault.EINVAL, "It is not recommended to use more than 80%% of your available space for VOLUME")
	}
}

// checkRoom refuses a zvol that reserves more than there is.
func (n *NAS) checkRoom(state *State, d Dataset, own int64) error {
	available, ok := n.Available(state, d.Name)
	if d.Type == "VOLUME" && !d.Sparse && ok && d.VolSize > available+own {
		return fault.Refuse(fault.ENOSPC, "Failed to create dataset: cannot create '%s': out of space", d.Name)
	}
	return nil
}

// UpdateDataset changes a dataset; a zvol only grows.
func (n *NAS) UpdateDataset(name string, spec DatasetSpec) error {
	return n.change(func(next *State) error {
		i := next.dataset(name)
		if i < 0 {
			return missingDataset(name)
		}
		d := &next.Datasets[i]
		d.set(spec)
		if spec.VolSize == 0 || spec.VolSize == d.VolSize {
			return nil
		}
		var wrong fault.Invalid
		own := n.Used(*d)
		if d.Type != "VOLUME" {
			wrong.Add("volsize", fault.EINVAL, "This field is not valid for FILESYSTEM")
			return wrong.Err()
		}
		if spec.VolSize < d.VolSize {
			wrong.Add("volsize", fault.EINVAL, "You cannot shrink a zvol from GUI, this may lead to data loss.")
		}
		d.VolSize = spec.VolSize
		n.checkVolume(next, *d, own, spec.ForceSize, &wrong)
		if err := wrong.Err(); err != nil {
			return err
		}
		if err := n.checkRoom(next, *d, own); err != nil {
			return err
		}
		return os.Truncate(n.zvolFile(name), d.VolSize)
	})
}

// DeleteDataset destroys a dataset and, when it is told so, those below.
func (n *NAS) DeleteDataset(name string, recursive bool) error {
	err := n.change(func(next *State) error {
		if next.dataset(name) < 0 {
			return missingDataset(name)
		}
		below := func(d Dataset) bool { return strings.HasPrefix(d.Name, name+"/") }
		if !recursive && slices.ContainsFunc(next.Datasets, below) {
			return fault.Refuse(fault.EFAULT, "Failed to delete dataset: cannot destroy '%s': filesystem has children", name)
		}
		next.dropDatasets(func(d Dataset) bool { return d.Name == name || below(d) })
		next.dropExtents(func(e Extent) bool { return strings.HasPrefix(e.Path, "/mnt/"+name+"/") })
		return nil
	})
	if err == nil {
		err = errors.Join(os.RemoveAll(n.zvolFile(name)), os.RemoveAll(filepath.Join(n.cfg.Dir, "mnt", name)))
	}
	return err
}

func missingDataset(name string) error {
	return fault.Missing(fmt.Sprintf("PoolDataset %s does not exist", name))
}

// dropDatasets removes datasets and the extents on them.
func (s *State) dropDatasets(match func(Dataset) bool) {
	for _, d := range s.Datasets {
		if match(d) {
			s.dropExtents(func(e Extent) bool { return e.Path == ZvolPath(d.Name) })
		}
	}
	s.Datasets = slices.DeleteFunc(s.Datasets, match)
}

// dropExtents removes extents and their places on targets.
func (s *State) dropExtents(match func(Extent) bool) {
	for _, e := range s.Extents {
		if match(e) {
			s.Links = slices.DeleteFunc(s.Links, func(l TargetExtent) bool { return l.Extent == e.ID })
		}
	}
	s.Extents = slices.DeleteFunc(s.Extents, match)
}

// dataset is the index of a dataset, or -1.
func (s *State) dataset(name string) int {
	return slices.IndexFunc(s.Datasets, func(d Dataset) bool { return d.Name == name })
}

// zvolFile is the sparse file that is a zvol.
func (n *NAS) zvolFile(name string) string {
	if tgt.Check("zvol", name) != nil || strings.Contains(name, "..") {
		panic("zvol name was not checked: " + name)
	}
	return filepath.Join(n.cfg.Dir, "zvol", name)
}
