// SPDX-License-Identifier: GPL-3.0-or-later

package nas

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"livelab.dev/twin/nas/tgt"
)

// datasetRequest is the part of the API's dataset that this NAS has.
type datasetRequest struct {
	Name         string  `json:"name"`
	Type         string  `json:"type"`
	VolSize      int64   `json:"volsize"`
	VolBlockSize string  `json:"volblocksize"`
	Sparse       bool    `json:"sparse"`
	ForceSize    bool    `json:"force_size"`
	Comments     string  `json:"comments"`
	Compression  *string `json:"compression"`
	Sync         *string `json:"sync"`
	Dedup        *string `json:"deduplication"`
}

var datasetForm = regexp.MustCompile(`^[a-zA-Z0-9][-_.: a-zA-Z0-9]*(/[a-zA-Z0-9][-_.: a-zA-Z0-9]*)+$`)

func (s *Server) datasetRoutes(handle func(string, call)) {
	handle("GET /pool/dataset", func(r *http.Request) (any, error) { return query(r, view(s, s.showDatasets)) })
	handle("GET /pool/dataset/id/{id}", func(r *http.Request) (any, error) {
		for _, d := range view(s, s.showDatasets) {
			if d["id"] == r.PathValue("id") {
				return d, nil
			}
		}
		return nil, missingDataset(r)
	})
	handle("POST /pool/dataset", s.createDataset)
	handle("PUT /pool/dataset/id/{id}", s.updateDataset)
	handle("DELETE /pool/dataset/id/{id}", s.deleteDataset)
}

func missingDataset(r *http.Request) error {
	return notFound(fmt.Sprintf("PoolDataset %s does not exist", r.PathValue("id")))
}

func (s *Server) createDataset(r *http.Request) (any, error) {
	req := datasetRequest{Type: "FILESYSTEM", VolBlockSize: "16K"}
	if err := decode(r, "pool_dataset_create", &req); err != nil {
		return nil, err
	}
	err := s.change(func(next *State) error {
		const schema = "pool_dataset_create"
		wrong := Invalid{}
		s.checkName(next, req, schema, wrong)
		d := Dataset{Name: req.Name, Type: req.Type, Comments: req.Comments}
		switch req.Type {
		case "VOLUME":
			d.VolSize, d.Sparse, d.VolBlockSize = req.VolSize, req.Sparse, volBlockSize(req.VolBlockSize)
			s.checkVolume(next, d, 0, req.ForceSize, schema, wrong)
		case "FILESYSTEM":
		default:
			wrong.add(schema+".type", einval, "Invalid choice: %s", req.Type)
		}
		if err := wrong.err(); err != nil {
			return err
		}
		if err := s.checkRoom(next, d, 0); err != nil {
			return err
		}
		next.Datasets = append(next.Datasets, d)
		if d.Type == "VOLUME" {
			return makeSparse(s.zvolFile(d.Name), d.VolSize)
		}
		return os.MkdirAll(filepath.Join(s.cfg.Dir, "mnt", d.Name), 0o700)
	})
	if err != nil {
		return nil, err
	}
	return s.oneDataset(req.Name), nil
}

func (s *Server) checkName(state *State, req datasetRequest, schema string, wrong Invalid) {
	parent := ""
	if i := strings.LastIndex(req.Name, "/"); i >= 0 {
		parent = req.Name[:i]
	}
	isPool := slices.ContainsFunc(state.Pools, func(p Pool) bool { return p.Name == parent })
	i := state.dataset(parent)
	switch {
	case parent == "":
		wrong.add(schema+".name", einval, "You need a full name, e.g. pool/newdataset")
	case !datasetForm.MatchString(req.Name) || strings.Contains(req.Name, ".."):
		wrong.add(schema+".name", einval, "%q is not a name for a dataset", req.Name)
	case !isPool && i < 0:
		wrong.add(schema+".name", enoent, "Parent dataset %s does not exist", parent)
	case !isPool && state.Datasets[i].Type == "VOLUME":
		wrong.add(schema+".name", einval, "Parent %s is a zvol and cannot have datasets", parent)
	case state.dataset(req.Name) >= 0:
		wrong.add(schema+".name", eexist, "Path %s already exists", req.Name)
	}
}

// volBlockSize reads "512", "4K" … "128K" as bytes; 0 when it is none of those.
func volBlockSize(s string) int64 {
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
func (s *Server) checkVolume(state *State, d Dataset, own int64, force bool, schema string, wrong Invalid) {
	if d.VolBlockSize == 0 {
		wrong.add(schema+".volblocksize", einval, "Invalid choice: use 512, 1K, 2K, 4K, 8K, 16K, 32K, 64K or 128K")
		return
	}
	if d.VolSize <= 0 {
		wrong.add(schema+".volsize", einval, "This field is required for VOLUME")
		return
	}
	if d.VolSize%d.VolBlockSize != 0 {
		wrong.add(schema+".volsize", einval, "Volume size should be a multiple of volume block size")
	}
	available, ok := s.available(state, d.Name)
	if ok && !force && d.VolSize > (available+own)/5*4 {
		wrong.add(schema+".volsize", einval, "It is not recommended to use more than 80%% of your available space for VOLUME")
	}
}

// checkRoom refuses a zvol that reserves more than there is.
func (s *Server) checkRoom(state *State, d Dataset, own int64) error {
	available, ok := s.available(state, d.Name)
	if d.Type == "VOLUME" && !d.Sparse && ok && d.VolSize > available+own {
		return refusal(enospc, "Failed to create dataset: cannot create '%s': out of space", d.Name)
	}
	return nil
}

func (s *Server) updateDataset(r *http.Request) (any, error) {
	req := datasetRequest{VolBlockSize: "16K"}
	if err := decode(r, "pool_dataset_update", &req); err != nil {
		return nil, err
	}
	name := r.PathValue("id")
	err := s.change(func(next *State) error {
		const schema = "pool_dataset_update"
		i := next.dataset(name)
		if i < 0 {
			return missingDataset(r)
		}
		d := &next.Datasets[i]
		if req.Comments != "" {
			d.Comments = req.Comments
		}
		if req.VolSize == 0 || req.VolSize == d.VolSize {
			return nil
		}
		wrong, own := Invalid{}, s.used(*d)
		if d.Type != "VOLUME" {
			wrong.add(schema+".volsize", einval, "This field is not valid for FILESYSTEM")
			return wrong.err()
		}
		if req.VolSize < d.VolSize {
			wrong.add(schema+".volsize", einval, "You cannot shrink a zvol from GUI, this may lead to data loss.")
		}
		d.VolSize = req.VolSize
		s.checkVolume(next, *d, own, req.ForceSize, schema, wrong)
		if err := wrong.err(); err != nil {
			return err
		}
		if err := s.checkRoom(next, *d, own); err != nil {
			return err
		}
		return os.Truncate(s.zvolFile(name), d.VolSize)
	})
	if err != nil {
		return nil, err
	}
	return s.oneDataset(name), nil
}

func (s *Server) deleteDataset(r *http.Request) (any, error) {
	var req struct {
		Recursive bool `json:"recursive"`
		Force     bool `json:"force"`
	}
	if err := decode(r, "dataset_delete", &req); err != nil {
		return nil, err
	}
	name := r.PathValue("id")
	err := s.change(func(next *State) error {
		if next.dataset(name) < 0 {
			return missingDataset(r)
		}
		below := func(d Dataset) bool { return strings.HasPrefix(d.Name, name+"/") }
		if !req.Recursive && slices.ContainsFunc(next.Datasets, below) {
			return refusal(einval, "Failed to delete dataset: cannot destroy '%s': filesystem has children", name)
		}
		next.dropDatasets(func(d Dataset) bool { return d.Name == name || below(d) })
		next.dropExtents(func(e Extent) bool { return strings.HasPrefix(e.Path, "/mnt/"+name+"/") })
		return nil
	})
	if err == nil {
		err = os.RemoveAll(s.zvolFile(name))
	}
	if err == nil {
		err = os.RemoveAll(filepath.Join(s.cfg.Dir, "mnt", name))
	}
	return true, err
}

// dropDatasets removes datasets and the extents on them.
func (s *State) dropDatasets(match func(Dataset) bool) {
	for _, d := range s.Datasets {
		if match(d) {
			s.dropExtents(func(e Extent) bool { return e.Path == "zvol/"+d.Name })
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
func (s *Server) zvolFile(name string) string {
	if tgt.Check("zvol", name) != nil || strings.Contains(name, "..") {
		panic("zvol name was not checked: " + name)
	}
	return filepath.Join(s.cfg.Dir, "zvol", name)
}

// used is the room that a dataset takes of its pool, in bytes: a zvol's whole size, unless it is sparse.
func (s *Server) used(d Dataset) int64 {
	if d.Type != "VOLUME" {
		return 0
	}
	if !d.Sparse {
		return d.VolSize
	}
	return allocated(s.zvolFile(d.Name))
}

// allocated is what a sparse file takes on this machine's disk, in bytes.
func allocated(file string) int64 {
	var st syscall.Stat_t
	if syscall.Stat(file, &st) != nil {
		return 0
	}
	return st.Blocks * 512
}

func (s *Server) poolUsed(state *State, pool string) int64 {
	var used int64
	for _, d := range state.Datasets {
		if strings.HasPrefix(d.Name, pool+"/") {
			used += s.used(d)
		}
	}
	for _, e := range state.Extents {
		if strings.HasPrefix(e.Path, "/mnt/"+pool+"/") {
			used += allocated(s.backing(e))
		}
	}
	return used
}

// available is the room left in a dataset's pool, in bytes, and whether there is such a pool.
func (s *Server) available(state *State, dataset string) (int64, bool) {
	name, _, _ := strings.Cut(dataset, "/")
	for _, p := range state.Pools {
		if p.Name == name {
			return max(s.usable(p)-s.poolUsed(state, name), 0), true
		}
	}
	return 0, false
}
